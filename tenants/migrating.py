"""Migrating every schema: who is next, how it went, what is left. The states are rows, so any death can be resumed.

One run at a time: it holds a lock of the database that goes with its connection. Runs as the owner role only.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.db import OperationalError, connection, transaction

from kernel.clock import now as wall_clock
from kernel.errors import HoldfastError
from kernel.tenancy import PUBLIC, entered
from tenants.blueprints import fingerprint
from tenants.models import Tenant
from tenants.schemas import SchemaMigration

log = logging.getLogger(__name__)
State = SchemaMigration.State
PASSING = {"55P03", "40P01", "40001"}  # somebody held a lock for too long: nothing was changed
ATTEMPTS = 5
_RUN_LOCK = 0x686F6C64  # "hold", as an advisory key; nothing else in the database uses keys of two numbers


class MigrationUnderWay(HoldfastError):
    """Another process is migrating this database; it is left to it."""

    code = "migration_under_way"


@dataclass(frozen=True)
class Claimed:
    """A schema that this process migrates now."""

    schema: str
    name: str


@contextmanager
def only_run() -> Iterator[None]:
    """Hold the lock of the one run of this database. Raises `MigrationUnderWay`."""
    parameters = connection.get_connection_params()
    with psycopg.connect(**parameters, autocommit=True) as apart:  # Django's is closed after each schema
        row = apart.execute("SELECT pg_try_advisory_lock(%s, 0)", [_RUN_LOCK]).fetchone()
        if row is None or not row[0]:
            raise MigrationUnderWay("Another process is migrating this database. Wait for it.")
        yield


def plan_migration(*, again: bool = False) -> int:
    """Mark what is not yet at today's fingerprint as pending, all if `again`; return how many wait. Inside `only_run`.

    What a dead run left `running` waits again.
    """
    with entered(PUBLIC), transaction.atomic():
        schemas = set(Tenant.objects.values_list("schema_name", flat=True))
        done = SchemaMigration.objects.filter(fingerprint=fingerprint(), state=State.DONE)
        kept = set() if again else set(done.values_list("schema_name", flat=True)) & schemas
        SchemaMigration.objects.exclude(schema_name__in=kept).delete()
        SchemaMigration.objects.bulk_create(
            SchemaMigration(schema_name=schema, fingerprint=fingerprint(), changed_at=wall_clock())
            for schema in sorted(schemas - kept)
        )
    return len(schemas - kept)


def claim_next() -> Claimed | None:
    """Take the next pending schema, the platform's own first; None when all are taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tenants_schemamigration SET state = 'running', changed_at = clock_timestamp()
             WHERE schema_name = (
                   SELECT m.schema_name FROM tenants_schemamigration m JOIN tenants_tenant t USING (schema_name)
                    WHERE m.state = 'pending' ORDER BY t.id LIMIT 1 FOR UPDATE OF m SKIP LOCKED)
            RETURNING schema_name, (SELECT name FROM tenants_tenant t
                                     WHERE t.schema_name = tenants_schemamigration.schema_name)"""
        )
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def migrate_claimed(it: Claimed, migrate: Callable[[str], None]) -> str:
    """Migrate a claimed schema and keep how it ended; returns the fault in one line, "" if all is well.

    A lock that somebody held too long is waited for again, `ATTEMPTS` times in all, with growing pauses.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            migrate(it.schema)
        except OperationalError as error:
            fault = _words(error)
            if getattr(error.__cause__, "sqlstate", None) not in PASSING or attempt == ATTEMPTS:
                break
            _keep(it.schema, State.RUNNING, fault, attempt)
            time.sleep(random.uniform(0.5, 1.0) * attempt)  # noqa: S311  jitter, no secret
        except Exception as error:  # whatever a migration raises is this tenant's fault, and stops no other
            log.exception("%s (%s) was not migrated.", it.name, it.schema)
            fault = _words(error)
            break
        else:
            _keep(it.schema, State.DONE, "", attempt)
            return ""
    _keep(it.schema, State.FAILED, fault, attempt)
    return fault


def note_migrated(schema: str) -> None:
    """Keep that a schema is at today's fingerprint."""
    with entered(PUBLIC):
        SchemaMigration.objects.update_or_create(
            schema_name=schema,
            defaults={
                "fingerprint": fingerprint(), "state": State.DONE, "fault": "", "changed_at": wall_clock(),
            },
        )  # fmt: skip


def faults() -> list[tuple[str, str, str]]:
    """Return (name, schema, fault) of each tenant that could not be migrated, or whose process died."""
    with entered(PUBLIC):
        names = dict(Tenant.objects.values_list("schema_name", "name"))
        left = SchemaMigration.objects.exclude(state=State.DONE).order_by("schema_name")
        return [
            (names[each.schema_name], each.schema_name, each.fault or "Its process died; run it again.")
            for each in left
            if each.schema_name in names
        ]


def _keep(schema: str, state: State, fault: str, attempts: int) -> None:
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # where the one that failed may have stood elsewhere
    SchemaMigration.objects.filter(schema_name=schema).update(
        state=state, fault=fault, attempts=attempts, changed_at=wall_clock()
    )


def _words(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
