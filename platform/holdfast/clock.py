"""The clock: deadlines, meetings that ended, checkpoints of the ledgers. `python -m holdfast.clock`

It is also the one long-running process that may hold OWNER_DATABASE_URL: a thread of its own performs the jobs
that need that role (onboarding, deletion). The clock's own chores speak as the application.
"""

import logging
import time
from collections.abc import Callable
from functools import partial

from holdfast.startup import start

log = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0


def main() -> None:
    """Tick until SIGTERM or SIGINT; several clocks may run at once, every act is a guarded update."""
    start("clock")
    from holdfast import owner_jobs
    from holdfast.loops import repeat

    owner_jobs.begin()
    repeat(Clock().tick, pause_seconds=PAUSE_SECONDS)


class Clock:
    """Remembers when each chore was last done."""

    def __init__(self) -> None:
        # the first health check waits a minute: after a start or a deploy the web processes are still coming up
        self._done_at: dict[str, float] = {"health": time.monotonic() + 50}

    def tick(self) -> None:
        """Do what is due, tenant by tenant; one tenant's fault does not keep the others waiting."""
        from audit.api import write_checkpoints
        from booking.api import complete_ended, expire_due, schedule_look, settle_deadlines
        from jobs.api import passed_deadlines
        from kernel.clock import now
        from providers.api import poll_calendars, prune_rooms, renew_channels, renew_tokens

        if self._is_due("deadlines", 2):
            for schema, until in passed_deadlines().items():
                self._in_each_tenant("deadlines", partial(settle_deadlines, until), schema_name=schema)
        # a backup that was restored, a tenant that was not ready: what the table does not know
        if self._is_due("every deadline", 60):
            self._in_each_tenant("deadlines", lambda: expire_due())
        if self._is_due("ended", 60):
            self._in_each_tenant("ended meetings", lambda: complete_ended(now=now()))
        if self._is_due("health", _between_looks()):
            self._in_each_tenant("health check", lambda: schedule_look(now=now()))
        if self._is_due("rooms", 60):
            self._in_each_tenant("rooms", lambda: prune_rooms(now=now()))
        if self._is_due("tokens", 60):
            self._in_each_tenant("tokens", lambda: renew_tokens())
        if self._is_due("calendars", 15):
            self._in_each_tenant("calendars", lambda: poll_calendars(now=now()))
        if self._is_due("channels", 60):
            self._in_each_tenant("channels", lambda: renew_channels(now=now()))
        if self._is_due("checkpoints", 60):
            write_checkpoints(now())

    def _is_due(self, chore: str, seconds: float) -> bool:
        last = self._done_at.get(chore)
        if last is not None and time.monotonic() - last < seconds:
            return False
        self._done_at[chore] = time.monotonic()
        return True

    def _in_each_tenant(self, chore: str, do: Callable[[], object], **only: str) -> None:
        from kernel.tenancy import entered
        from tenants.api import Tenant

        for tenant in Tenant.objects.filter(ready_at__isnull=False, kind="business", **only).order_by("pk"):
            try:
                with entered(tenant.schema_name):
                    do()
            except Exception:
                log.exception("%s of %s failed; the next tick tries again.", chore, tenant.slug)


def _between_looks() -> float:
    """Return the seconds between two questions whether a health check is due: five in each of its slots, within
    reason."""
    from django.conf import settings

    return max(10.0, min(60.0, settings.HOLDFAST_HEALTH_SECONDS / 5))


if __name__ == "__main__":
    main()
