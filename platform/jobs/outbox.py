"""Writing a job beside the fact that causes it, and handing its id to the broker after the commit."""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Min
from django.db.models.functions import Now

from jobs.deadlines import forget_deadlines
from jobs.handover import hand_over
from jobs.models import Job
from jobs.registry import OWNER_PREFIX, needs_owner
from kernel.tenancy import current_schema


class NoTransaction(RuntimeError):
    """A job was enqueued outside a transaction: it would not live and die with its cause."""


def enqueue(kind: str, *, ref: str, now: datetime, due_at: datetime | None = None) -> int:
    """Write a job of the current tenant, in the caller's transaction; return its id. Due now unless `due_at` is later.

    After the commit a job that is due goes to the broker at once; whatever that misses, the relay finds.
    A kind that needs the owner's role never meets the broker: its process looks for it in the table.
    """
    _check_transaction(kind)
    at_once = (due_at is None or due_at <= now) and not needs_owner(kind)
    schema, due_at = current_schema(), due_at or now
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.enqueue_v1(%s, %s, %s, %s, %s, %s)", [schema, kind, ref, due_at, now, at_once]
        )
        (job_id,) = cursor.fetchone()
    if at_once:
        _hand_over_later(job_id)
    return int(job_id)


def enqueue_beside(kind: str) -> tuple[dict[str, object], Callable[[int], None]]:
    """Return what an SQL function passes on to `enqueue_v1` for a job that is due now (schema, kind, at_once), and
    what to call with the id that it wrote: for who writes a job and its cause in one statement."""
    _check_transaction(kind)
    at_once = not needs_owner(kind)
    values: dict[str, object] = {"schema": current_schema(), "kind": kind, "at_once": at_once}
    return values, _hand_over_later if at_once else _left_alone


def _check_transaction(kind: str) -> None:
    if not connection.in_atomic_block:
        raise NoTransaction(f"A job of kind {kind!r} needs the transaction of the fact that causes it.")


def _hand_over_later(job_id: int) -> None:
    transaction.on_commit(lambda: hand_over(job_id), robust=True)


def _left_alone(_job_id: int) -> None:
    """The process with the owner's role looks for its jobs in the table."""


def unfinished(kind: str, ref: str) -> bool:
    """Say whether the current tenant has a job of this kind and ref that is not done."""
    return (
        Job.objects.filter(schema=current_schema(), kind=kind, ref=ref)
        .exclude(state__in=[Job.State.DONE, Job.State.PARKED])
        .exists()
    )


def forget_jobs(schema: str) -> int:
    """Delete every job and deadline of a tenant that is being deleted, in the caller's transaction; return how many
    jobs."""
    forget_deadlines(schema)
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
