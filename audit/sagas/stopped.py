"""A run that stopped at a failed step: a person lets it go on from there, or has everything taken back."""

from datetime import datetime

from django.db import transaction

from audit.ledger.entries import Actor
from audit.ledger.recording import record
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.workflows import workflow_named
from jobs.api import enqueue
from kernel.errors import HoldfastError


class NotStopped(HoldfastError):
    """The run goes on, has ended, or somebody decided already; nothing was changed."""

    code = "not_stopped"


def resume_run(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Try the failed step again and go on from there. Raises `NotStopped`."""
    with transaction.atomic():
        run = _stopped(run_id)
        run.steps.filter(state=StepRow.State.FAILED).update(
            state=StepRow.State.WAITING, attempts=0, due_at=None, error="", finished_at=None
        )
        _go_on(run, Run.State.RUNNING, verb="resumed", actor=actor, now=now)


def roll_back_run(run_id: int, *, actor: Actor, now: datetime) -> None:
    """Undo what the run has done, backwards; what it did not reach is skipped. Raises `NotStopped`."""
    with transaction.atomic():
        run = _stopped(run_id)
        run.steps.filter(state=StepRow.State.WAITING).update(state=StepRow.State.SKIPPED)
        _go_on(run, Run.State.FAILING, verb="roll_back_asked", actor=actor, now=now)


def _stopped(run_id: int) -> Run:
    run = Run.objects.select_for_update().get(pk=run_id)
    if run.state != Run.State.STOPPED:
        raise NotStopped("This run is not waiting for a decision any more. Look at it again.")
    return run


def _go_on(run: Run, state: Run.State, *, verb: str, actor: Actor, now: datetime) -> None:
    workflow = workflow_named(run.workflow)
    if state == Run.State.RUNNING:
        run.failure_code = run.failure_words = ""
    run.state = state
    run.save(update_fields=["state", "failure_code", "failure_words"])
    record(
        f"{workflow.name}.{verb}", subject=run.subject, actor=actor, payload={"run": run.pk}, run_id=run.pk,
        reversible="none", because="It only lets the run go on; what the run does is undone by the run.",
    )  # fmt: skip
    enqueue(workflow.run_job, ref=str(run.pk), now=now)
