"""One drill: dump a snapshot of the running database, restore it beside, verify and compare, and clean up.

The source is read in one snapshot that pg_dump shares, so the comparison is exact however busy the system is.
The ledgers are verified against the checkpoints as they were just before: later ones know later entries.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from holdfast.drill.contents import Contents, contents, differences
from holdfast.embedded.postgres_user import installed_binaries
from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation
from holdfast.processes.management import run_management
from kernel.postgres.pooling import libpq_url

Say = Callable[[str], None]


@dataclass
class Findings:
    """What the drill found wrong; nothing, if it passed."""

    faults: list[str] = field(default_factory=list)


def rehearse(installation: Installation, *, say: Say, keep: Path | None = None) -> Findings:
    """Restore a copy of the installation's database and prove it; the source is only read.

    `keep` names a file for the dump. Raises `StartRefused` if the copy cannot be made at all.
    """
    url = libpq_url(installation.superuser_database_url or installation.owner_database_url)
    if not url:
        raise StartRefused("OWNER_DATABASE_URL is not set, and the drill restores a copy of the database.")
    findings = Findings()
    with _folder() as folder:
        checkpoints = _copied_checkpoints(installation, folder)
        dump = keep or folder / "drill.dump"
        source = _dumped(url, dump)
        say(f"dumped       {source.rows} rows of {len(source.tables)} tables, {dump.stat().st_size:,} bytes")
        with _scratch_database(url, installation) as copy_url:
            _restore(copy_url, dump)
            say("restored     into a database beside it")
            _compare(copy_url, source, findings, say)
            _try_overlaps(copy_url, findings, say)
            _verify(installation, copy_url, checkpoints, findings)
    return findings


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="holdfast-drill-") as name:
        yield Path(name)


def _copied_checkpoints(installation: Installation, folder: Path) -> Path:
    kept = Path(os.environ.get("HOLDFAST_CHECKPOINTS") or installation.data / "checkpoints")
    copied = folder / "checkpoints"
    if kept.exists():
        shutil.copytree(kept, copied)
    else:
        copied.mkdir()
    return copied


def _dumped(url: str, dump: Path) -> Contents:
    """Dump the database and read its contents, both in one snapshot."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert found is not None
        with open(os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            _run(
                "pg_dump",
                "--format=custom",
                "--compress=0",
                f"--snapshot={found[0]}",
                url,
                output=file.fileno(),
            )
        return contents(connection)


@contextmanager
def _scratch_database(url: str, installation: Installation) -> Iterator[str]:
    """Yield the address of an empty database on the same server; it is dropped at the end."""
    name = f"holdfast_drill_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        try:
            server.execute(create)
        except psycopg.errors.InsufficientPrivilege as error:
            raise StartRefused(
                "The owner's role may not create a database for the copy: ALTER ROLE … CREATEDB, or drill elsewhere."
            ) from error
        try:
            role = sql.Identifier(urlsplit(installation.database_url).username or "holdfast_app")
            server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), role))
            yield _with_database(url, name)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _restore(copy_url: str, dump: Path) -> None:
    _run("pg_restore", "--exit-on-error", "--dbname", copy_url, dump)


def _compare(copy_url: str, source: Contents, findings: Findings, say: Say) -> None:
    with psycopg.connect(copy_url) as connection:
        connection.read_only = True
        found = differences(source, contents(connection))
    findings.faults.extend(found)
    rules = len(source.rules)
    say(f"{_word(found)} every row, {rules} constraints, triggers, functions and grants compared")


def _try_overlaps(copy_url: str, findings: Findings, say: Say) -> None:
    """Write an existing blocked time once more in every tenant's copy; the guard must refuse each."""
    tried, missing = 0, []
    with psycopg.connect(copy_url) as connection:
        found = connection.execute("SELECT schema_name FROM public.tenants_tenant WHERE kind = 'business'")
        for (schema,) in found.fetchall():
            table = sql.Identifier(schema, "booking_occupancy")
            again = sql.SQL(
                "INSERT INTO {0} (resource_id, meeting_id, blocked)"
                " SELECT resource_id, meeting_id, blocked FROM {0} WHERE retired_at IS NULL LIMIT 1"
            ).format(table)
            try:
                with connection.transaction(force_rollback=True):
                    if connection.execute(again).rowcount:
                        missing.append(f"the copy of {schema} took a double-booking")
            except psycopg.errors.ExclusionViolation:
                tried += 1
    findings.faults.extend(missing)
    say(f"{_word(missing)} the guard refused {tried} double-bookings (businesses with a live booking)")


def _verify(installation: Installation, copy_url: str, checkpoints: Path, findings: Findings) -> None:
    name = urlsplit(copy_url).path.lstrip("/")
    changes = {
        "DATABASE_URL": _with_database(installation.database_url, name),
        "HOLDFAST_CHECKPOINTS": str(checkpoints),
    }
    status = run_management(installation, "verify_ledger", as_owner=False, changes=changes)
    if status != 0:
        findings.faults.append("a ledger of the copy does not verify (its line stands above)")


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _word(faults: list[str]) -> str:
    return "DIFFERENT   " if faults else "ok          "


def _run(program: str, *arguments: str | Path, output: int | None = None) -> None:
    """Run one of PostgreSQL's programs; raises `StartRefused` with its first line if it fails."""
    command = [installed_binaries() / program, *arguments]
    done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise StartRefused(f"{program} failed: {lines[0]}")
