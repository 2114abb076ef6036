"""Writing a job beside the fact that causes it, and handing its id to the broker after the commit."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Min
from django.db.models.functions import Now

from jobs.handover import hand_over
from jobs.models import Job
from jobs.registry import OWNER_PREFIX, needs_owner
from kernel.tenancy import current_schema


class NoTransaction(RuntimeError):
    """A job was enqueued outside a transaction: it would not live and die with its cause."""


def enqueue(kind: str, *, ref: str, now: datetime, due_at: datetime | None = None) -> Job:
    """Write a job of the current tenant, in the caller's transaction; due now unless `due_at` says later.

    After the commit a job that is due goes to the broker at once; whatever that misses, the relay finds.
    A kind that needs the owner's role never meets the broker: its process looks for it in the table.
    """
    if not connection.in_atomic_block:
        raise NoTransaction(f"enqueue({kind!r}) needs the transaction of the fact that causes it.")
    at_once = (due_at is None or due_at <= now) and not needs_owner(kind)
    job = Job.objects.create(
        schema=current_schema(),
        kind=kind,
        ref=ref,
        due_at=due_at or now,
        created_at=now,
        handed_at=now if at_once else None,  # written ahead of the fact: a failed hand-over takes it back
    )
    if at_once:
        transaction.on_commit(lambda: hand_over(job.pk), robust=True)
    return job


def unfinished(kind: str, ref: str) -> bool:
    """Say whether the current tenant has a job of this kind and ref that is not done."""
    return (
        Job.objects.filter(schema=current_schema(), kind=kind, ref=ref)
        .exclude(state__in=[Job.State.DONE, Job.State.PARKED])
        .exists()
    )


def forget_jobs(schema: str) -> int:
    """Delete every job of a tenant that is being deleted, in the caller's transaction; return how many."""
    deleted, _by_table = Job.objects.filter(schema=schema).delete()
    return deleted


def owner_job_waits_since() -> datetime | None:
    """Return since when the oldest due job waits for a process with the owner's role; None if none waits."""
    waiting = Job.objects.filter(kind__startswith=OWNER_PREFIX, state=Job.State.QUEUED, due_at__lte=Now())
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def oldest_due_jobs() -> dict[str, datetime]:
    """Return by schema since when its oldest due job waits. One query."""
    waiting = Job.objects.filter(state=Job.State.QUEUED, due_at__lte=Now()).order_by()
    return dict(waiting.values_list("schema").annotate(since=Min("due_at")))
