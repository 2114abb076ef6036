"""The exclusion constraint is gone: brought back by the owner's role, as soon as no two meetings overlap.

It cannot come back over overlaps (23P01). Until it is back the business takes no holds; of two meetings that
overlap the later one goes to a person, as an incident.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from audit.api import Action, Actor, Irreversible, Json, StepContext, Transient, record
from booking.guard import CONSTRAINT, guard_stands
from booking.health.findings import Asked
from booking.incidents import open_incident
from booking.models import Meeting, ProbeResult
from booking.repairs.repair import Broken, Repair, Search
from booking.sentences import when
from booking.signing import subject_of
from jobs.api import Lease, enqueue, handles
from kernel.clock import now as wall_clock

SUBJECT = "health:guard"
JOB = "owner:restore_guard"
FIXER = Actor(type="automation", id="fixer")
_OVERLAPS = """
    SELECT DISTINCT greatest(a.meeting_id, b.meeting_id)
    FROM booking_occupancy a JOIN booking_occupancy b
        ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
    WHERE a.retired_at IS NULL AND b.retired_at IS NULL
"""
_RESTORE = """
    ALTER TABLE booking_occupancy
        DROP CONSTRAINT IF EXISTS booking_occupancy_no_overlap,
        ADD CONSTRAINT booking_occupancy_no_overlap
            EXCLUDE USING gist (resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL)
"""


@dataclass(frozen=True)
class Restored:
    """Whether the constraint was put back; `overlapping` are the later of the meetings that stand in its way."""

    done: bool
    overlapping: tuple[str, ...] = ()


def find(search: Search) -> list[Broken]:
    """Say whether the guard is missing or was seen not to refuse. Two queries."""
    if search.subject not in (None, SUBJECT):
        return []
    if guard_stands() and not ProbeResult.objects.filter(probe="guard", state="bad").exists():
        return []
    return [Broken(SUBJECT, "guard", "The database does not refuse overlaps; no bookings are taken.")]


def restore_guard(*, lease: Lease | None = None) -> Restored:
    """Put the constraint back, as the owner, in the current tenant; nothing changes while meetings overlap."""
    now = wall_clock()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE booking_occupancy IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(_OVERLAPS)
        later = [row[0] for row in cursor.fetchall()]
        if not later:
            cursor.execute(_RESTORE)
            payload: dict[str, Json] = {"constraint": CONSTRAINT}
            record("restore_guard", subject=SUBJECT, actor=FIXER, payload=payload, reversible="none",
                   because="The guard is never taken away.")  # fmt: skip
        if lease:
            lease.check()
    meetings = list(Meeting.objects.filter(pk__in=later).select_related("event_type").order_by("pk"))
    for meeting in meetings:
        open_incident(
            "overlap",
            subject=subject_of(meeting.uid),
            title=f"{meeting.event_type.title} on {when(meeting.starts_at)} overlaps an earlier booking.",
            consequence="Two clients have one time. Move or cancel this one; then the guard comes back by itself.",
            now=now,
        )
    return Restored(done=not later, overlapping=tuple(meeting.uid for meeting in meetings))


@handles(JOB)
def perform_restore(_ref: str, lease: Lease) -> None:
    """Restore the guard in the process that holds the owner's role."""
    restore_guard(lease=lease)


def ask(context: StepContext) -> None:
    """Write the owner's job."""
    enqueue(JOB, ref=str(context.run_id), now=context.now)


def see(context: StepContext) -> dict[str, Json]:
    """See that it stands and refuses, with the probe's own eyes; then bookings are taken again."""
    from booking.health.constraint import check
    from booking.health.findings import Reading
    from booking.health.keeping import keep_quietly
    from booking.health.registry import BY_NAME

    (found,) = check(Asked(context.now))
    if found.state != "ok":
        raise Transient("The guard is not back: meetings overlap, or no process holds the owner’s role.")
    keep_quietly([Reading(BY_NAME["guard"], (found,), 0)], now=context.now)
    return {"constraint": CONSTRAINT}


ask_owner = Action(
    name="ask_owner",
    sentence="Asked the owner’s role to bring the guard back",
    write=ask,
    undo=Irreversible(because="The guard is never taken away.", consequence="Nothing: the guard stays."),
)
see_guard = Action(
    name="see_guard",
    sentence="Saw the guard refuse an overlap again",
    call=see,
    undo=Irreversible(because="The guard is never taken away.", consequence="Nothing: the guard stays."),
)
REPAIR = Repair(
    "broken_guard",
    does="Bring the constraint back, unless meetings overlap by now",
    did="Brought the guard back",
    find=find,
    actions=(ask_owner.name, see_guard.name),
)
