"""Every schema is migrated, several at once; a broken one is named and stops no other; a killed run goes on."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection

from kernel.tenancy import PUBLIC, entered
from tenants import migrating
from tenants.api import MigrationUnderWay, claim_next, migrate_claimed, only_run, plan_migration, provision
from tenants.schemas import SchemaMigration
from tests.database import FOUNDED_AT, World
from tests.running import eventually


def migrate(world: World, *arguments: str, wait: bool = True) -> Any:
    """Run the command as the operator's does, in a process of its own: (exit status, its lines)."""
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "holdfast.settings", "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": world.app_url(), "OWNER_DATABASE_URL": world.owner_url(),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "django", "migrate_all", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    if not wait:
        return process
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def schemas(world: World) -> dict[str, str]:
    with world.superuser() as raw:
        return dict(raw.execute("SELECT slug, schema_name FROM tenants_tenant ORDER BY id").fetchall())


def states(world: World) -> dict[str, str]:
    """State by slug."""
    with world.superuser() as raw:
        found = raw.execute(
            "SELECT slug, state FROM tenants_schemamigration JOIN tenants_tenant USING (schema_name)"
        )
        return dict(found.fetchall())


def tables(world: World) -> set[str]:
    """The slugs of the tenants that have their table of sessions."""
    with world.superuser() as raw:
        found = raw.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'django_session'").fetchall()
    return {slug for slug, schema in schemas(world).items() if (schema,) in found}


EVERYBODY = ("acme", "ash", "elm", "fir", "northwind", "oak", "staff")


@pytest.fixture
def yesterday(world: World) -> World:
    """Seven tenants whose last migration is not yet done: that of sessions, which nothing else stands on."""
    with world.as_owner(), entered(PUBLIC):
        for slug in ("ash", "elm", "fir", "oak"):
            provision(name=slug.title(), slug=slug, domain=f"{slug}.localhost", now=FOUNDED_AT)
    with world.superuser() as raw:
        for schema in schemas(world).values():
            raw.execute(f"DROP TABLE {schema}.django_session")  # type: ignore[arg-type]
            raw.execute(f"DELETE FROM {schema}.django_migrations WHERE app = 'sessions'")  # type: ignore[arg-type]
        raw.execute("UPDATE tenants_schemamigration SET fingerprint = 'yesterday'")
    return world


def test_all_are_migrated_with_progress_and_then_nothing_is_left_to_do(yesterday: World) -> None:
    status, said = migrate(yesterday, "--parallel", "3")
    lines = [line for line in said.splitlines() if " migrated " in line]
    assert (status, len(lines), lines[-1].endswith("(7 of 7)")) == (0, 7, True), said
    assert (tuple(sorted(tables(yesterday))), set(states(yesterday).values())) == (EVERYBODY, {"done"})
    assert migrate(yesterday) == (0, "  migrating public\n")
    status, said = migrate(yesterday, "--again")
    assert (status, said.count(" migrated ")) == (0, 7)


def test_a_broken_tenant_is_named_and_stops_no_other_and_is_done_once_mended(yesterday: World) -> None:
    schema = schemas(yesterday)["elm"]
    with yesterday.superuser() as raw:
        raw.execute(f"CREATE TABLE {schema}.django_session ()")  # type: ignore[arg-type]
    status, said = migrate(yesterday, "--parallel", "2")
    fault = 'relation "django_session" already exists'
    assert (status, said.splitlines()[-1]) == (1, f"  Elm ({schema}): {fault}")
    expected = {slug: "failed" if slug == "elm" else "done" for slug in EVERYBODY}
    assert states(yesterday) == expected
    with yesterday.superuser() as raw:
        raw.execute(f"DROP TABLE {schema}.django_session")  # type: ignore[arg-type]
    status, said = migrate(yesterday)
    assert (status, said) == (0, "  migrating public\n  migrated Elm (1 of 1)\n")


def test_a_killed_run_goes_on_where_it_was(yesterday: World) -> None:
    schema = schemas(yesterday)["elm"]
    with yesterday.superuser() as raw, raw.transaction():
        raw.execute(f"LOCK TABLE {schema}.django_migrations")  # type: ignore[arg-type]
        process = migrate(yesterday, "--parallel", "1", wait=False)
        assert eventually(lambda: states(yesterday).get("elm") == "running")
        process.kill()
        process.communicate()
        found = states(yesterday)
        assert eventually(lambda: waiting(yesterday) == 0, seconds=30)
    assert sorted(slug for slug, state in found.items() if state == "pending") == ["fir", "oak"]
    status, said = migrate(yesterday, "--parallel", "1")
    lines = [line.split("migrated ")[1] for line in said.splitlines() if " migrated " in line]
    assert (status, lines) == (0, ["Elm (1 of 3)", "Fir (2 of 3)", "Oak (3 of 3)"])
    assert tuple(sorted(tables(yesterday))) == EVERYBODY


def waiting(world: World) -> int:
    """How many of the database's sessions wait for a lock; those whose client died notice when they get it."""
    with world.superuser() as raw:
        raw.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'holdfast_owner' AND"
            " wait_event_type = 'Lock'"
        )
        found = raw.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return int(found[0])


def test_a_lock_that_somebody_holds_is_waited_for_again(
    yesterday: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    with yesterday.superuser() as holder, yesterday.as_owner(), entered(PUBLIC):
        holder.execute("BEGIN; LOCK TABLE tenants_logo")

        def migrate_it(_schema: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '20ms'")
                cursor.execute("SELECT 1 FROM tenants_logo")

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                holder.execute("ROLLBACK")

        monkeypatch.setattr(migrating.time, "sleep", pause)
        with only_run():
            plan_migration()
            claimed = claim_next()
            assert claimed is not None
            assert migrate_claimed(claimed, migrate_it) == ""
        row = SchemaMigration.objects.get(schema_name=claimed.schema)
        assert (len(pauses), row.state, row.attempts, row.fault) == (2, "done", 3, "")


def test_two_runs_at_once_are_one_and_a_refusal(world: World) -> None:
    with world.as_owner(), only_run():
        status, said = migrate(world)
        with pytest.raises(MigrationUnderWay), only_run():
            pass
    assert (status, said) == (1, "CommandError: Another process is migrating this database. Wait for it.\n")
    assert migrate(world)[0] == 0
