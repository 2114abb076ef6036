"""The relay: hands on every due job that the direct way missed, and every job whose worker died."""

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.handover import REHAND_AFTER, send
from jobs.models import Job
from jobs.perform import perform
from jobs.registry import OWNER_PREFIX
from kernel.tenancy import PUBLIC, entered

BATCH = 100


def relay_once() -> int:
    """Hand on up to `BATCH` jobs that are due; return how many went. Several relays may run at once.

    A job counts as missed when it is due and was not handed on since, or 10 s ago and still waits; a job
    whose lease ran out is handed on again (its worker was killed). They are marked as handed on first and sent
    after that commit, so a slow broker keeps no row locked; what it did not take is unmarked, and what a
    killed relay did not send is missed again after 10 s.
    """
    ids = _mark_handed()
    for sent, job_id in enumerate(ids):
        if not send(job_id):
            Job.objects.filter(pk__in=ids[sent:]).update(handed_at=None)
            return sent
    return len(ids)


def _mark_handed() -> list[int]:
    with transaction.atomic():
        ids = list(
            Job.objects.select_for_update(skip_locked=True)
            .filter(_missed(), ~Q(kind__startswith=OWNER_PREFIX))  # those, no worker may perform
            .order_by("due_at")
            .values_list("pk", flat=True)[:BATCH]
        )
        Job.objects.filter(pk__in=ids).update(handed_at=Now())
    return ids


def _missed() -> Q:
    long_ago = Now() - REHAND_AFTER
    queued = Q(state=Job.State.QUEUED, due_at__lte=Now()) & (
        Q(handed_at=None) | Q(handed_at__lt=F("due_at")) | Q(handed_at__lt=long_ago)
    )
    orphaned = Q(state=Job.State.LEASED, leased_until__lt=Now()) & (
        Q(handed_at=None) | Q(handed_at__lt=F("leased_until")) | Q(handed_at__lt=long_ago)
    )
    return queued | orphaned


def perform_owner_jobs(*, limit: int = 100) -> int:
    """Perform every due job that needs the owner's role, which this thread must speak as; return how many."""
    return drain(limit=limit, as_owner=True)


def drain(*, limit: int = 1000, as_owner: bool = False) -> int:
    """Perform every due job in this process, without a broker; return how many ran (tests, small tools).

    Those that need the owner's database role are left alone, unless `as_owner`: then only those run.
    """
    ran = 0
    due = Q(state=Job.State.QUEUED, due_at__lte=Now()) | Q(state=Job.State.LEASED, leased_until__lt=Now())
    due &= Q(kind__startswith=OWNER_PREFIX) if as_owner else ~Q(kind__startswith=OWNER_PREFIX)
    while ran < limit:
        with entered(PUBLIC):
            ids = list(Job.objects.filter(due).order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH])
        done = sum(perform(job_id, as_owner=as_owner) for job_id in ids)
        if not done:
            return ran
        ran += done
    raise RuntimeError(f"drain() ran {limit} jobs and there were still more.")
