"""What a step is handed when it is performed or undone."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from audit.ledger.entries import Actor
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import StepContext


def context_of(
    run: Run,
    row: StepRow,
    now: datetime,
    *,
    steps: Sequence[StepRow] | None = None,
    recovered: bool = False,
    alive: Callable[[], None] = lambda: None,
) -> StepContext:
    """Return the context of a step, with the results of the run's earlier steps (of `steps`, or as they are stored)."""
    rows = run.steps.filter(position__lt=row.position) if steps is None else steps
    earlier: dict[str, dict[str, Any]] = {
        each.action: each.result for each in rows if each.position < row.position
    }
    return StepContext(
        run_id=run.pk,
        step_id=row.pk,
        workflow=run.workflow,
        subject=run.subject,
        payload=run.payload,
        actor=Actor(type=run.actor_type, id=run.actor_id),  # type: ignore[arg-type]  # checked when it was written
        now=now,
        recovered=recovered,
        result=row.result,
        results=earlier,
        alive=alive,
    )
