"""Cancelling a booking, by client, host or undo: the time is free when the call returns."""

from datetime import datetime

from audit.api import Actor, Run, start_run
from booking.errors import NotChangeable
from booking.guard import guarded
from booking.models import Booking, Meeting, MeetingHost
from booking.signing import subject_of
from booking.texting import wants_texts
from booking.ways import links_of
from booking.workflows.cancellation import WORKFLOW

MOST_WORDS = 1000


def cancel(booking: Booking, *, reason: str, now: datetime, actor: Actor) -> Booking:
    """Cancel a confirmed booking and start the workflow that tells everyone.

    Raises `NotChangeable` when it is in another status (a second click finds it cancelled), when its meeting has begun
    and a client asks, or is over and anybody does; `Busy`.
    """

    def take_out() -> Run:
        meeting = _locked_meeting(booking)
        _check_in_time(meeting, now=now, actor=actor)
        return _start(booking, meeting, reason=reason[:MOST_WORDS], by=actor.type, actor=actor, now=now)

    guarded(take_out)
    booking.refresh_from_db()
    return booking


def cancel_within(
    booking: Booking, *, reason: str, by: str, actor: Actor, now: datetime, reverses: Run | None = None
) -> Run:
    """The same inside the caller's transaction, at any time; `by` is who is named as the one who cancelled."""
    meeting = _locked_meeting(booking)
    return _start(booking, meeting, reason=reason, by=by, actor=actor, now=now, reverses=reverses)


def _locked_meeting(booking: Booking) -> Meeting:
    """Return the meeting in which the booking has its place, locked: since the caller looked a move may have given it
    another link, or the seat another meeting."""
    there = Booking.objects.values_list("meeting_id", flat=True).get(pk=booking.pk)
    while True:
        meeting = Meeting.objects.select_for_update().get(pk=there)
        there = Booking.objects.values_list("meeting_id", flat=True).get(pk=booking.pk)
        if there == meeting.pk:
            return meeting


def _check_in_time(meeting: Meeting, *, now: datetime, actor: Actor) -> None:
    """A client cancels before the start; the business until the end, after which it can record a no-show."""
    if actor.type == "client" and meeting.starts_at <= now:
        raise NotChangeable("This meeting has started or is over, so it cannot be cancelled.")
    if meeting.ends_at <= now:
        raise NotChangeable("This meeting is over, so it cannot be cancelled.")


def _start(
    booking: Booking,
    meeting: Meeting,
    *,
    reason: str,
    by: str,
    actor: Actor,
    now: datetime,
    reverses: Run | None = None,
) -> Run:
    # personal words stay with the booking: a run's payload holds ids only
    Booking.objects.filter(pk=booking.pk, status=Booking.Status.CONFIRMED).update(cancel_reason=reason)
    payload = {
        "booking": booking.uid,
        "links": links_of(meeting),
        "starts_at": meeting.starts_at.isoformat(),
        "by": by,
        "by_whom": "attendee" if by == "client" else "host" if _is_host(meeting, actor) else "business",
    }
    return start_run(
        WORKFLOW,
        subject=subject_of(meeting.uid),
        payload=payload,
        actor=actor,
        now=now,
        at_once=("free_slot",),
        without=("decline_booking", "tell_declined", *(() if wants_texts(booking.pk) else ("send_text",))),
        reverses=reverses,
    )


def _is_host(meeting: Meeting, actor: Actor) -> bool:
    hosts = MeetingHost.objects.filter(meeting=meeting, host__user_id__isnull=False)
    return actor.type == "user" and actor.id in {
        str(user) for user in hosts.values_list("host__user_id", flat=True)
    }
