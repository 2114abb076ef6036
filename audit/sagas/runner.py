"""Performing a run, durably: a process may be killed between any two lines, and another goes on from there.

For every step: the intent is committed, then the action's call leaves the building outside a transaction,
then its write, the step's end and its signed entry are committed together. A worker whose lease ran out
writes nothing. A required step that fails for good turns the run to failing: in one transaction the promise is
given back (`Workflow.fail`), then what was started is undone, backwards.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Permanent, Step, StepContext, StepFailure, Transient
from audit.sagas.context import context_of
from audit.sagas.faults import Fault, report
from audit.sagas.signing import sign_step
from audit.sagas.undoing import undo_started
from audit.sagas.workflows import Workflow, workflow_named
from jobs.api import OWNER_PREFIX, Later, Lease, handles
from kernel.clock import now as wall_clock
from kernel.crashpoints import crash_point

log = logging.getLogger(__name__)


@handles(f"{OWNER_PREFIX}run")
@handles("run")
def perform_run(ref: str, lease: Lease) -> None:
    """Perform run `ref` until it ends, or until a step has to wait (raises `Later`)."""
    run = Run.objects.get(pk=int(ref))
    workflow = workflow_named(run.workflow)
    while run.state == Run.State.RUNNING:
        row = run.steps.filter(state__in=[StepRow.State.WAITING, StepRow.State.STARTED]).first()
        if row is None:
            _finish(run, lease)
            return
        _perform_step(Performing(run, workflow, row, workflow.step(row.action), lease))
        run.refresh_from_db()
    if run.state == Run.State.FAILING:
        undo_started(run, workflow, lease)


@dataclass(frozen=True)
class Performing:
    """One step being performed under a lease."""

    run: Run
    workflow: Workflow
    row: StepRow
    step: Step
    lease: Lease


def _perform_step(it: Performing) -> None:
    now = wall_clock()
    context = _intend(it, now)
    crash_point(f"{it.workflow.name}:{it.row.action}:before")
    try:
        _check_deadline(it, now)
        result = it.step.action.call(context) if it.step.action.call else {}
        crash_point(f"{it.workflow.name}:{it.row.action}:between")
        _commit_done(it, context, result)
    except StepFailure as failure:
        _after_failure(it, context, failure)
    crash_point(f"{it.workflow.name}:{it.row.action}:after")


def _intend(it: Performing, now: datetime) -> StepContext:
    """Commit that the step starts, and renew the lease; return what the action is handed."""
    row = it.row
    recovered = row.state == StepRow.State.STARTED
    with transaction.atomic():
        it.lease.renew()
        row.repeats += int(recovered)
        row.attempts += 1
        row.state = StepRow.State.STARTED
        row.started_at = row.started_at or now
        row.save(update_fields=["state", "attempts", "repeats", "started_at"])
    return context_of(it.run, row, now, recovered=recovered, alive=it.lease.renew)


def _check_deadline(it: Performing, now: datetime) -> None:
    if not it.step.required or it.workflow.deadline is None:
        return
    deadline = it.workflow.deadline(it.run.payload)
    if deadline is not None and now >= deadline:
        raise Permanent("It took longer than the slot may be held.", code="link_unverified")


def _commit_done(it: Performing, context: StepContext, result: dict[str, Any]) -> None:
    """Write what the step changes, its end and its entry in one transaction, if the lease still stands."""
    row = it.row
    with transaction.atomic():
        row.result = result
        if it.step.action.write:
            it.step.action.write(replace(context, result=result))
        it.lease.check()
        row.state, row.finished_at, row.error = StepRow.State.DONE, wall_clock(), ""
        row.save(update_fields=["state", "finished_at", "error", "result"])
        sign_step(it.run, row, it.step, outcome="done")


def _after_failure(it: Performing, context: StepContext, failure: StepFailure) -> None:
    if isinstance(failure, Transient) and it.row.attempts < it.step.attempts:
        _wait(it, failure)
    with transaction.atomic():
        it.row.error = failure.words
        if it.step.required and it.workflow.fail:
            it.workflow.fail(context, failure.code, failure.words)
        it.lease.check()
        it.row.state, it.row.finished_at = StepRow.State.FAILED, wall_clock()
        it.row.save(update_fields=["state", "finished_at", "error"])
        sign_step(it.run, it.row, it.step, outcome="failed")
        if it.step.required:
            it.run.state = Run.State.STOPPED if it.workflow.waits else Run.State.FAILING
            it.run.failure_code, it.run.failure_words = failure.code, failure.words
            it.run.save(update_fields=["state", "failure_code", "failure_words"])
        if it.run.state == Run.State.FAILING:
            it.run.steps.filter(state=StepRow.State.WAITING).update(state=StepRow.State.SKIPPED)
        report(Fault(it.run, it.row, failure.code, failure.words, context.now))
    log.warning("Run %s: %s failed for good: %s", it.run.pk, it.row.action, failure.words)


def _wait(it: Performing, failure: Transient) -> None:
    """Commit that the step waits for another try, and leave the worker free meanwhile."""
    seconds = failure.retry_after or it.step.back_off * 2 ** (it.row.attempts - 1)
    due_at = wall_clock() + timedelta(seconds=seconds)
    with transaction.atomic():
        it.lease.check()
        it.row.state, it.row.error, it.row.due_at = StepRow.State.WAITING, failure.words, due_at
        it.row.save(update_fields=["state", "error", "due_at"])
    raise Later(due_at)


def _finish(run: Run, lease: Lease) -> None:
    with transaction.atomic():
        lease.check()
        Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(
            state=Run.State.DONE, finished_at=wall_clock()
        )
