"""Whether the client came: no-show and its inverse. The host's word, signed; each undoes the other."""

from datetime import datetime

from audit.api import Actor
from booking.errors import NotChangeable
from booking.guard import call, guarded
from booking.models import Booking
from booking.signing import sign

_CAME = [Booking.Status.CONFIRMED.value, Booking.Status.COMPLETED.value]


def can_mark_no_show(booking: Booking, now: datetime) -> bool:
    """Say whether `mark_no_show` makes sense: confirmed or completed, and the meeting has started."""
    return booking.status in _CAME and booking.meeting.starts_at <= now


def mark_no_show(booking: Booking, *, now: datetime, actor: Actor) -> Booking:
    """Record that the client did not come; raises `NotChangeable` before the start and in another status."""
    if booking.meeting.starts_at > now:
        raise NotChangeable("This meeting has not started yet, so nobody can have missed it.")
    return _become(booking, "no_show", leaving=_CAME, action="mark_no_show", actor=actor)


def undo_no_show(booking: Booking, *, now: datetime, actor: Actor) -> Booking:
    """Record that the client did come: no_show becomes completed. Raises `NotChangeable` in another status."""
    del now  # whenever a host finds out
    return _become(booking, "completed", leaving=["no_show"], action="undo_no_show", actor=actor)


def _become(booking: Booking, status: str, *, leaving: list[str], action: str, actor: Actor) -> Booking:
    def change() -> bool:
        answer = call("release_v1", booking.pk, leaving, status, "", "", "")
        if answer is None:
            return False
        sign(
            action,
            meeting_uid=answer["meeting"],
            actor=actor,
            payload={"booking": booking.uid, "was": answer["was"]},
        )
        return True

    changed = guarded(change)
    booking.refresh_from_db()
    if not changed:
        raise NotChangeable(
            f"This booking is {booking.status.replace('_', ' ')}, so this cannot be recorded."
        )
    return booking
