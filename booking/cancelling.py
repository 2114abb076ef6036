"""Cancelling a booking, by client, host or undo: the time is free when the call returns."""

from datetime import datetime

from audit.api import Actor, Run, start_run
from booking.guard import guarded
from booking.models import Booking, Meeting, MeetingHost
from booking.signing import subject_of
from booking.texting import wants_texts
from booking.ways import links_of
from booking.workflows.cancellation import WORKFLOW

MOST_WORDS = 1000


def cancel(booking: Booking, *, reason: str, now: datetime, actor: Actor) -> Booking:
    """Cancel a confirmed booking and start the workflow that tells everyone.

    Raises `NotChangeable` when it is in another status (a second click finds it cancelled), `Busy`.
    """
    guarded(lambda: cancel_within(booking, reason=reason[:MOST_WORDS], by=actor.type, actor=actor, now=now))
    booking.refresh_from_db()
    return booking


def cancel_within(
    booking: Booking, *, reason: str, by: str, actor: Actor, now: datetime, reverses: Run | None = None
) -> Run:
    """The same inside the caller's transaction; `by` is who is named as the one who cancelled."""
    # under its lock: a move may have given it another link since the caller looked
    meeting = Meeting.objects.select_for_update().get(pk=booking.meeting_id)
    # personal words stay with the booking: a run's payload holds ids only
    Booking.objects.filter(pk=booking.pk, status=Booking.Status.CONFIRMED).update(cancel_reason=reason)
    payload = {
        "booking": booking.uid,
        "links": links_of(meeting),
        "starts_at": meeting.starts_at.isoformat(),
        "by": by,
        "by_whom": "attendee" if by == "client" else "host" if _is_host(booking, actor) else "business",
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


def _is_host(booking: Booking, actor: Actor) -> bool:
    hosts = MeetingHost.objects.filter(meeting=booking.meeting, host__user_id__isnull=False)
    return actor.type == "user" and actor.id in {
        str(user) for user in hosts.values_list("host__user_id", flat=True)
    }
