"""The Undo buttons: of a whole run, and of a step that no later promise rests on."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.ledger.entries import Actor
from audit.ledger.recording import record
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Irreversible, NoEffect
from audit.sagas.undoing import undo_step_row
from audit.sagas.workflows import UndoPreview, UndoRefused, workflow_named
from jobs.api import OWNER_PREFIX, Lease, enqueue, handles
from kernel.errors import HoldfastError


def undo_preview(run: Run, *, now: datetime) -> UndoPreview:
    """Say what undoing the whole run would do, before it is done. An undo that failed can be tried again."""
    if run.reversals.filter(state=Run.State.FAILING).exists():
        return UndoPreview(
            possible=False,
            because="Undoing it did not work, and what that began is being taken back. Try again after that.",
        )
    if run.reversals.exclude(state=Run.State.FAILED).exists():
        return UndoPreview(possible=False, because="It was undone already.")
    if run.state == Run.State.STOPPED:
        return UndoPreview(
            possible=False,
            because="It stopped at a step that failed. Resume it, or roll it back, on its page.",
        )
    if run.state == Run.State.RUNNING:
        return UndoPreview(possible=False, because="It is still running. Wait until it has ended.")
    if run.state in (Run.State.FAILING, Run.State.FAILED):
        return UndoPreview(
            possible=False, because="It failed, and what it had started was taken back by itself."
        )
    return workflow_named(run.workflow).preview(run, now)


def undo_run(run_id: int, *, actor: Actor, now: datetime) -> Run:
    """Undo a run by the run that reverses it, signed as such. Raises `UndoRefused`; then nothing changed."""
    try:
        with transaction.atomic():
            run = Run.objects.select_for_update().get(pk=run_id)
            preview = undo_preview(run, now=now)
            if not preview.possible:
                raise UndoRefused(preview.because)
            return workflow_named(run.workflow).undo(run, actor, now)
    except HoldfastError as refused:  # somebody else was first: cancelled, moved or taken meanwhile
        raise UndoRefused(refused.message) from refused
    except IntegrityError as error:
        if "audit_run_reversed_once" in str(error):
            raise UndoRefused("It was undone already.") from None
        raise


def undo_step_preview(row: StepRow) -> UndoPreview:
    """Say what undoing one step would do; where a later promise rests on it, the run is offered instead."""
    step = workflow_named(row.run.workflow).step(row.action)
    undo = step.action.undo
    if row.state == StepRow.State.UNDONE:
        return UndoPreview(possible=False, because="It was undone already.")
    if row.state == StepRow.State.UNDOING:
        return UndoPreview(possible=False, because="It is being undone at this moment.")
    if row.state == StepRow.State.UNDO_FAILED:
        return UndoPreview(possible=False, because=f"Undoing it was tried and did not work: {row.error}")
    if row.state != StepRow.State.DONE:
        return UndoPreview(possible=False, because="It had no effect to take back.")
    if isinstance(undo, NoEffect):
        return UndoPreview(possible=False, because="It was a check: there is nothing to take back.")
    if not step.own_undo:
        return UndoPreview(
            possible=False,
            offers_run=True,
            because="What came after rests on it, so it is undone together with the whole run.",
        )
    if isinstance(undo, Irreversible):
        return UndoPreview(
            possible=undo.correct is not None, consequences=(undo.consequence,), because=undo.because
        )
    return UndoPreview(possible=True, consequences=(undo.consequence,))


def undo_step(step_id: int, *, actor: Actor, now: datetime) -> None:
    """Undo one step by a job of its own. Raises `UndoRefused`; then nothing changed."""
    with transaction.atomic():
        row = StepRow.objects.select_for_update().select_related("run").get(pk=step_id)
        preview = undo_step_preview(row)
        if not preview.possible:
            raise UndoRefused(preview.because)
        row.state = StepRow.State.UNDOING
        row.save(update_fields=["state"])
        record(
            f"{row.action}.undo_asked",
            subject=row.run.subject,
            actor=actor,
            payload={"step": row.pk},
            run_id=row.run_id,
            step_id=row.pk,
        )
        enqueue(workflow_named(row.run.workflow).undo_job, ref=str(row.pk), now=now)


@handles(f"{OWNER_PREFIX}undo_step")
@handles("undo_step")
def perform_undo_step(ref: str, lease: Lease) -> None:
    """Perform the undo of one step that a person asked for."""
    row = StepRow.objects.select_related("run").get(pk=int(ref))
    if row.state == StepRow.State.UNDOING:
        undo_step_row(row.run, workflow_named(row.run.workflow), row, lease, correct=True)
