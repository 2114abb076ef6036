"""What a booking keeps when it moves, and the nearest times to which it could: by the rules that a move is held to."""

from datetime import datetime

from booking.choosing import of_meeting
from booking.models import Booking, Host
from booking.offers import Slot, alternatives


def times_to_move(booking: Booking, *, start: datetime, now: datetime) -> tuple[Slot, ...]:
    """Return the open starts nearest to one that the booking was to move to and did not get, as `alternatives` does:
    with the host and rooms that it keeps, its own time not in its way and not counted; the start that it has is none.
    """
    return alternatives(
        of_meeting(booking.meeting),
        start=start,
        now=now,
        host=kept_host(booking),
        leaving=None if is_seat(booking) else booking.meeting_id,
        without=booking.meeting.starts_at,
    )


def kept_host(booking: Booking) -> Host | None:
    """Return the host who is kept on a reschedule; None where all of several are needed, and for a seat."""
    if is_seat(booking):
        return None
    hosts = list(booking.meeting.hosts.all()[:2])
    return hosts[0] if len(hosts) == 1 else None


def is_seat(booking: Booking) -> bool:
    """Say whether it is a seat in a group session: it moves alone, to whichever session starts then."""
    return booking.meeting.is_session
