"""What the clock does to bookings: deadlines that passed give their time back, meetings that ended complete."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import DatabaseError, connection

from audit.api import Actor
from booking.guard import call, guarded
from booking.models import Booking
from booking.signing import sign, sign_expired
from jobs.api import forget_deadlines
from kernel.errors import Busy
from kernel.tenancy import current_schema

log = logging.getLogger(__name__)
BATCH = 200
CLOCK = Actor(type="automation", id="clock")


def expire_due() -> int:
    """Give back what has outlived its deadline, each meeting in its own transaction; return how many changes.

    A meeting that cannot be settled is logged, and keeps no other waiting.
    """
    return sum(_settled(partial(expire_meeting, meeting), f"Meeting {meeting}") for meeting in _overdue())


def settle_deadlines(until: datetime) -> int:
    """Do `expire_due` because deadlines up to `until` have passed; they are forgotten once nothing is overdue."""
    settled = expire_due()
    if not _overdue():
        forget_deadlines(current_schema(), until=until)
    return settled


def complete_ended(*, now: datetime) -> int:
    """Turn confirmed bookings of meetings that ended into completed; return how many."""
    ended = Booking.objects.filter(status=Booking.Status.CONFIRMED, meeting__ends_at__lte=now)
    rows = list(ended.values_list("pk", "uid", "meeting__uid")[:BATCH])
    return sum(_settled(partial(_complete, *row), f"Booking {row[1]}") for row in rows)


def _settled(change: Callable[[], int], what: str) -> int:
    try:
        return guarded(change)
    except (DatabaseError, Busy):
        log.exception("%s could not be settled; the clock's next pass tries again.", what)
        return 0


def _overdue() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [BATCH])
        return [row[0] for row in cursor.fetchall()]


IS_OVERDUE = """
    SELECT EXISTS (SELECT FROM booking_booking WHERE expires_at <= clock_timestamp())
        OR EXISTS (SELECT FROM booking_move WHERE expires_at <= clock_timestamp())
"""
HAS_ENDED = """
    SELECT EXISTS (
        SELECT FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id
        WHERE b.status = 'confirmed' AND m.ends_at <= clock_timestamp())
"""

_OVERDUE = """
    SELECT meeting_id FROM booking_booking WHERE expires_at <= clock_timestamp()
    UNION
    SELECT meeting_id FROM booking_move WHERE expires_at <= clock_timestamp()
    ORDER BY 1 LIMIT %s
"""


def expire_meeting(meeting_id: int) -> int:
    """Give back what is overdue in one meeting, signed, in the caller's transaction; return how many changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT expire_v1(%s)", [meeting_id])
        changes = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    sign_expired(changes)
    return len(changes)


def _complete(booking_id: int, uid: str, meeting_uid: str) -> int:
    if call("release_v1", booking_id, ["confirmed"], "completed", "", "", "") is None:
        return 0
    sign("complete_booking", meeting_uid=meeting_uid, actor=CLOCK, payload={"booking": uid})
    return 1
