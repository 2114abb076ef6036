"""Starting a run: its row, its steps and its job, in the transaction of the fact that causes it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from audit.ledger.entries import Actor
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import StepContext
from audit.sagas.signing import sign_step
from audit.sagas.workflows import Workflow, workflow_named
from jobs.api import enqueue


def run_job(run: Run) -> str:
    """Return the kind of the job that performs a run: of its workflow."""
    return workflow_named(run.workflow).run_job


def start_run(
    workflow: Workflow,
    *,
    subject: str,
    payload: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    at_once: Collection[str] = (),
    without: Collection[str] = (),
    reverses: Run | None = None,
) -> Run:
    """Write a run and enqueue it; the caller's transaction carries both.

    `at_once` names leading local actions whose write happens right here; `without` names actions that this
    run does not need. `payload` holds ids only. Returns the run; a reversed run can be reversed once.
    """
    run = Run.objects.create(
        workflow=workflow.name,
        subject=subject,
        payload=dict(payload),
        actor_type=actor.type,
        actor_id=actor.id,
        reverses=reverses,
        started_at=now,
    )
    steps = [step for step in workflow.steps if step.action.name not in without]
    rows = StepRow.objects.bulk_create(
        StepRow(run=run, position=position, action=step.action.name, required=step.required)
        for position, step in enumerate(steps)
    )
    for step, row in zip(steps, rows, strict=True):
        if step.action.name not in at_once:
            break
        context = StepContext(
            run_id=run.pk,
            step_id=row.pk,
            workflow=workflow.name,
            subject=subject,
            payload=run.payload,
            actor=actor,
            now=now,
        )
        if step.action.write:
            step.action.write(context)
        row.state, row.attempts, row.started_at, row.finished_at = StepRow.State.DONE, 1, now, now
        row.save(update_fields=["state", "attempts", "started_at", "finished_at"])
        sign_step(run, row, step, outcome="done")
    enqueue(workflow.run_job, ref=str(run.pk), now=now)
    return run
