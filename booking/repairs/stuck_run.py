"""Runs that nobody performs any more: their job vanished, or was given up; put back into the queue."""

from datetime import timedelta

from audit.api import Action, Irreversible, Run, StepContext, run_job
from booking.repairs.repair import Broken, Repair, Search
from jobs.api import enqueue, parked_jobs, requeue, unfinished, waiting_refs

PATIENCE = timedelta(minutes=2)
MOST = 50


def find(search: Search) -> list[Broken]:
    """Return running runs without a job, and jobs that were given up. Three queries."""
    running = Run.objects.filter(
        state__in=[Run.State.RUNNING, Run.State.FAILING], started_at__lt=search.since(PATIENCE)
    )
    parked = parked_jobs()
    carried = waiting_refs() | {(job.kind, job.ref) for job in parked}
    return [
        *(
            Broken(
                f"run:{run.pk}",
                f"run:{run.pk}",
                f"Run {run.pk} ({run.workflow.replace('_', ' ')}) stands still: nobody performs it.",
                {"run": run.pk},
            )
            for run in running.order_by("pk")[:MOST]
            if (run_job(run), str(run.pk)) not in carried
        ),
        *(
            Broken(
                f"job:{job.pk}",
                f"job:{job.pk}",
                f"A job ({job.kind.replace('_', ' ')}) was given up after {job.attempts} tries.",
                {"job": job.pk},
            )
            for job in parked[:MOST]
        ),
    ]


def resume(context: StepContext) -> None:
    """Put the job back, or write the run a new one; nothing where somebody was faster."""
    if "job" in context.payload:
        requeue(context.payload["job"], now=context.now)
        return
    run_id: int = context.payload["run"]
    run = Run.objects.filter(pk=run_id, state__in=[Run.State.RUNNING, Run.State.FAILING]).first()
    if run is not None and not unfinished(run_job(run), str(run_id)):
        enqueue(run_job(run), ref=str(run_id), now=context.now)


resume_run = Action(
    name="resume_run",
    sentence="Had it performed again, from where it stood still",
    write=resume,
    undo=Irreversible(
        because="It went on from there; undo that run itself, it has its own entry.",
        consequence="Nothing: what the run did since is undone from its own entry.",
    ),
)
REPAIR = Repair(
    "stuck_run",
    does="Have it performed again, from where it stands still",
    did="Resumed what stood still",
    find=find,
    actions=(resume_run.name,),
)
