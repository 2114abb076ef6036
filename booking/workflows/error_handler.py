"""Error handler: a step of any run failed for good -> one incident in words, the team told, the fixer asked.

It starts in the very transaction that writes the failure down, and for every incident that somebody else opens
(a probe, a reminder). What a promise needs has failed closed by then: that is the failing run's own doing
(`new_booking.fail`), and the incident says so. A step of the error handler that fails starts no error handler.
"""

from datetime import datetime

from django.db import transaction

from audit.api import (
    Actor,
    Fault,
    Run,
    Step,
    UndoPreview,
    UndoRefused,
    Workflow,
    register_workflow,
    start_run,
    when_a_step_fails,
)
from booking.actions.incident import (
    AUTOMATION,
    close_the_incident,
    record_incident,
    tell_programs_of_incident,
    tell_team_of_incident,
)
from booking.faults import is_answer
from booking.incidents import TELL_JOB
from booking.models import Booking, Incident, Move
from booking.ways import way_of_step
from jobs.api import Lease, handles
from kernel.clock import now as wall_clock

NAME = "error_handler"


def start_error_handler(fault: Fault) -> None:
    """Start the run that deals with a fault, in its transaction; none for what is no fault, none for its own."""
    run = fault.run
    if run.workflow == NAME or (is_answer(fault.code) and not fault.undoing) or _is_moot(run):
        return
    start_run(
        WORKFLOW,
        subject=run.subject,
        payload={
            "run": run.pk,
            "step": fault.step.pk,
            "code": fault.code,
            "undoing": fault.undoing,
            "gave_way": fault.gave_way,
            "way": way_of_step(run.payload, fault.step.action),
            "booking": run.payload.get("booking", ""),
            "move": run.payload.get("move"),
            "reassignment": bool(run.payload.get("reassignment")),
        },
        actor=AUTOMATION,
        now=fault.now,
        without=(close_the_incident.name,),
    )


def _is_moot(run: Run) -> bool:
    """Say whether what a move was to change was cancelled meanwhile: then it ended as it should."""
    return "move" in run.payload and not (
        Move.objects.filter(pk=run.payload["move"], booking__status=Booking.Status.CONFIRMED).exists()
    )


@handles(TELL_JOB)
def tell_of_incident(ref: str, lease: Lease) -> None:
    """Start the run that tells of an incident which somebody else opened; once, and not when it is over."""
    incident = Incident.objects.get(pk=int(ref))
    with transaction.atomic():
        lease.check()
        told = Run.objects.filter(workflow=NAME, payload__incident=incident.pk).exists()
        if told or incident.state == Incident.State.RESOLVED:
            return
        _start(
            incident, by=AUTOMATION, now=wall_clock(), without=(close_the_incident.name, record_incident.name)
        )


def sentence(run: Run) -> str:
    """Return the run in words."""
    known = run.payload.get("incident")
    for step in run.steps.all():
        known = known or step.result.get("incident")
    if known is None:
        return "Writing a fault down"
    title = Incident.objects.values_list("title", flat=True).get(pk=known).rstrip(".")
    if run.payload.get("close"):
        return f"Closed the incident: {title}"
    return f"Opened the incident again: {title}" if run.payload.get("by_person") else f"Reported: {title}"


def preview(run: Run, _now: datetime) -> UndoPreview:
    """Say what undoing would do: the incident is closed, or opened again."""
    incident = _incident(run)
    if incident is None:
        return UndoPreview(possible=False, because="It wrote nothing down.")
    corrected = "The team gets a mail that says so: the earlier one cannot be unsent, so it is corrected."
    if run.payload.get("close"):
        others = Incident.objects.filter(kind=incident.kind, subject=incident.subject, state="open")
        if others.exists():
            return UndoPreview(possible=False, because="It is open again already.")
        return UndoPreview(possible=True, consequences=("The incident is open again.", corrected))
    if incident.state == Incident.State.RESOLVED:
        return UndoPreview(possible=False, because="The incident is closed already.")
    return UndoPreview(
        possible=True,
        consequences=(
            "The incident is closed, as if it was seen by mistake. Nothing is repaired.",
            corrected,
        ),
    )


def undo(run: Run, actor: Actor, now: datetime) -> Run:
    """Close the incident, or open it again, in the caller's transaction."""
    incident = _incident(run)
    if incident is None:
        raise UndoRefused("It wrote nothing down.")
    closing = not run.payload.get("close")
    unwanted = record_incident if closing else close_the_incident
    return _start(
        incident, by=actor, now=now, without=(unwanted.name, tell_programs_of_incident.name), reverses=run,
        close=closing, by_person=True,
    )  # fmt: skip


def _start(
    incident: Incident,
    *,
    by: Actor,
    now: datetime,
    without: tuple[str, ...],
    reverses: Run | None = None,
    **options: bool,
) -> Run:
    about = incident.subject if incident.subject.startswith("meeting:") else f"incident:{incident.pk}"
    return start_run(
        WORKFLOW,
        subject=about,
        payload={"incident": incident.pk, **options},
        actor=by,
        now=now,
        reverses=reverses,
        without=without,
        at_once=(close_the_incident.name,) if options.get("close") else (),
    )


def _incident(run: Run) -> Incident | None:
    known = run.payload.get("incident")
    for step in run.steps.all():
        known = known or step.result.get("incident")
    return Incident.objects.filter(pk=known).first()


WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(close_the_incident),
            Step(record_incident),
            Step(tell_team_of_incident, attempts=12, back_off=2.0, own_undo=True),
            Step(tell_programs_of_incident, attempts=8, back_off=2.0, own_undo=True),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
    )
)
when_a_step_fails(NAME, start_error_handler)
