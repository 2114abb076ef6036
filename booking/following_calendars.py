"""What a host does to our event in their calendar reaches the booking: moved there is moved here, deleted is cancelled,
taken into another calendar is followed.

A job per change. It looks at the event once more before it acts, so that what comes twice, late or out of order, and
what was taken back meanwhile, does nothing. A new time goes through the guard like any other; where the guard or the
meeting's kind says no, the event is put back where the booking is, and the team is told. Only its hosts' calendars are
followed: one who handed it over may still have an event that could not be taken out.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from audit.api import Actor
from booking.cancelling import cancel
from booking.errors import NotChangeable, SlotRefused
from booking.facts import calendar_event
from booking.incidents import open_incident
from booking.models import Booking, Meeting, Move
from booking.moving import move
from booking.sentences import when
from booking.signing import sign, subject_of
from jobs.api import Later, Lease, handles
from kernel.clock import now as clock_now
from kernel.errors import Busy
from providers.api import (
    CALENDAR_CHANGED_JOB,
    CalendarChange,
    ProviderError,
    follow_elsewhere,
    look_at_change,
    restore_event,
)

log = logging.getLogger(__name__)
CALENDAR = Actor(type="automation", id="calendar")
_SOON, _LATER = timedelta(seconds=5), timedelta(minutes=1)
_MOVING = "moving:"
_PATIENCE = timedelta(days=1)


@handles(CALENDAR_CHANGED_JOB)
def answer_change(ref: str, _lease: Lease) -> None:
    """Answer one change of a calendar's owner; asks to be called again while the vendor is silent or a move runs."""
    change = CalendarChange.objects.filter(pk=int(ref), answered_at=None).first()
    if change is None:
        return
    now = clock_now()
    try:
        answer = _settled_move(change, now) if change.answer.startswith(_MOVING) else _answer(change, now)
    except ProviderError as error:
        if not error.is_transient or now - change.seen_at > _PATIENCE:
            _answered(change, "unreachable", now)
            return
        raise Later(now + _LATER) from error
    except Busy as error:
        raise Later(now + _SOON) from error
    if answer.startswith(_MOVING):
        CalendarChange.objects.filter(pk=change.pk).update(answer=answer)
        raise Later(now + _SOON)
    _answered(change, answer, now)


def _answer(change: CalendarChange, now: datetime) -> str:
    """Do what the event as it stands now asks for; return the answer that is kept."""
    meeting = Meeting.objects.select_related("event_type").filter(uid=change.uid.partition("@")[0]).first()
    if meeting is None or meeting.released_at is not None or meeting.starts_at <= now:
        return "too_late"
    _check_settled(meeting)  # first: whom the meeting has is known once it goes to nobody else
    if not meeting.meeting_hosts.filter(host_id=change.host_id).exists():
        return "not_followed"
    event = look_at_change(change)
    if event is None:
        return "not_followed"
    if event.is_deleted and follow_elsewhere(change, now=now):
        return "in_another_calendar"
    if not event.is_deleted and (event.starts_at, event.ends_at) == (meeting.starts_at, meeting.ends_at):
        return "as_booked"
    bookings = list(meeting.bookings.filter(status=Booking.Status.CONFIRMED).order_by("pk")[:2])
    if not bookings:
        return "too_late"
    why_not = _why_not(meeting, bookings)
    if why_not:
        return _put_back(change, meeting, why_not, now)
    if event.is_deleted:
        return _cancelled(bookings[0], change, now)
    if event.starts_at is None or event.ends_at is None or event.starts_at == meeting.starts_at:
        return _put_back(change, meeting, "A meeting’s length is not changed from the calendar.", now)
    return _moved(bookings[0], change, meeting, event.starts_at, now)


def _check_settled(meeting: Meeting) -> None:
    """Raise `Busy` while the meeting goes to another host: whose calendar counts is known once that is settled."""
    if meeting.moves.filter(host__isnull=False, status=Move.Status.HELD).exists():
        raise Busy("The meeting is going to another host.")


def _why_not(meeting: Meeting, bookings: list[Booking]) -> str:
    """Say why this meeting does not follow one host's calendar; "" where it does."""
    if len(bookings) > 1 or meeting.is_session:
        return "Others have a place in this session, so it is not changed from one calendar."
    if meeting.meeting_hosts.count() > 1:
        return "Several hosts take part, so it is not changed from one calendar."
    return ""


def _cancelled(booking: Booking, change: CalendarChange, now: datetime) -> str:
    try:
        cancel(booking, reason="The host took it out of the calendar.", now=now, actor=CALENDAR)
    except NotChangeable:
        return "too_late"
    log.info("Change %s of a calendar cancelled a booking.", change.pk)
    return "cancelled"


def _moved(booking: Booking, change: CalendarChange, meeting: Meeting, start: datetime, now: datetime) -> str:
    """Start the move; one that an earlier try of this job began is taken up."""
    begun = Move.objects.filter(booking=booking, starts_at=start, status=Move.Status.HELD).first()
    if begun is not None:
        return f"{_MOVING}{begun.pk}"
    try:
        moving = move(booking, start=start, now=now, actor=CALENDAR, is_hosts_wish=True)
    except (SlotRefused, NotChangeable) as refused:
        return _put_back(change, meeting, refused.message, now)
    return f"{_MOVING}{moving.pk}"


def _settled_move(change: CalendarChange, now: datetime) -> str:
    """Return what became of a move that this change began; put the event back where it failed."""
    moving = Move.objects.select_related("meeting__event_type").get(
        pk=int(change.answer.removeprefix(_MOVING))
    )
    if moving.status == Move.Status.HELD:
        return change.answer
    if moving.status == Move.Status.CONFIRMED:
        return "moved"
    if not moving.meeting.meeting_hosts.filter(host_id=change.host_id).exists():
        return "not_followed"
    return _put_back(change, moving.meeting, "The new time could not be confirmed.", now)


def _put_back(change: CalendarChange, meeting: Meeting, why: str, now: datetime) -> str:
    """Write the event where the booking is, sign it, and tell the team."""
    restore_event(change, calendar_event(meeting), now=now)
    with transaction.atomic():
        sign(
            "put_event_back",
            meeting_uid=meeting.uid,
            actor=CALENDAR,
            payload={
                "change": str(change.pk),
                "kind": change.kind,
                "starts_at": meeting.starts_at.isoformat(),
            },
            because=why,
        )
        open_incident(
            "calendar_change_refused",
            subject=subject_of(meeting.uid),
            title=f"{meeting.event_type.title} was {change.kind} in a host’s calendar, and put back.",
            consequence=f"The booking stands at {when(meeting.starts_at)}. {why} Move or cancel it in the portal.",
            now=now,
        )
    return "put_back"


def _answered(change: CalendarChange, answer: str, now: datetime) -> None:
    CalendarChange.objects.filter(pk=change.pk, answered_at=None).update(answered_at=now, answer=answer)
