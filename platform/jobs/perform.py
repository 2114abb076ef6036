"""Performing one job: claim it by a lease, enter its tenant, call its handler, write how it ended."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from jobs.models import Job
from jobs.registry import Later, Lease, LeaseLost, handler_of
from kernel.tenancy import PUBLIC, entered

log = logging.getLogger(__name__)
PARK_AFTER_ATTEMPTS = 20


@dataclass(frozen=True)
class Claimed:
    """A job that is ours for now: whose, of which kind, about what; `attempts` counts this one."""

    schema: str
    kind: str
    ref: str
    attempts: int


def perform(job_id: int, *, as_owner: bool = False) -> bool:
    """Perform a job if it is due and nobody else holds it; say whether it was ours.

    Delivered twice, late, or after another worker took it: the claim fails and nothing happens. Jobs that need
    the owner's database role are claimed with `as_owner` only, the others without it only.
    """
    lease = Lease(job_id=job_id, token=uuid4(), seconds=settings.HOLDFAST_LEASE_SECONDS)
    job = _claimed(lease, as_owner=as_owner)
    if job is None:
        return False
    try:
        _run(job, lease)
    except Later as later:
        waited = F("attempts") - 1  # waiting is no failure: it must not use up the attempts before parking
        _finish(lease, state=Job.State.QUEUED, due_at=later.due_at, handed_at=None, attempts=waited)
    except LeaseLost:
        log.warning("Job %s was taken over by another worker; this one stops.", job_id)
    except Exception as error:
        log.exception("Job %s (%s %s) failed", job_id, job.kind, job.ref)
        _give_back(job, lease, error)
    else:
        if not lease.is_over:
            _done(lease)
    return True


def _run(job: Claimed, lease: Lease) -> None:
    handler = handler_of(job.kind)
    if handler is None:
        raise RuntimeError(f"Nothing here performs jobs of kind {job.kind!r}.")
    with entered(job.schema):
        handler(job.ref, lease)
    if connection.in_atomic_block:
        raise RuntimeError(f"{job.kind} left a transaction open.")


def _claimed(lease: Lease, *, as_owner: bool) -> Claimed | None:
    """Take the lease with one guarded update, by the database's clock."""
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema, kind, ref, attempts FROM claim_v1(%s, %s, %s, %s)",
            [lease.job_id, lease.token, lease.seconds, as_owner],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    lease.was_renewed()
    return Claimed(*row)


def _give_back(job: Claimed, lease: Lease, error: Exception) -> None:
    """Queue it again with back-off (2, 4, 8 … 300 s), or park it where people see it."""
    words = f"{type(error).__name__}: {error}"[:2000]
    if job.attempts >= PARK_AFTER_ATTEMPTS:
        _finish(lease, state=Job.State.PARKED, last_error=words)
        return
    wait = timedelta(seconds=min(300, 2**job.attempts))
    _finish(lease, state=Job.State.QUEUED, due_at=Now() + wait, handed_at=None, last_error=words)


def _done(lease: Lease) -> None:
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute("SELECT done_v1(%s, %s)", [lease.job_id, lease.token])
        if not cursor.fetchone()[0]:
            _say_gone(lease)


def _finish(lease: Lease, **changes: object) -> None:
    """Write the end of this claim, unless the claim is no longer ours."""
    with entered(PUBLIC):
        held = Job.objects.filter(pk=lease.job_id, lease=lease.token)
        if not held.update(lease=None, leased_until=None, **changes):
            _say_gone(lease)


def _say_gone(lease: Lease) -> None:
    log.warning("Job %s ended after its lease was gone; its end was not written.", lease.job_id)
