"""Who performs which kind of job; higher rooms register themselves by name at start-up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.functions import Now

from jobs.models import Job


class LeaseLost(RuntimeError):
    """Another worker has this job now (our lease ran out); what we hold must not be written."""


@dataclass(frozen=True)
class Lease:
    """A worker's claim on a job: `token` fences writes, `seconds` is how long a renewal lasts."""

    job_id: int
    token: UUID
    seconds: int

    def renew(self) -> None:
        """Hold the job for another `seconds`, by the database's clock; raises `LeaseLost`."""
        held = Job.objects.filter(pk=self.job_id, lease=self.token, state=Job.State.LEASED)
        if not held.update(leased_until=Now() + timedelta(seconds=self.seconds)):
            raise LeaseLost(f"job {self.job_id}")

    def check(self) -> None:
        """Raise `LeaseLost` unless this claim still stands; locks the job row for the transaction."""
        if (
            not Job.objects.select_for_update()
            .filter(pk=self.job_id, lease=self.token, state=Job.State.LEASED)
            .exists()
        ):
            raise LeaseLost(f"job {self.job_id}")


class Later(Exception):
    """A handler's way of saying: not now, call me again at `due_at` (aware, UTC)."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"again at {due_at:%H:%M:%S}")
        self.due_at = due_at


OWNER_PREFIX = "owner:"
"""Kinds that start so need the owner's database role: only the process that holds its address performs them."""

Handler = Callable[[str, Lease], None]
_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that performs jobs of `kind`; it gets the ref and the lease."""

    def register(handler: Handler) -> Handler:
        if kind in _handlers and _handlers[kind] is not handler:
            raise RuntimeError(f"Two handlers for jobs of kind {kind!r}.")
        _handlers[kind] = handler
        return handler

    return register


def needs_owner(kind: str) -> bool:
    """Say whether jobs of this kind need the owner's database role."""
    return kind.startswith(OWNER_PREFIX)


def handler_of(kind: str) -> Handler | None:
    """Return the registered handler, or None for a kind of another version."""
    return _handlers.get(kind)
