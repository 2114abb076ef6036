"""All schemas at once: as many processes as the machine has cores, each taking the next one that waits."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized

from django.conf import settings
from django.db import connection

from holdfast.processes.leash import leash
from kernel.postgres.role import speak_as
from tenants.api import (
    claim_next,
    faults,
    migrate_claimed,
    migrate_public,
    migrate_tenant,
    only_run,
    plan_migration,
    prepare_blueprint,
)

LIMITS = "-c lock_timeout=10000"
Say = Callable[[str], None]


def migrate_all(*, say: Say, processes: int, again: bool = False) -> list[tuple[str, str, str]]:
    """Migrate the public schema, then every tenant's that is not up to date; as the owner role.

    Returns (name, schema, fault) of those that could not be migrated: one that is broken does not stop the rest.
    What an earlier run finished is not done again, unless `again`. Raises `MigrationUnderWay`.
    """
    with only_run():
        say("  migrating public")
        migrate_public()
        waiting = plan_migration(again=again)
        if waiting:
            prepare_blueprint()
            _share(waiting, min(processes, waiting))
    return faults()


def _share(waiting: int, processes: int) -> None:
    """Let so many processes work until nothing waits; this one keeps its connection, which holds the run's lock."""
    context = multiprocessing.get_context("fork")
    counter: Synchronized[int] = context.Value("i", 0)
    tie = leash(signal.SIGKILL)
    workers = [context.Process(target=_work, args=(tie, counter, waiting)) for _ in range(processes)]
    sys.stdout.flush()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _work(tie: Callable[[], None], counter: "Synchronized[int]", waiting: int) -> None:
    tie()
    connection.connection = None  # the parent's, which must neither be used nor closed from here
    speak_as(settings.OWNER_DATABASE_URL, limits=LIMITS)
    while (claimed := claim_next()) is not None:
        fault = migrate_claimed(claimed, migrate_tenant)
        with counter.get_lock():
            counter.value += 1
            words = f"FAILED: {fault}" if fault else "migrated"
            os.write(1, f"  {words} {claimed.name} ({counter.value} of {waiting})\n".encode())
    connection.close()
