"""Health check: recurring, per tenant -> prove the promises, keep what was seen, open and resolve incidents.

The quiet look of every five minutes is booking.health.checking; a run of this workflow is what it leaves when
something changed, once a day (with the trial booking), after a deploy, and when somebody asks. One entry a step.
"""

from collections.abc import Collection
from datetime import datetime

from audit.api import (
    Action,
    Actor,
    Json,
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

NAME = "health_check"
SUBJECT = "health"
_CHECKED = "It was a check: there is nothing to take back."


def start_health_check(why: str, *, probes: Collection[str], build: str, actor: Actor, now: datetime) -> Run:
    """Start a run over these probes, in the caller's transaction; a daily one makes the trial booking too."""
    return start_run(
        WORKFLOW,
        subject=SUBJECT,
        payload={"why": why, "probes": list(probes), "build": build},
        actor=actor,
        now=now,
        without=() if why == "daily" else (try_booking.name,),
    )


def look(context: StepContext) -> dict[str, Json]:
    """Ask the run's probes and keep what they say."""
    return _look(context, context.payload["probes"])


def try_once(context: StepContext) -> dict[str, Json]:
    """Make the trial booking and keep what it showed."""
    from booking.health.registry import DAILY

    return _look(context, DAILY)


def _look(context: StepContext, names: Collection[str]) -> dict[str, Json]:
    from booking.health.checking import read  # the probes import the workflows that they try
    from booking.health.findings import Asked
    from booking.health.keeping import keep

    asked = Asked(context.now, thorough=context.payload["why"] == "daily")
    readings = read(names, asked, alive=context.alive)
    different = keep(readings, run_id=context.run_id, now=context.now)
    states: dict[str, Json] = {each.probe.name: each.state for each in readings}
    return {"states": states, "changed": list(different)}


def sentence(run: Run) -> str:
    """Return the run in words."""
    from booking.health.registry import BY_NAME

    states: dict[str, str] = {}
    for step in run.steps.all():
        states |= step.result.get("states", {})
    if not states:
        return "Checking the promises"
    bad = [BY_NAME[name].title for name, state in states.items() if state == "bad" and name in BY_NAME]
    counted = "one promise" if len(states) == 1 else f"{len(states)} promises"
    if not bad:
        return f"Checked {counted}: kept" if len(states) == 1 else f"Checked {counted}: all kept"
    return f"Checked {counted}, not kept: {'; '.join(title[0].lower() + title[1:] for title in bad)}"


def preview(_run: Run, _now: datetime) -> UndoPreview:
    """Say that a check has nothing to undo."""
    return UndoPreview(possible=False, because=_CHECKED)


def undo(_run: Run, _actor: Actor, _now: datetime) -> Run:
    """Refuse."""
    raise UndoRefused(_CHECKED)


check_promises = Action(name="check_promises", sentence="Looked at every promise", call=look, undo=NoEffect())
try_booking = Action(
    name="try_booking",
    sentence="Tried a booking from open slot to cancellation, and left nothing of it",
    call=try_once,
    undo=NoEffect(),
)
WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(Step(check_promises), Step(try_booking)),
        sentence=sentence,
        preview=preview,
        undo=undo,
    )
)
