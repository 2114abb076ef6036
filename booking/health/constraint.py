"""Is the exclusion constraint there, and does it refuse? An overlap is attempted for real, and rolled back."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.utils import DatabaseError

from booking.guard import CONSTRAINT, TAKEN, GuardBroken, guard_stands, sqlstate
from booking.health.findings import Asked, Finding, Probe
from booking.models import Resource
from booking.probe import probe_hold

STOPPED = "No bookings are taken: without the guard two clients could be given the same time."
FAR_AHEAD = timedelta(days=36_500)


def check(asked: Asked) -> list[Finding]:
    """Look for the constraint, write an overlap on a resource of its own, then hold one slot twice; keep nothing."""
    if not guard_stands():
        return [_bad(f"The constraint {CONSTRAINT} is missing, or does not refuse any more.")]
    outcome = overlap_outcome(asked)
    if outcome != TAKEN:
        return [_bad(f"An overlap was not refused: the database answered {outcome} and not {TAKEN}.")]
    try:
        probe_hold(now=asked.now)
    except GuardBroken as error:
        return [_bad(error.message)]
    return [Finding("ok", "An overlap was attempted and refused, and so was a second hold of one slot.")]


def overlap_outcome(asked: Asked) -> str:
    """Write two overlapping rows of a resource that exists for this moment only; return the SQLSTATE, or "nothing"."""
    start = asked.now + FAR_AHEAD
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            resource = Resource.objects.create(kind=Resource.Kind.EQUIPMENT, name="Health check")
            for minutes in (0, 30):
                begins = start + timedelta(minutes=minutes)
                cursor.execute(_OVERLAP, [resource.pk, begins, begins + timedelta(hours=1)])
            # before the deferred triggers, which would ask whose meeting this is
            transaction.set_rollback(True)
    except DatabaseError as error:
        return sqlstate(error) or type(error).__name__
    return "nothing"


_OVERLAP = """
    INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
    VALUES (%s::bigint, 0, tstzrange(%s, %s, '[)'))
"""


def _bad(words: str) -> Finding:
    return Finding("bad", words, consequence=STOPPED, repair="broken_guard")


PROBE = Probe("guard", "The guard refuses overlaps", check)
