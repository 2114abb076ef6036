"""The signed entry that each step leaves."""

from audit.ledger.canonical import Json
from audit.ledger.entries import Actor
from audit.ledger.recording import record
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Irreversible, NoEffect, Step

AUTOMATION = "automation"


def sign_step(run: Run, row: StepRow, step: Step, *, outcome: str) -> None:
    """Record how a step (or its undo) ended; `outcome` is done, failed, undone, corrected or
    undo_failed; what cannot be unsent is corrected, never called undone."""
    undo = step.action.undo
    because = undo.because if isinstance(undo, Irreversible) else ""
    reversible = "none" if isinstance(undo, NoEffect) else "partial" if because else "full"
    record(
        step.action.name if outcome == "done" else f"{step.action.name}.{outcome}",
        subject=run.subject,
        actor=Actor(type="automation", id=run.workflow, on_behalf_of=f"{run.actor_type}:{run.actor_id}"),
        payload={
            "run": run.pk,
            "attempts": row.attempts,
            "repeats": row.repeats,
            "outcome": outcome,
            **_plain(row),
        },
        run_id=run.pk,
        step_id=row.pk,
        reverses=reversed_entry(run, row, outcome),
        reversible=reversible if outcome == "done" else "none",  # type: ignore[arg-type]
        because=because,
    )


def reversed_entry(run: Run, row: StepRow, outcome: str) -> int | None:
    """Return the seq of the entry that this one takes back: the step's own, or the reversed run's."""
    from audit.models import Entry

    if outcome == "undone":
        return Entry.objects.filter(step_id=row.pk).order_by("seq").values_list("seq", flat=True).first()
    if run.reverses_id and row.position == 0:
        return (
            Entry.objects.filter(run_id=run.reverses_id)
            .order_by("-seq")
            .values_list("seq", flat=True)
            .first()
        )
    return None


def _plain(row: StepRow) -> dict[str, Json]:
    """Return what the step said of itself; actions return ids and facts, never personal data."""
    return {"result": row.result} if row.result else {}
