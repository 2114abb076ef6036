"""Undoing what was started: one code path for failing closed and for a step's Undo button."""

import logging
from datetime import timedelta

from django.db import transaction

from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Irreversible, NoEffect, Step, StepFailure, Transient, Undo
from audit.sagas.context import context_of
from audit.sagas.faults import Fault, report
from audit.sagas.signing import sign_step
from audit.sagas.workflows import Workflow
from jobs.api import Later, Lease
from kernel.clock import now as wall_clock
from kernel.crashpoints import crash_point

log = logging.getLogger(__name__)
UNDO_ATTEMPTS = 8
_STARTED = [StepRow.State.STARTED, StepRow.State.DONE, StepRow.State.FAILED, StepRow.State.UNDOING]


def undo_started(run: Run, workflow: Workflow, lease: Lease) -> None:
    """Undo every step of a failing run that may have had an effect, backwards; then the run has failed."""
    for row in run.steps.filter(state__in=_STARTED).order_by("-position"):
        undo_step_row(run, workflow, row, lease, correct=False)
    with transaction.atomic():
        lease.check()
        Run.objects.filter(pk=run.pk, state=Run.State.FAILING).update(
            state=Run.State.FAILED, finished_at=wall_clock()
        )


def undo_step_row(run: Run, workflow: Workflow, row: StepRow, lease: Lease, *, correct: bool) -> None:
    """Undo one step durably: intent, call, write and entry. `correct` also sends an irreversible's correction.

    Raises `Later` while the undo has to wait for another try; after the last one the step says undo_failed.
    """
    step = workflow.step(row.action)
    undo = step.action.undo
    if isinstance(undo, NoEffect) or (isinstance(undo, Irreversible) and not (correct and undo.correct)):
        return
    now = wall_clock()
    with transaction.atomic():
        lease.renew()
        row.state, row.undo_attempts = StepRow.State.UNDOING, row.undo_attempts + 1
        row.save(update_fields=["state", "undo_attempts"])
    context = context_of(run, row, now, recovered=row.undo_attempts > 1, alive=lease.keep)
    crash_point(f"{workflow.name}:{row.action}:undo-before")
    try:
        call = undo.call if isinstance(undo, Undo) else undo.correct
        if call:
            call(context)
        crash_point(f"{workflow.name}:{row.action}:undo-between")
        with transaction.atomic():
            if isinstance(undo, Undo) and undo.write:
                undo.write(context)
            _ended(run, row, step, lease, state=StepRow.State.UNDONE, error=_own_failure(run, row))
    except StepFailure as failure:
        _after_failure(run, row, step, lease, failure)


def _own_failure(run: Run, row: StepRow) -> str:
    """Return why the step itself failed: in a failing run the last one that was started did, for the run's reason."""
    reached = run.steps.exclude(state__in=[StepRow.State.WAITING, StepRow.State.SKIPPED])
    is_last = not reached.filter(position__gt=row.position).exists()
    return run.failure_words if is_last and run.state == Run.State.FAILING else ""


def _ended(run: Run, row: StepRow, step: Step, lease: Lease, *, state: StepRow.State, error: str) -> None:
    """In the caller's transaction: write how the undo ended, and sign it."""
    lease.check()
    row.state, row.error, row.finished_at = state, error, wall_clock()
    row.save(update_fields=["state", "error", "finished_at"])
    corrected = state == StepRow.State.UNDONE and isinstance(step.action.undo, Irreversible)
    sign_step(run, row, step, outcome="corrected" if corrected else str(state))


def _after_failure(run: Run, row: StepRow, step: Step, lease: Lease, failure: StepFailure) -> None:
    if isinstance(failure, Transient) and row.undo_attempts < UNDO_ATTEMPTS:
        with transaction.atomic():
            lease.check()
            row.error = failure.words
            row.save(update_fields=["error"])
        raise Later(wall_clock() + timedelta(seconds=failure.retry_after or min(60, 2**row.undo_attempts)))
    log.error("Run %s: undoing %s failed for good: %s", run.pk, row.action, failure.words)
    with transaction.atomic():
        _ended(run, row, step, lease, state=StepRow.State.UNDO_FAILED, error=failure.words)
        report(Fault(run, row, failure.code, failure.words, wall_clock(), undoing=True))
