"""Fixer: a fault that has a known repair -> mend it, prove it, close its incident. One run mends one thing.

Each repair is a few actions (booking.repairs); a run has those of its own repair and ends with closing the incident.
What to mend, how often, and when to leave it to a person is booking.repairs.passes.
"""

from datetime import datetime

from audit.api import (
    Action,
    Actor,
    NoEffect,
    Run,
    Step,
    StepContext,
    UndoPreview,
    UndoRefused,
    Workflow,
    register_workflow,
    start_run,
)
from booking.incidents import incidents, resolve_incident
from booking.repairs.broken_guard import ask_owner, see_guard
from booking.repairs.dead_room_link import renew_link, tell_new_link
from booking.repairs.expired_hold import sweep_hold
from booking.repairs.missing_event import rewrite_event
from booking.repairs.registry import BY_NAME
from booking.repairs.repair import Broken, Repair, Search, is_one_thing
from booking.repairs.stale_connection import read_calendar
from booking.repairs.stuck_run import resume_run
from booking.repairs.unsent_message import send_message
from booking.repairs.unsent_webhook import send_notice

NAME = "fixer"
ACTOR = Actor(type="automation", id=NAME)
_STEPWISE = "A repair is undone step by step, each as far as it can be: open the run."


def start_fixer(repair: Repair, broken: Broken, *, actor: Actor, now: datetime) -> Run:
    """Start the run that mends one thing, in the caller's transaction."""
    kept = {*repair.actions, close_incidents.name}
    return start_run(
        WORKFLOW,
        subject=broken.subject,
        payload={"repair": repair.name, "thing": broken.thing, **broken.ids},
        actor=actor,
        now=now,
        without=[step.action.name for step in WORKFLOW.steps if step.action.name not in kept],
    )


def close(context: StepContext) -> None:
    """Resolve the open incidents of this very thing that asked for this repair; of many things, with the last."""
    repair = BY_NAME[context.payload["repair"]]
    for each in incidents():
        if each.repair != repair.name:
            continue
        if each.subject == context.subject or (not is_one_thing(each.subject) and _was_last(repair, context)):
            resolve_incident(each.kind, subject=each.subject, now=context.now, by=ACTOR)


def _was_last(repair: Repair, context: StepContext) -> bool:
    """Say whether nothing else is broken that this repair could mend; its search asks the database only."""
    return not any(not each.because for each in repair.find(Search(context.now, eager=True)))


def sentence(run: Run) -> str:
    """Return the run in words."""
    repair = BY_NAME.get(run.payload["repair"])
    if repair is None:
        return "Repaired a fault"
    if run.state == Run.State.RUNNING:
        return f"Repairing: {repair.does[0].lower()}{repair.does[1:]}"
    return (
        repair.did
        if run.state == Run.State.DONE
        else f"Could not repair: {repair.does[0].lower()}{repair.does[1:]}"
    )


def preview(_run: Run, _now: datetime) -> UndoPreview:
    """Say that each step has its own Undo."""
    return UndoPreview(possible=False, because=_STEPWISE)


def undo(_run: Run, _actor: Actor, _now: datetime) -> Run:
    """Refuse: steps are undone one by one."""
    raise UndoRefused(_STEPWISE)


close_incidents = Action(name="close_incidents", sentence="Closed the incident", write=close, undo=NoEffect())
WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(ask_owner, required=True),
            Step(see_guard, required=True, attempts=5, back_off=2.0),
            Step(resume_run, required=True, own_undo=True),
            Step(sweep_hold, required=True, own_undo=True),
            Step(renew_link, required=True, attempts=4, back_off=1.0, own_undo=True),
            Step(tell_new_link, attempts=8, back_off=2.0, own_undo=True),
            Step(read_calendar, required=True, attempts=4, back_off=5.0),
            Step(send_message, required=True, attempts=5, back_off=5.0, own_undo=True),
            Step(rewrite_event, attempts=4, back_off=5.0, own_undo=True),
            Step(send_notice, required=True, attempts=5, back_off=5.0, own_undo=True),
            Step(close_incidents),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
    )
)
