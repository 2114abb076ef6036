"""A schema made from the blueprint is the one that migrating makes: catalogs, privileges and rows, letter by letter."""

import re
import subprocess

import psycopg
import pytest
from django.db import connection

from kernel.ids import new_schema_name
from kernel.tenancy import PUBLIC, entered
from tenants import blueprints, privileges, provisioning
from tenants.api import ContentionTest, delete_tenant, migrate_tenant, provision
from tenants.schemas import Blueprint, SchemaMigration
from tests.database import FOUNDED_AT, World

APPLIED = re.compile(r"(INSERT INTO \S+django_migrations VALUES \(\d+, '[^']+', '[^']+', )'[^']+'")
STAMP = re.compile(
    r"(['\"])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\1"
)  # random in each schema, as it must be
RESTRICT = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)


def dumped(world: World, schema: str) -> str:
    """Everything that pg_dump knows of the schema; the clock and what is random are taken out."""
    command = [world.server.binaries / "pg_dump", "--schema", schema, "--inserts", world.superuser_url()]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return STAMP.sub("'random'", RESTRICT.sub("", APPLIED.sub(r"\1'then'", text)))


def drop(schema: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')


def test_both_ways_to_a_schema_make_the_same_one(world: World) -> None:
    schema = new_schema_name()
    with world.as_owner(), entered(PUBLIC):
        provisioning._migrate(schema)
        privileges.grant_application(schema)
        migrated = dumped(world, schema)
        drop(schema)
        migrate_tenant(schema)
    built = dumped(world, schema)
    assert "booking_occupancy_no_overlap" in built
    assert built == migrated


def test_one_blueprint_is_kept_and_a_changed_migration_makes_it_worthless(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def migrate(schema: str) -> None:
        asked.append(schema)
        provisioning._migrate(schema)

    with world.as_owner(), entered(PUBLIC):
        blueprints.build_schema(new_schema_name(), migrate)
        assert asked == []  # the template's three tenants were made from it
        monkeypatch.setattr(blueprints, "fingerprint", lambda: "another")
        blueprints.build_schema(new_schema_name(), migrate)
        blueprints.build_schema(new_schema_name(), migrate)
        assert list(Blueprint.objects.values_list("fingerprint", flat=True)) == ["another"]
    with world.superuser() as raw:
        found = raw.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [asked]).fetchall()
    assert (len(asked), found) == (1, [])  # the schema that it was recorded in is gone


def test_a_schema_is_there_whole_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = new_schema_name()
    with world.as_owner(), entered(PUBLIC):
        Blueprint.objects.update(script="CREATE TABLE one (); CREATE TABLE two (); SELECT 1/0")
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate_tenant(schema)
    with world.superuser() as raw:
        assert raw.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone() is None


def test_a_migration_that_names_its_schema_makes_no_blueprint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def migrate(schema: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {schema}")
            cursor.execute(f"CREATE TABLE {schema}.mine ()")

    monkeypatch.setattr(blueprints, "fingerprint", lambda: "another")
    with world.as_owner(), entered(PUBLIC), pytest.raises(RuntimeError, match="current_schema"):
        blueprints.draw_blueprint(migrate)


@pytest.mark.parametrize("table", ["tenants_blueprint", "tenants_schemamigration"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM {}",
        "DELETE FROM {}",
        "UPDATE {} SET fingerprint = 'x'",
        "INSERT INTO {} DEFAULT VALUES",
    ],
)
def test_the_application_neither_reads_nor_writes_what_the_owner_will_run(
    lasting_world: World, table: str, statement: str
) -> None:
    with lasting_world.app() as raw, pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw.execute(statement.format(table))


def test_a_tenant_that_goes_takes_its_state_and_its_contention_tests_with_it(world: World) -> None:
    with world.as_owner(), entered(PUBLIC):
        oak = provision(name="Oak", slug="oak", domain="oak.localhost", sandbox=True, now=FOUNDED_AT)
        ContentionTest.objects.create(tenant=oak, scenario="same_slot", clients=2, asked_at=FOUNDED_AT)
        assert SchemaMigration.objects.get(schema_name=oak.schema_name).state == "done"
        delete_tenant(oak)
        assert not SchemaMigration.objects.filter(schema_name=oak.schema_name).exists()
