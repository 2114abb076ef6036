"""Performing one job: claim it by a lease, enter its tenant, call its handler, write how it ended."""

import logging
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.models import Job
from jobs.registry import OWNER_PREFIX, Later, Lease, LeaseLost, handler_of
from kernel.tenancy import PUBLIC, entered

log = logging.getLogger(__name__)
PARK_AFTER_ATTEMPTS = 20


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
        _finish(lease, state=Job.State.DONE, finished_at=Now())
    return True


def _run(job: Job, lease: Lease) -> None:
    handler = handler_of(job.kind)
    if handler is None:
        raise RuntimeError(f"Nothing here performs jobs of kind {job.kind!r}.")
    with entered(job.schema):
        handler(job.ref, lease)
    if connection.in_atomic_block:
        raise RuntimeError(f"{job.kind} left a transaction open.")


def _claimed(lease: Lease, *, as_owner: bool) -> Job | None:
    """Take the lease with one guarded update, by the database's clock."""
    with entered(PUBLIC):
        free = Q(state=Job.State.QUEUED, due_at__lte=Now()) | Q(
            state=Job.State.LEASED, leased_until__lt=Now()
        )
        free &= Q(kind__startswith=OWNER_PREFIX) if as_owner else ~Q(kind__startswith=OWNER_PREFIX)
        taken = Job.objects.filter(free, pk=lease.job_id).update(
            state=Job.State.LEASED,
            lease=lease.token,
            leased_until=Now() + timedelta(seconds=lease.seconds),
            attempts=F("attempts") + 1,
        )
        return Job.objects.get(pk=lease.job_id) if taken else None


def _give_back(job: Job, lease: Lease, error: Exception) -> None:
    """Queue it again with back-off (2, 4, 8 … 300 s), or park it where people see it."""
    words = f"{type(error).__name__}: {error}"[:2000]
    if job.attempts >= PARK_AFTER_ATTEMPTS:
        _finish(lease, state=Job.State.PARKED, last_error=words)
        return
    wait = timedelta(seconds=min(300, 2**job.attempts))
    _finish(lease, state=Job.State.QUEUED, due_at=Now() + wait, handed_at=None, last_error=words)


def _finish(lease: Lease, **changes: object) -> None:
    """Write the end of this claim, unless the claim is no longer ours."""
    with entered(PUBLIC):
        held = Job.objects.filter(pk=lease.job_id, lease=lease.token)
        if not held.update(lease=None, leased_until=None, **changes):
            log.warning("Job %s ended after its lease was gone; its end was not written.", lease.job_id)
