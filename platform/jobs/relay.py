"""The relay: hands on every due job that the direct way missed, and every job whose worker died."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.broker import waiting_ids
from jobs.handover import REHAND_AFTER, send
from jobs.models import Job
from jobs.perform import perform
from jobs.registry import OWNER_PREFIX
from kernel.tenancy import PUBLIC, entered

log = logging.getLogger(__name__)
BATCH = 100
KEPT_DONE = timedelta(days=7)
PRUNED_AT_ONCE = 5000


def relay_once() -> int:
    """Hand on up to `BATCH` jobs that are due; return how many went. Several relays may run at once.

    A job counts as missed when it is due and was not handed on since; a job whose lease ran out is handed on again
    (its worker was killed). One that was handed on 10 s ago and still waits may have been lost by the broker: it goes
    again unless the broker holds many ids, for then it waits its turn. They are marked as handed on first and sent
    after that commit, so a slow broker keeps no row locked; what it did not take is unmarked, and what a
    killed relay did not send is missed again after 10 s.
    """
    ids = _mark_handed(again=_few_wait())
    for sent, job_id in enumerate(ids):
        if not send(job_id):
            Job.objects.filter(pk__in=ids[sent:]).update(handed_at=None)
            return sent
    return len(ids)


def _few_wait() -> bool:
    """Say whether the broker holds few ids. True in doubt: handed on twice is performed once, lost is not."""
    try:
        return waiting_ids() < BATCH
    except Exception as error:  # every broker library has its own tree of connection errors
        log.warning("The broker does not say how many ids it holds (%s).", error)
        return True


def _mark_handed(*, again: bool) -> list[int]:
    with transaction.atomic():
        ids = list(
            Job.objects.select_for_update(skip_locked=True)
            .filter(_missed(again=again), ~Q(kind__startswith=OWNER_PREFIX))  # those, no worker may perform
            .order_by("due_at")
            .values_list("pk", flat=True)[:BATCH]
        )
        Job.objects.filter(pk__in=ids).update(handed_at=Now())
    return ids


def _missed(*, again: bool) -> Q:
    queued = Q(handed_at=None) | Q(handed_at__lt=F("due_at"))
    orphaned = Q(handed_at=None) | Q(handed_at__lt=F("leased_until"))
    if again:
        long_ago = Q(handed_at__lt=Now() - REHAND_AFTER)
        queued, orphaned = queued | long_ago, orphaned | long_ago
    return _due(queued=queued, orphaned=orphaned)


def _due(*, queued: Q | None = None, orphaned: Q | None = None) -> Q:
    """Return what is due, queued or of a lease that ran out, each with its condition. `due_at` bounds both, so that the
    index leaves out all that lies ahead (a reminder of each booking)."""
    is_queued = Q(state=Job.State.QUEUED) & (queued or Q())
    is_orphaned = Q(state=Job.State.LEASED, leased_until__lt=Now()) & (orphaned or Q())
    return Q(due_at__lte=Now()) & (is_queued | is_orphaned)


def prune_jobs(*, now: datetime) -> int:
    """Delete the jobs that were done a week ago, some thousands a statement; return how many."""
    old = Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - KEPT_DONE).order_by("pk")
    pruned = 0
    with entered(PUBLIC):
        while ids := list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE]):
            pruned += Job.objects.filter(pk__in=ids).delete()[0]
    return pruned


def perform_owner_jobs(*, limit: int = 100) -> int:
    """Perform every due job that needs the owner's role, which this thread must speak as; return how many."""
    return drain(limit=limit, as_owner=True)


def drain(*, limit: int = 1000, as_owner: bool = False) -> int:
    """Perform every due job in this process, without a broker; return how many ran (tests, small tools).

    Those that need the owner's database role are left alone, unless `as_owner`: then only those run.
    """
    ran = 0
    due = _due() & (Q(kind__startswith=OWNER_PREFIX) if as_owner else ~Q(kind__startswith=OWNER_PREFIX))
    while ran < limit:
        with entered(PUBLIC):
            ids = list(Job.objects.filter(due).order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH])
        done = sum(perform(job_id, as_owner=as_owner) for job_id in ids)
        if not done:
            return ran
        ran += done
    raise RuntimeError(f"drain() ran {limit} jobs and there were still more.")
