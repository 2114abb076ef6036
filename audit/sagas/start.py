"""Starting a run: its row, its steps and its job, in the transaction of the fact that causes it."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.db import connection

from audit.ledger.entries import Actor
from audit.models import Run
from audit.models import Step as StepRow
from audit.sagas.actions import Step, StepContext
from audit.sagas.signing import sign_step
from audit.sagas.workflows import Workflow, workflow_named
from jobs.api import enqueue_beside


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
    steps = [step for step in workflow.steps if step.action.name not in without]
    leading = list(takewhile(lambda step: step.action.name in at_once, steps))
    run = Run(
        workflow=workflow.name,
        subject=subject,
        payload=dict(payload),
        actor_type=actor.type,
        actor_id=actor.id,
        reverses=reverses,
        started_at=now,
    )
    step_ids = _written(run, workflow, steps, done=len(leading))
    for position, (step, step_id) in enumerate(zip(leading, step_ids, strict=False)):
        context = StepContext(
            run_id=run.pk,
            step_id=step_id,
            workflow=workflow.name,
            subject=subject,
            payload=run.payload,
            actor=actor,
            now=now,
        )
        if step.action.write:
            step.action.write(context)
        row = StepRow(pk=step_id, run=run, position=position, action=step.action.name, attempts=1)
        sign_step(run, row, step, outcome="done")
    return run


def _written(run: Run, workflow: Workflow, steps: Sequence[Step], *, done: int) -> list[int]:
    """Write the run, its steps (the first `done` as done) and its job, in one statement; return the steps' ids."""
    job, hand_over = enqueue_beside(workflow.run_job)
    values = {
        "workflow": run.workflow,
        "subject": run.subject,
        "payload": run.payload,
        "actor_type": run.actor_type,
        "actor_id": run.actor_id,
        "reverses": run.reverses_id,
        "started_at": run.started_at.isoformat(),
    }
    rows = [
        {"action": step.action.name, "required": step.required, "done": position < done}
        for position, step in enumerate(steps)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT start_run_v1(%s::jsonb, %s::jsonb, %s::jsonb)",
            [json.dumps(values), json.dumps(rows), json.dumps(job)],
        )
        made = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    hand_over(made["job"])
    run.pk = made["run"]
    run._state.adding, run._state.db = False, connection.alias  # it stands in the database by now
    return list(made["steps"])
