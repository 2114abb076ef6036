"""Reassigning: a confirmed meeting goes to another host of its event type at the same time.

The new host is blocked beside the old one, their calendars are asked live, a link that is the old one's to start
is made and proven anew in theirs, and only then the meeting is theirs. Any other link stays.
Weekly hours are not asked: a person decides this, and the guard and the calendars still refuse what clashes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from audit.api import Actor, Run, UndoRefused, reversal_of
from booking.errors import NotChangeable, SlotRefused
from booking.guard import call, guarded
from booking.models import Booking, EventType, Host, Meeting, Move
from booking.moves_in_words import why_not_back
from booking.occupied import occupied
from booking.places import limits_at
from booking.sentences import when
from booking.signing import sign, sign_expired
from booking.workflows.new_booking import start_new_booking
from kernel.reasons import Reason
from providers.api import busy_times


def reassign(booking: Booking, *, host: Host, now: datetime, actor: Actor) -> Move:
    """Start handing a confirmed booking's meeting to `host`, for everyone who has a place in it.

    Raises `NotChangeable` when it is not confirmed, has started, already moves, needs all its hosts, or `host`
    does not offer this event type; `SlotRefused` when they are busy then; `Busy`. Until the new host is
    confirmed, and if that fails, the old one stands.
    """
    meeting = booking.meeting
    _check_reassignable(booking, now=now)
    if host not in _others(meeting):
        raise NotChangeable(
            f"{host.name} does not offer this meeting, or has it already. Choose another host."
        )
    reason = _why_busy([host], meeting, now=now).get(host.pk)
    if reason:
        raise _refused(host, reason, meeting)
    from_host = meeting.hosts.get()
    outcome = guarded(lambda: _reassign(booking, from_host, host, now=now, actor=actor))
    if isinstance(outcome, Move):
        return outcome
    if outcome in _WHY_NOT:
        raise NotChangeable(_WHY_NOT[outcome])
    raise _refused(host, Reason(outcome), meeting)


def reassign_back_within(booking: Booking, done: Move, *, actor: Actor, now: datetime, reverses: Run) -> Run:
    """Undo a reassignment: back through the guard, in the caller's transaction; raises `UndoRefused`."""
    if done.handover is None:
        raise ValueError("This move is no reassignment.")
    before, taker = done.handover
    if why_not := why_not_back(booking.meeting, before):
        raise UndoRefused(f"{why_not} Nothing changed.")
    outcome = _reassign(booking, taker, before, now=now, actor=actor, reverses=reverses)
    if not isinstance(outcome, Move):
        busy = f"{before.name} is busy on {when(done.starts_at)} by now."
        if outcome == Reason.LIMIT_REACHED:
            busy = f"{before.name} takes no more meetings in that period."
        raise UndoRefused(f"{_WHY_NOT.get(outcome, busy)} Nothing changed.")
    return reversal_of(reverses)


def reassignable_hosts(booking: Booking, now: datetime) -> tuple[Host, ...]:
    """Return who could take the booking's meeting over: active hosts of its event type who are free then, by our
    own bookings and by their calendars. Empty when it cannot be reassigned at all. Four queries at most."""
    try:
        _check_reassignable(booking, now=now)
    except NotChangeable:
        return ()
    others = _others(booking.meeting)
    busy = _why_busy(others, booking.meeting, now=now)
    return tuple(host for host in others if host.pk not in busy)


_WHY_NOT = {
    "not_confirmed": "This booking is not confirmed any more, so it cannot be reassigned.",
    "moving": "This booking is being changed right now. Wait a moment and look again.",
    "reassigned": "This meeting went to another host a moment ago. Look again.",
}


def _reassign(
    booking: Booking, from_host: Host, host: Host, *, now: datetime, actor: Actor, reverses: Run | None = None
) -> Move | str:
    """Block the new host and start the run, in a transaction; else the guard's word."""
    meeting = booking.meeting
    asked = [booking.pk, from_host.pk, host.pk, settings.HOLDFAST_LINK_SECONDS]
    length = meeting.ends_at - meeting.starts_at
    limits = limits_at(
        meeting.event_type, meeting.starts_at, [host.pk], minutes=length // timedelta(minutes=1)
    )
    of_host = [each for each in limits if each["host"] is not None]
    answer = call("reassign_within_v1", *asked, of_host) if of_host else call("reassign_v1", *asked)
    sign_expired(answer["swept"])
    if answer["outcome"] != "held":
        return str(answer["outcome"])
    handing = Move.objects.select_related("meeting__event_type").get(pk=answer["move"])
    sign(
        "hold_new_host",
        meeting_uid=handing.meeting.uid,
        actor=actor,
        payload={"booking": booking.uid, "from": str(from_host.pk), "to": str(host.pk)},
    )
    start_new_booking(booking, actor=actor, now=now, move=handing, reverses=reverses)
    handing.refresh_from_db()
    return handing


def _check_reassignable(booking: Booking, *, now: datetime) -> None:
    if booking.status != Booking.Status.CONFIRMED:
        raise NotChangeable(
            f"This booking is {booking.status.replace('_', ' ')}, so it cannot be reassigned."
        )
    if booking.meeting.starts_at <= now:
        raise NotChangeable("This meeting has started or is over, so it cannot be reassigned.")
    if booking.meeting.event_type.kind == EventType.Kind.COLLECTIVE or booking.meeting.hosts.count() != 1:
        raise NotChangeable("This meeting needs all its hosts, so it cannot be reassigned.")


def _others(meeting: Meeting) -> list[Host]:
    """Return the active hosts of the meeting's type who do not have it already, in their order."""
    hosts = Host.objects.filter(event_types=meeting.event_type, active=True)
    return list(hosts.exclude(pk__in=meeting.meeting_hosts.values("host_id")).order_by("position", "pk"))


def _why_busy(hosts: Sequence[Host], meeting: Meeting, *, now: datetime) -> dict[int, Reason]:
    """Return why hosts cannot take the meeting's time: their bookings, their calendars, or that nobody can say."""
    start, end = meeting.blocked.lower, meeting.blocked.upper
    ids = [host.pk for host in hosts]
    answer = busy_times(
        ids,
        start=start,
        end=end,
        now=now,
        max_age=timedelta(seconds=settings.HOLDFAST_CALENDAR_FRESH_SECONDS),
    )
    found = dict.fromkeys(answer.stale, Reason.CALENDAR_STALE)
    for host_id, spans in answer.busy.items():
        if any(begins < end and ends > start for begins, ends in spans):
            found[host_id] = Reason.CALENDAR_BUSY
    return found | dict.fromkeys(occupied(ids, start, end).blocked, Reason.HOST_BUSY)


def _refused(host: Host, reason: Reason, meeting: Meeting) -> SlotRefused:
    why = {
        Reason.CALENDAR_STALE: f"The calendar of {host.name} cannot be read right now.",
        Reason.LIMIT_REACHED: f"{host.name} takes no more meetings in that period.",
    }.get(reason, f"{host.name} is busy on {when(meeting.starts_at)}.")
    return SlotRefused(reason, words=f"{why} Choose another host. The meeting stays as it is.")
