"""What the fixer mends and when: every five minutes what it finds, and at once what an incident asks for.

Bounded: at most ten of a kind in a pass, and each thing three times a day; then it goes to a person. Never twice at
once: whoever starts a repair holds a lock and looks whether another run is at it. What a person undid stays undone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from audit.api import Actor, Run, Undo
from booking.incidents import close_incident, incidents, open_incident
from booking.models import Incident
from booking.repairs.registry import BY_NAME, REPAIRS
from booking.repairs.repair import Broken, Repair, Search, is_one_thing
from booking.workflows.fixer import ACTOR, NAME, WORKFLOW, start_fixer
from jobs.api import Later, Lease, enqueue, handles
from kernel.clock import now as wall_clock
from kernel.tenancy import current_schema

MOST_PER_PASS = 10
MOST_PER_DAY = 3
DAY = timedelta(days=1)
ASKED = "incident:"
PERIODIC = "pass:"
PATIENCE = timedelta(minutes=15)
PAUSE = timedelta(minutes=2)


@dataclass(frozen=True)
class Planned:
    """What the fixer would do now, in words; `because` says why it leaves this one to a person, "" if it would."""

    repair: str
    does: str
    words: str
    because: str


def repairs() -> tuple[Repair, ...]:
    """Return every repair that the fixer knows, the most urgent first."""
    return REPAIRS


def dry_run(now: datetime) -> list[Planned]:
    """Say what a pass over everything would do, and do nothing. Asks rooms and calendars; never in a transaction."""
    return [
        Planned(repair.name, repair.does, broken.words, broken.because or _why_not(repair, broken, now))
        for repair in REPAIRS
        for broken in repair.find(Search(now, eager=True))
    ]


def ask_fixer(incident: Incident, *, now: datetime) -> bool:
    """Have an incident repaired by a job, in the caller's transaction; False where no repair is known."""
    if incident.repair not in BY_NAME:
        return False
    enqueue(NAME, ref=f"{ASKED}{incident.pk}", now=now)
    return True


@handles(NAME)
def perform_pass(ref: str, lease: Lease) -> None:
    """Start the repairs of one pass, or those that one incident asks for; raises `Later` where it looks once more."""
    if ref.startswith(ASKED):
        _repair_incident(int(ref.removeprefix(ASKED)), wall_clock())
    else:
        run_pass(int(ref.removeprefix(PERIODIC)), lease)


def run_pass(number: int, lease: Lease) -> None:
    """Find what is broken and start its repair, for the repairs whose turn it is in the pass of that number."""
    now = wall_clock()
    for repair in REPAIRS:
        if repair.every and number % repair.every == 0:
            lease.keep()
            for broken in repair.find(Search(now))[:MOST_PER_PASS]:
                start_repair(repair, broken, now=now)


def _repair_incident(incident_id: int, now: datetime) -> None:
    incident = Incident.objects.filter(pk=incident_id, state=Incident.State.OPEN).first()
    repair = BY_NAME.get(incident.repair) if incident else None
    if incident is None or repair is None:
        return
    subject = incident.subject if is_one_thing(incident.subject) else None
    broken = repair.find(Search(now, subject=subject, eager=True))[:MOST_PER_PASS]
    for each in broken:
        start_repair(repair, each, now=now)
    if broken:
        return
    if (
        now < incident.last_seen_at + PATIENCE
    ):  # a run may still be at it: what it leaves broken is found then
        raise Later(now + PAUSE)
    close_incident(incident.pk, now=now, by=ACTOR)


def start_repair(repair: Repair, broken: Broken, *, now: datetime, actor: Actor = ACTOR) -> Run | None:
    """Start a repair unless it must not be: another is at it, it was tried enough today, a person undid it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            key = f"{current_schema()}|{NAME}|{repair.name}|{broken.thing}|{broken.subject}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        because = broken.because or _why_not(repair, broken, now)
        if not because:
            return start_fixer(repair, broken, actor=actor, now=now)
        if because == TRIED:
            _to_a_person(repair, broken, now)
    return None


UNDER_WAY = "It is being repaired at this moment."
UNDONE = "A person undid this repair: it stays undone."
TRIED = f"It was tried {MOST_PER_DAY} times within a day: a person has to look."


def _why_not(repair: Repair, broken: Broken, now: datetime) -> str:
    """Say why the fixer does not start this repair now, "" if it does. One query, two where it ran before."""
    before = list(_earlier(repair, broken))
    if any(run.state in (Run.State.RUNNING, Run.State.FAILING) for run in before):
        return UNDER_WAY
    if any(_was_undone(run) for run in before):
        return UNDONE
    if sum(run.started_at > now - DAY for run in before) >= MOST_PER_DAY:
        return TRIED
    return ""


def _was_undone(run: Run) -> bool:
    """Say whether a person took this repair back (a correction of a mail takes nothing back)."""
    undone = {step.action for step in run.steps.all() if step.state in ("undoing", "undone")}
    return run.state == Run.State.DONE and any(
        isinstance(WORKFLOW.step(action).action.undo, Undo) for action in undone
    )


def _earlier(repair: Repair, broken: Broken) -> Iterator[Run]:
    runs = Run.objects.filter(
        subject=broken.subject, workflow=NAME, payload__repair=repair.name, payload__thing=broken.thing
    )
    yield from runs.prefetch_related("steps").order_by("-pk")[:20]


def _to_a_person(repair: Repair, broken: Broken, now: datetime) -> None:
    """Open an incident without a repair, once: nobody else will come back to this today."""
    kind = f"{NAME}_{repair.name}"[:40]
    if not any(each.kind == kind and each.subject == broken.subject for each in incidents()):
        open_incident(
            kind,
            subject=broken.subject,
            title=broken.words,
            consequence=f"The fixer tried {MOST_PER_DAY} times within a day and could not repair it. Please look.",
            now=now,
        )
