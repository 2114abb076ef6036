"""Rescheduling: a move blocks the new time beside the old one; the new one counts once its link is proven."""

from datetime import datetime, timedelta

from django.conf import settings

from audit.api import Actor, Run, UndoRefused
from booking.core.slots import OpenStart
from booking.errors import WORDS, NotChangeable, SlotRefused
from booking.guard import TimeRange, call, guarded
from booking.holding import blocked_range
from booking.models import Booking, EventType, Host, Move
from booking.offers import alternatives, check
from booking.sentences import when
from booking.signing import sign, sign_expired
from booking.workflows.new_booking import start_new_booking
from kernel.reasons import Reason


def move(booking: Booking, *, start: datetime, now: datetime, actor: Actor) -> Move:
    """Start moving a confirmed booking to another start, with the same hosts.

    Raises `SlotRefused` with alternatives, `NotChangeable` when it is not confirmed, has started, or already
    moves; `Busy`. Until the new time is confirmed, and if that fails, the old one stands.
    """
    _check_movable(booking, start=start, now=now)
    event_type = booking.meeting.event_type
    host = _kept_host(booking)
    found = check(event_type, start=start, now=now, host=host, leaving=booking.meeting_id)
    if not isinstance(found, OpenStart):
        raise _refused(booking, found.reason, start=start, now=now, host=host)
    outcome = guarded(lambda: _move(booking, start=start, now=now, actor=actor, reverses=None))
    if isinstance(outcome, Move):
        return outcome
    if outcome == "slot_taken":
        raise _refused(booking, Reason.SLOT_TAKEN, start=start, now=now, host=host)
    raise NotChangeable(_WHY_NOT[outcome])


def move_back_within(booking: Booking, done: Move, *, actor: Actor, now: datetime, reverses: Run) -> Run:
    """Undo a move: the old time through the guard, in the caller's transaction; raises `UndoRefused`."""
    outcome = _move(booking, start=done.from_starts_at, now=now, actor=actor, reverses=reverses)
    if not isinstance(outcome, Move):
        gone = f"The time is gone: {when(done.from_starts_at)} is taken."
        raise UndoRefused(f"{_WHY_NOT.get(outcome, gone)} Nothing changed.")
    return Run.objects.get(reverses=reverses)


_WHY_NOT = {
    "not_confirmed": "This booking is not confirmed any more, so it cannot be moved.",
    "moving": "This booking is being moved right now. Wait a moment and look again.",
}


def _move(
    booking: Booking, *, start: datetime, now: datetime, actor: Actor, reverses: Run | None
) -> Move | str:
    meeting = booking.meeting
    end = start + (meeting.ends_at - meeting.starts_at)
    answer = call(
        "move_v1", booking.pk, start, end, TimeRange(_blocked(booking, start)), settings.HOLDFAST_LINK_SECONDS
    )
    sign_expired(answer.get("swept", ()))
    if answer["outcome"] != "held":
        return str(answer["outcome"])
    moving = Move.objects.get(pk=answer["move"])
    meeting.refresh_from_db()  # what was read before the lock may be a move old: time, and which link to retire
    sign(
        "hold_new_time",
        meeting_uid=meeting.uid,
        actor=actor,
        payload={"booking": booking.uid, "from": meeting.starts_at.isoformat(), "to": start.isoformat()},
    )
    start_new_booking(booking, actor=actor, now=now, move=moving, reverses=reverses)
    moving.refresh_from_db()
    return moving


def _blocked(booking: Booking, start: datetime) -> tuple[datetime, datetime]:
    """Return the blocked range at the new start, with the buffers that the event type has now."""
    lower, upper = blocked_range(booking.meeting.event_type, start)
    length = booking.meeting.ends_at - booking.meeting.starts_at
    usual = timedelta(minutes=booking.meeting.event_type.duration_minutes)
    return lower, upper + (length - usual)


def _check_movable(booking: Booking, *, start: datetime, now: datetime) -> None:
    meeting = booking.meeting
    if booking.status != Booking.Status.CONFIRMED:
        raise NotChangeable(f"This booking is {booking.status.replace('_', ' ')}, so it cannot be moved.")
    if meeting.starts_at <= now:
        raise NotChangeable("This meeting has started or is over, so it cannot be moved.")
    if meeting.event_type.kind == EventType.Kind.GROUP:
        raise NotChangeable("A seat in a group session cannot be moved. Cancel it and book another session.")
    if start == meeting.starts_at:
        raise NotChangeable("This is the time that the booking has already. Choose another one.")


def _kept_host(booking: Booking) -> Host | None:
    """Return the host who is kept on a reschedule; None where all of several are needed."""
    hosts = list(booking.meeting.hosts.all()[:2])
    return hosts[0] if len(hosts) == 1 else None


def _refused(
    booking: Booking, reason: Reason, *, start: datetime, now: datetime, host: Host | None
) -> SlotRefused:
    offered = alternatives(booking.meeting.event_type, start=start, now=now, host=host)
    return SlotRefused(reason, alternatives=offered, words=f"{WORDS[reason]} Your booking stays as it is.")
