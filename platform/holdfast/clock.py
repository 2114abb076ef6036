"""The clock: deadlines, meetings that ended, checkpoints of the ledgers. `python -m holdfast.clock`

It is also the one long-running process that may hold OWNER_DATABASE_URL: a thread of its own performs the jobs
that need that role (onboarding, deletion). The clock's own chores speak as the application.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from math import ceil

from django.db import close_old_connections

from holdfast.startup import start

log = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0
ROUND_SECONDS = 60
OLD_JOBS_SECONDS = 600
TICKS_OF_A_ROUND = 40  # a round through many tenants takes so many ticks
FEW_TENANTS = 20  # who are visited in one tick


def main() -> None:
    """Tick until SIGTERM or SIGINT; several clocks may run at once, every act is a guarded update."""
    start("clock")
    from holdfast import owner_jobs
    from holdfast.loops import repeat

    owner_jobs.begin()
    repeat(Clock().tick, pause_seconds=PAUSE_SECONDS)


class Clock:
    """Remembers when each kind of work was last done, and how far its round through the tenants is.

    In a round every tenant is asked once what there is to do (kernel.chores); a tick goes on with the round by a few
    tenants, so that a thousand of them do not keep a deadline waiting.
    """

    def __init__(self) -> None:
        # the first health check waits a minute: after a start or a deploy the web processes are still coming up
        self._done_at: dict[str, float] = {
            "health": time.monotonic() + 50,
            "old jobs": time.monotonic() + 60 - OLD_JOBS_SECONDS,
        }
        self._round: deque[str] = deque()  # schemas that this round has yet to visit
        self._of_a_tick = 0
        self._oftener: defaultdict[str, set[str]] = defaultdict(set)  # chore -> schemas that said yes to it

    def tick(self) -> None:
        """Do what is due, tenant by tenant; one tenant's fault does not keep the others waiting."""
        from booking.api import schedule_looks, settle_deadlines
        from jobs.api import passed_deadlines, prune_jobs
        from kernel.chores import chores
        from kernel.clock import now

        if self._is_due("deadlines", 2):
            for schema, until in passed_deadlines().items():
                _within(schema, "deadlines", partial(settle_deadlines, until))
        if self._is_due("old jobs", OLD_JOBS_SECONDS):
            prune_jobs(now=now())
        if self._is_due("health", _between_looks()):
            schedule_looks(_schemas(kind="business"), now=now())
        for chore in chores():
            seconds = chore.between_rounds_seconds
            if seconds and self._is_due(chore.name, seconds):
                for schema in sorted(self._oftener[chore.name]):
                    _within(schema, chore.name, lambda chore=chore: chore.do(now()))  # type: ignore[misc]
        if not self._round and self._is_due("round", ROUND_SECONDS):
            self._round.extend(_schemas())
            self._of_a_tick = max(FEW_TENANTS, ceil(len(self._round) / TICKS_OF_A_ROUND))
        for _ in range(min(self._of_a_tick, len(self._round))):
            schema = self._round.popleft()
            _within(schema, "chores", partial(self._visit, schema))

    def _visit(self, schema: str) -> None:
        """Ask a tenant what there is to do, and do it; one chore's fault does not keep the others waiting."""
        from kernel.chores import chores_due
        from kernel.clock import now

        for visited in self._oftener.values():
            visited.discard(schema)
        for chore in chores_due():
            if chore.between_rounds_seconds:
                self._oftener[chore.name].add(schema)
            _within(schema, chore.name, lambda chore=chore: chore.do(now()))  # type: ignore[misc]

    def _is_due(self, work: str, seconds: float) -> bool:
        last = self._done_at.get(work)
        if last is not None and time.monotonic() - last < seconds:
            return False
        self._done_at[work] = time.monotonic()
        return True


def _schemas(**only: str) -> list[str]:
    """Return the schemas of the tenants that are ready."""
    from kernel.tenancy import PUBLIC, entered
    from tenants.api import Tenant

    with entered(PUBLIC):
        ready = Tenant.objects.filter(ready_at__isnull=False, **only).order_by("pk")
        return list(ready.values_list("schema_name", flat=True))


def _within(schema: str, work: str, do: Callable[[], object]) -> None:
    """Do something in a tenant; what goes wrong is logged, and the next round tries again."""
    from kernel.tenancy import entered

    try:
        with entered(schema):
            do()
    except Exception:
        log.exception("%s of %s failed; the next round tries again.", work, schema)
    close_old_connections()  # also lets go of a session that has visited many tenants


def _between_looks() -> float:
    """Return the seconds between two questions whether a health check is due: five in each of its slots, within
    reason."""
    from django.conf import settings

    return max(10.0, min(60.0, settings.HOLDFAST_HEALTH_SECONDS / 5))


if __name__ == "__main__":
    main()
