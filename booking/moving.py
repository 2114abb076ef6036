"""Rescheduling: the new time, or the seat in another session, is taken beside the old one, which stands until
the new one's link is proven. A seat keeps no host: it goes to whichever session starts then, or opens one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from audit.api import Actor, Run, UndoRefused, reversal_of
from booking.choosing import of_meeting
from booking.core.slots import OpenStart
from booking.errors import WORDS, NotChangeable, SlotRefused
from booking.guard import TimeRange, call, guarded
from booking.models import Booking, Meeting, Move
from booking.offers import check, why_impossible
from booking.places import blocked_range, host_choices, limits_at, meeting_values
from booking.sentences import when
from booking.signing import sign, sign_expired
from booking.times_to_move import is_seat, kept_host, times_to_move
from booking.workflows.new_booking import start_new_booking
from kernel.reasons import Reason
from tenants.api import current_tenant


def move(
    booking: Booking,
    *,
    start: datetime,
    now: datetime,
    actor: Actor,
    is_hosts_wish: bool = False,
    time_zone: str = "",
) -> Move:
    """Start moving a confirmed booking to another start: its meeting with the same hosts, or its seat in a group
    session to the session that starts then.

    Raises `SlotRefused` with alternatives, `NotChangeable` when it is not confirmed, has started, or already
    moves; `Busy`. Until the new time is confirmed, and if that fails, the old one stands.
    `is_hosts_wish`: the host chose the time, so hours and notice are theirs to break; the past, the guard with its
    limits, and the calendars that are asked before it counts, are not. Not for a seat in a group session.
    `time_zone` (an IANA name) is the one in which the client reads times from now on; "" keeps theirs.
    """
    _check_movable(booking, start=start, now=now)
    _check_takes_bookings(actor)
    if reason := why_impossible(start):
        raise SlotRefused(reason, words=_stays(reason))
    event_type = of_meeting(booking.meeting)
    if is_hosts_wish and not is_seat(booking):
        if start <= now:
            raise _refused(booking, Reason.NOTICE_TOO_SHORT, start=start, now=now)
        return _guarded_move(booking, start=start, now=now, actor=actor, choices=[], time_zone=time_zone)
    leaving = None if is_seat(booking) else booking.meeting_id
    found = check(event_type, start=start, now=now, host=kept_host(booking), leaving=leaving)
    if not isinstance(found, OpenStart):
        raise _refused(booking, found.reason, start=start, now=now)
    choices = host_choices(event_type, found) if is_seat(booking) else []
    return _guarded_move(booking, start=start, now=now, actor=actor, choices=choices, time_zone=time_zone)


def _guarded_move(
    booking: Booking,
    *,
    start: datetime,
    now: datetime,
    actor: Actor,
    choices: list[list[int]],
    time_zone: str,
) -> Move:
    def take() -> Move | str:
        return _move(booking, start=start, now=now, actor=actor, choices=choices, time_zone=time_zone)

    outcome = guarded(take)
    if isinstance(outcome, Move):
        return outcome
    if outcome in _WHY_NOT:
        raise NotChangeable(_WHY_NOT[outcome])
    raise _refused(booking, Reason(outcome), start=start, now=now)


def move_back_within(booking: Booking, done: Move, *, actor: Actor, now: datetime, reverses: Run) -> Run:
    """Undo a move: the old time or session through the guard, in the caller's transaction; raises `UndoRefused`."""
    choices = [_claimed(done.from_meeting)] if done.from_meeting else []
    outcome = _move(
        booking, start=done.from_starts_at, now=now, actor=actor, reverses=reverses, choices=choices
    )
    if not isinstance(outcome, Move):
        gone = f"The time is gone: {when(done.from_starts_at)} is taken."
        if outcome == Reason.LIMIT_REACHED:
            gone = f"No more meetings are taken in the period of {when(done.from_starts_at)}: its limit is reached."
        raise UndoRefused(f"{_WHY_NOT.get(outcome, gone)} Nothing changed.")
    return reversal_of(reverses)


_WHY_NOT = {
    "not_confirmed": "This booking is not confirmed any more, so it cannot be moved.",
    "moving": "This booking is being moved right now. Wait a moment and look again.",
}


def _move(
    booking: Booking,
    *,
    start: datetime,
    now: datetime,
    actor: Actor,
    choices: list[list[int]],
    reverses: Run | None = None,
    time_zone: str = "",
) -> Move | str:
    """Take the new place and start its run, in a transaction; else the guard's word. `choices`: sets of hosts
    for a session that has to be opened, best first."""
    answer = _take(booking, start, choices)
    sign_expired(answer.get("swept", ()))
    if answer["outcome"] != "held":
        return str(answer["outcome"])
    moving = Move.objects.select_related("meeting__event_type", "from_meeting").get(pk=answer["move"])
    if time_zone:
        Booking.objects.filter(pk=booking.pk).update(time_zone=time_zone)
        booking.time_zone = time_zone
    sign(
        "hold_new_time",
        meeting_uid=moving.meeting.uid,
        actor=actor,
        payload={
            "booking": booking.uid,
            "from": moving.from_starts_at.isoformat(),
            "to": moving.starts_at.isoformat(),
            **({"time_zone": time_zone} if time_zone else {}),
        },
    )
    start_new_booking(booking, actor=actor, now=now, move=moving, reverses=reverses)
    moving.refresh_from_db()
    return moving


def _take(booking: Booking, start: datetime, choices: list[list[int]]) -> Mapping[str, Any]:
    """Block the new time of the meeting, or take the seat in the other session; one call of the guard."""
    seconds = settings.HOLDFAST_LINK_SECONDS
    meeting = booking.meeting
    if is_seat(booking):
        event_type = meeting.event_type
        place = TimeRange(blocked_range(event_type, start))
        limits = limits_at(event_type, start, {each for choice in choices for each in choice})
        wanted = {**meeting_values(event_type, start), "limits": limits}
        function = "move_seat_within_v1" if limits else "move_seat_v1"
        return dict(call(function, booking.pk, wanted, place, choices, seconds))
    length = meeting.ends_at - meeting.starts_at
    hosts = meeting.meeting_hosts.order_by("host_id").values_list("host_id", flat=True)
    before = list(hosts)
    limits = limits_at(meeting.event_type, start, before, minutes=length // timedelta(minutes=1))
    asked = [booking.pk, start, start + length, TimeRange(_blocked(booking, start)), seconds]
    if not limits:
        return dict(call("move_v1", *asked))
    answer = dict(call("move_within_v1", *asked, limits))
    if list(hosts.all()) != before:  # it went to another host meanwhile, whose limits were not asked
        raise NotChangeable(_WHY_NOT["moving"])
    return answer


def _claimed(meeting: Meeting) -> list[int]:
    """Return the hosts, rooms and equipment of a meeting."""
    return [
        *meeting.meeting_hosts.values_list("host_id", flat=True),
        *meeting.meeting_resources.values_list("resource_id", flat=True),
    ]


def _blocked(booking: Booking, start: datetime) -> tuple[datetime, datetime]:
    """Return the blocked range at the new start, with the buffers that the event type has now."""
    return blocked_range(of_meeting(booking.meeting), start)


def _check_takes_bookings(actor: Actor) -> None:
    """Refuse a new time to clients while the business takes none; its own users still move what is booked."""
    closed = current_tenant().closed_because
    if closed == Reason.TENANT_SUSPENDED or (closed and actor.type in ("client", "api_key")):
        raise SlotRefused(closed)


def _check_movable(booking: Booking, *, start: datetime, now: datetime) -> None:
    meeting = booking.meeting
    if booking.status != Booking.Status.CONFIRMED:
        raise NotChangeable(f"This booking is {booking.status.replace('_', ' ')}, so it cannot be moved.")
    if meeting.starts_at <= now:
        raise NotChangeable("This meeting has started or is over, so it cannot be moved.")
    if start == meeting.starts_at:
        raise NotChangeable("This is the time that the booking has already. Choose another one.")


def _refused(booking: Booking, reason: Reason, *, start: datetime, now: datetime) -> SlotRefused:
    offered = times_to_move(booking, start=start, now=now)
    return SlotRefused(reason, alternatives=offered, words=_stays(reason))


def _stays(reason: Reason) -> str:
    return f"{WORDS[reason]} Your booking stays as it is."
