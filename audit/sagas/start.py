"""Starting a run: its row, its steps and its job, in the transaction of the fact that causes it."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Beginning:
    """A run that has not begun: what start_run_v1 takes (`arguments`: run, steps, job), for who calls it in a statement
    of his own, and what remains to be done with its answer.
    """

    run: Run
    actor: Actor
    leading: Sequence[Step]
    arguments: Mapping[str, Any]
    hand_over: Callable[[int], None]

    def is_done(self, action: str) -> bool:
        """Say whether the run begins with this step done."""
        return any(step.action.name == action for step in self.leading)

    def begun(self, made: Mapping[str, Any], *, now: datetime, writes: bool = False) -> Run:
        """Sign the leading steps and have the job handed over after the commit; `writes`: perform their writes, too.

        `made` is the answer of start_run_v1.
        """
        run = self.run
        self.hand_over(made["job"])
        run.pk = made["run"]
        run._state.adding, run._state.db = False, connection.alias  # it stands in the database by now
        for position, (step, step_id) in enumerate(zip(self.leading, made["steps"], strict=False)):
            if writes and step.action.write:
                step.action.write(self._context(step_id, now))
            row = StepRow(pk=step_id, run=run, position=position, action=step.action.name, attempts=1)
            sign_step(run, row, step, outcome="done")
        return run

    def _context(self, step_id: int, now: datetime) -> StepContext:
        return StepContext(
            run_id=self.run.pk,
            step_id=step_id,
            workflow=self.run.workflow,
            subject=self.run.subject,
            payload=self.run.payload,
            actor=self.actor,
            now=now,
        )


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
    run does not need. `payload` holds ids only. Returns the run; what is being reversed, or was, is not reversed again.
    """
    beginning = begin_run(
        workflow,
        subject=subject,
        payload=payload,
        actor=actor,
        now=now,
        at_once=at_once,
        without=without,
        reverses=reverses,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT start_run_v1(%s::jsonb, %s::jsonb, %s::jsonb)",
            [json.dumps(beginning.arguments[name]) for name in ("run", "steps", "job")],
        )
        made = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    return beginning.begun(made, now=now, writes=True)


def begin_run(
    workflow: Workflow,
    *,
    subject: str,
    payload: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    at_once: Collection[str] = (),
    without: Collection[str] = (),
    reverses: Run | None = None,
) -> Beginning:
    """Return a run as `start_run` would write it, without writing; in the transaction that will."""
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
        {"action": step.action.name, "required": step.required, "done": position < len(leading)}
        for position, step in enumerate(steps)
    ]
    return Beginning(run, actor, leading, {"run": values, "steps": rows, "job": job}, hand_over)
