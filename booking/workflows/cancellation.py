"""Cancellation: free the slot at once, cancel the link and the calendar event, tell everyone.

Also runs a host's no to a pending booking: free the slot, tell the client.
"""

from datetime import datetime

from audit.api import Actor, Run, Step, UndoPreview, UndoRefused, Workflow, register_workflow
from booking.actions.approval import decline_booking, tell_declined
from booking.actions.calendar_event import delete_calendar_event
from booking.actions.free_slot import free_slot
from booking.actions.meeting_link import cancel_meeting
from booking.actions.messages import notify_team, send_cancellation
from booking.actions.texting import send_text
from booking.actions.webhooks import notify_webhooks
from booking.models import Booking
from booking.moves_in_words import departed
from booking.sentences import booking_sentence, when

NAME = "cancellation"
_BY = {"client": "by the client", "user": "in the portal", "undo": "by undo", "api_key": "through the API"}


def sentence(run: Run) -> str:
    """Return the run in words."""
    booking = Booking.objects.select_related("meeting__event_type").get(uid=run.payload["booking"])
    by = _BY.get(run.payload["by"], "")
    start = datetime.fromisoformat(run.payload["starts_at"])
    if "declined" in run.payload:
        return f"Declined {booking_sentence(booking)} on {when(start)}"
    return f"Cancelled {booking_sentence(booking)} on {when(start)} {by}".rstrip()


def preview(run: Run, now: datetime) -> UndoPreview:
    """Say what undoing would do: the booking takes its old place back, if that is still free."""
    booking = Booking.objects.select_related("meeting__event_type").get(uid=run.payload["booking"])
    if "declined" in run.payload:
        return UndoPreview(
            possible=False,
            because="The time is open to everyone again. Book the client anew from the booking’s page.",
        )
    if booking.status != Booking.Status.CANCELLED:
        return UndoPreview(
            possible=False, because=f"The booking is {booking.status.replace('_', ' ')} by now."
        )
    if booking.meeting.starts_at <= now:
        return UndoPreview(possible=False, because="The time of the meeting has passed.")
    if gone := departed(booking.meeting):
        return UndoPreview(possible=False, because=f"{gone} Book the client anew from the booking’s page.")
    return UndoPreview(
        possible=True,
        consequences=(
            f"The booking takes {when(booking.meeting.starts_at)} back, if it is still free; else nothing changes.",
            "A new meeting link is made and tested, and the booking is confirmed again.",
            "The client and the hosts get a new invite: the cancellation mail cannot be unsent, so it is corrected.",
        ),
    )


def undo(run: Run, actor: Actor, now: datetime) -> Run:
    """Take the slot back through the guard and confirm anew, or refuse because it is gone."""
    from booking.retaking import retake_within  # retaking starts runs of this module's opposite

    booking = Booking.objects.select_related("meeting__event_type").get(uid=run.payload["booking"])
    again = retake_within(booking, actor=actor, now=now, reverses=run)
    if again is None:
        raise UndoRefused(
            f"The time is gone: {when(booking.meeting.starts_at)} was taken meanwhile. Nothing changed. "
            "Offer the client another time from the booking’s page."
        )
    return again


WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(decline_booking),
            Step(tell_declined, attempts=12, back_off=2.0),
            Step(free_slot),
            Step(cancel_meeting, attempts=8, back_off=2.0),
            Step(delete_calendar_event, attempts=12, back_off=2.0),
            Step(send_cancellation, attempts=12, back_off=2.0, own_undo=True),
            Step(send_text, attempts=8, back_off=2.0, own_undo=True),
            Step(notify_team, attempts=12, back_off=2.0, own_undo=True),
            Step(notify_webhooks, attempts=8, back_off=2.0, own_undo=True),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
    )
)
