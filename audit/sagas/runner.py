"""Performing a run, durably: a process may be killed between any two lines, and another goes on from there.

For every step: the intent is committed, then the action's call leaves the building outside a transaction,
then its write, the step's end, its signed entry and the intent of the next step are committed together. A worker
whose lease ran out writes nothing. A required step that fails for good turns the run to failing: in one
transaction the promise is given back (`Workflow.fail`), then what was started is undone, backwards. Where the
run has an alternative to that step (audit.sagas.branches), it goes on there instead.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection, transaction

from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Permanent, Step, StepContext, StepFailure, Transient
from audit.sagas.branches import after, has_alternative
from audit.sagas.context import context_of
from audit.sagas.faults import Fault, report
from audit.sagas.signing import sign_step
from audit.sagas.undoing import undo_started
from audit.sagas.workflows import Workflow, workflow_named
from jobs.api import OWNER_PREFIX, Later, Lease, LeaseLost, handles
from kernel.clock import now as wall_clock
from kernel.crashpoints import crash_point
from kernel.rows import from_row

log = logging.getLogger(__name__)


@handles(f"{OWNER_PREFIX}run")
@handles("run")
def perform_run(ref: str, lease: Lease) -> None:
    """Perform run `ref` until it ends, or until a step has to wait (raises `Later`)."""
    it, row, recovered = _taken_up(int(ref), lease)
    while row is not None:
        row = _perform_step(it, row, recovered=recovered)
        recovered = False
    if it.run.state == Run.State.FAILING:
        undo_started(it.run, it.workflow, lease)


def _taken_up(run_id: int, lease: Lease) -> "tuple[Performing, StepRow | None, bool]":
    """Take a run up: what is to be performed, the step whose intent is committed (None: the run is not running, or has
    no step left and is done now), and whether an attempt of it was found begun. One statement; raises `LeaseLost`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT take_up_v1(%s, %s, %s, %s, %s)",
            [lease.job_id, lease.token, lease.seconds, run_id, wall_clock()],
        )
        found = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    run, rows = from_row(Run, found["run"]), [from_row(StepRow, row) for row in found["steps"]]
    it = Performing(run, workflow_named(run.workflow), rows, lease)
    if found["outcome"] is not None:
        it.has_advanced(found["outcome"], is_done=found["upcoming"] is None)
    return it, next((row for row in rows if row.pk == found["upcoming"]), None), found["recovered"]


@dataclass(frozen=True)
class Performing:
    """A run being performed under a lease, with its steps as they stand."""

    run: Run
    workflow: Workflow
    rows: Sequence[StepRow]
    lease: Lease

    def advance(self, *, done: StepRow | None, upcoming: StepRow | None) -> None:
        """Write that `done` is done and that `upcoming` starts (without one: that the run is done, and its job), and
        renew the lease, in the caller's transaction. Raises `LeaseLost`; nothing may be written then."""
        now = wall_clock()
        ended = json.dumps({"id": done.pk, "result": done.result}) if done else None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT advance_v2(%s, %s, %s, %s, %s::jsonb, %s, %s)",
                [
                    self.lease.job_id, self.lease.token, self.lease.seconds,
                    self.run.pk, ended, upcoming.pk if upcoming else None, now,
                ],
            )  # fmt: skip
            (outcome,) = cursor.fetchone()
        self.has_advanced(outcome, is_done=upcoming is None)
        if done:
            done.state, done.finished_at, done.error = StepRow.State.DONE, now, ""
        if upcoming is None:
            self.run.state, self.run.finished_at = Run.State.DONE, now
            return
        upcoming.attempts += 1
        upcoming.repeats += int(upcoming.state == StepRow.State.STARTED)
        upcoming.state, upcoming.started_at = StepRow.State.STARTED, upcoming.started_at or now

    def has_advanced(self, outcome: str, *, is_done: bool) -> None:
        """Hear how an advance ended: the lease is renewed or, with the run that is done, ends at the commit."""
        if outcome != "advanced":
            raise LeaseLost(f"run {self.run.pk} is {outcome}: somebody else goes on with it")
        self.lease.was_renewed()
        if is_done:
            transaction.on_commit(self.lease.has_ended)

    def go_on(self, row: StepRow, *, done: bool, gives_way: bool = False) -> StepRow | None:
        """Write that `row` ended, leave out what is not needed any more, and return the next step, which starts (None:
        the run is done); in the caller's transaction."""
        out, upcoming = after(row, self.rows, self.workflow.step, gives_way=gives_way)
        if out:
            StepRow.objects.filter(pk__in=[each.pk for each in out]).update(state=StepRow.State.SKIPPED)
            for each in out:
                each.state = StepRow.State.SKIPPED
        self.advance(done=row if done else None, upcoming=upcoming)
        return upcoming


def _perform_step(it: Performing, row: StepRow, *, recovered: bool) -> StepRow | None:
    """Perform a step whose intent is committed; its end is committed with the intent of the next one, which is
    returned (None: the run performs no more)."""
    step = it.workflow.step(row.action)
    now = wall_clock()
    context = context_of(it.run, row, now, steps=it.rows, recovered=recovered, alive=it.lease.keep)
    crash_point(f"{it.workflow.name}:{row.action}:before")
    try:
        _check_deadline(it, step, now)
        result = step.action.call(context) if step.action.call else {}
        crash_point(f"{it.workflow.name}:{row.action}:between")
        with transaction.atomic():
            row.result = result
            if step.action.write:
                step.action.write(replace(context, result=result))
            upcoming = it.go_on(row, done=True)
            sign_step(it.run, row, step, outcome="done")
    except StepFailure as failure:
        if isinstance(failure, Transient) and row.attempts < step.attempts:
            due_at = _next_try(row, step, failure)
            if not _is_too_late(it, step, due_at):
                _wait(it, row, failure, due_at)
        upcoming = _fail(it, row, step, context, failure)
    crash_point(f"{it.workflow.name}:{row.action}:after")
    return upcoming


def _check_deadline(it: Performing, step: Step, now: datetime) -> None:
    if _is_too_late(it, step, now):
        raise Permanent("It took longer than the slot may be held.", code="link_unverified")


def _is_too_late(it: Performing, step: Step, at: datetime) -> bool:
    """Say whether a required step that begins then can keep its promise no more."""
    if not step.required or it.workflow.deadline is None:
        return False
    deadline = it.workflow.deadline(it.run.payload)
    return deadline is not None and at >= deadline


def _fail(
    it: Performing, row: StepRow, step: Step, context: StepContext, failure: StepFailure
) -> StepRow | None:
    """Write in one transaction that a step failed for good. A run that needs it gives way to an alternative, or fails
    or stops; another goes on. Returns the next step, None where there is none."""
    gives_way = step.required and has_alternative(row, it.rows, it.workflow.step)
    ends = step.required and not gives_way
    upcoming = None
    with transaction.atomic():
        row.error = failure.words
        if ends and it.workflow.fail:
            it.workflow.fail(context, failure.code, failure.words)
        it.lease.check()
        row.state, row.finished_at = StepRow.State.FAILED, wall_clock()
        row.save(update_fields=["state", "finished_at", "error"])
        sign_step(it.run, row, step, outcome="failed")
        if ends:
            it.run.state = Run.State.STOPPED if it.workflow.waits else Run.State.FAILING
            it.run.failure_code, it.run.failure_words = failure.code, failure.words
            it.run.save(update_fields=["state", "failure_code", "failure_words"])
        else:
            upcoming = it.go_on(row, done=False, gives_way=gives_way)
        if it.run.state == Run.State.FAILING:
            it.run.steps.filter(state=StepRow.State.WAITING).update(state=StepRow.State.SKIPPED)
        report(Fault(it.run, row, failure.code, failure.words, context.now, gave_way=gives_way))
    log.warning("Run %s: %s failed for good: %s", it.run.pk, row.action, failure.words)
    return upcoming


def _next_try(row: StepRow, step: Step, failure: Transient) -> datetime:
    """Return when a step may be tried again: when the other side said, else later each time."""
    seconds = failure.retry_after or step.back_off * 2 ** (row.attempts - 1)
    return wall_clock() + timedelta(seconds=seconds)


def _wait(it: Performing, row: StepRow, failure: Transient, due_at: datetime) -> None:
    """Commit that the step waits for another try, and leave the worker free meanwhile."""
    with transaction.atomic():
        it.lease.check()
        row.state, row.error, row.due_at = StepRow.State.WAITING, failure.words, due_at
        row.save(update_fields=["state", "error", "due_at"])
    raise Later(due_at)
