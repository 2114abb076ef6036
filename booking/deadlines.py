"""What the clock does to bookings: deadlines that passed give their time back, meetings that ended complete."""

import json
from datetime import datetime

from django.db import connection

from audit.api import Actor
from booking.guard import call, guarded
from booking.models import Booking
from booking.signing import sign, sign_expired

BATCH = 200
CLOCK = Actor(type="automation", id="clock")


def expire_due() -> int:
    """Give back what has outlived its deadline, each meeting in its own transaction; return how many changes."""
    return sum(guarded(lambda meeting=meeting: expire_meeting(meeting)) for meeting in _overdue())  # type: ignore[misc]


def complete_ended(*, now: datetime) -> int:
    """Turn confirmed bookings of meetings that ended into completed; return how many."""
    ended = Booking.objects.filter(status=Booking.Status.CONFIRMED, meeting__ends_at__lte=now)
    rows = list(ended.values_list("pk", "uid", "meeting__uid")[:BATCH])
    return sum(guarded(lambda row=row: _complete(*row)) for row in rows)  # type: ignore[misc]


def _overdue() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [BATCH])
        return [row[0] for row in cursor.fetchall()]


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
