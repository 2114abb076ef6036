"""Who performs which kind of job; higher rooms register themselves by name at start-up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from jobs.models import Job


class LeaseLost(RuntimeError):
    """Another worker has this job now (our lease ran out); what we hold must not be written."""


@dataclass
class Lease:
    """A worker's claim on a job: `token` fences writes, `seconds` is how long a renewal lasts; `is_over` once the
    handler has written that the job is done."""

    job_id: int
    token: UUID
    seconds: int
    renewed_at: float = field(default_factory=time.monotonic)
    is_over: bool = False

    def renew(self) -> None:
        """Hold the job for another `seconds`, by the database's clock; raises `LeaseLost`."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT public.renew_v1(%s, %s, %s)", [self.job_id, self.token, self.seconds])
            (held,) = cursor.fetchone()
        if not held:
            raise LeaseLost(f"job {self.job_id}")
        self.was_renewed()

    def keep(self) -> None:
        """Renew it once a quarter of its time has passed since the last renewal: for work that goes on and on."""
        if time.monotonic() - self.renewed_at > self.seconds / 4:
            self.renew()

    def was_renewed(self) -> None:
        """Note that a statement of the caller's has renewed it."""
        self.renewed_at = time.monotonic()

    def has_ended(self) -> None:
        """Note that a transaction of the handler's, now committed, has written with its work that the job is done."""
        self.is_over = True

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
