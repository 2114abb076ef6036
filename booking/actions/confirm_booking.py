"""Confirm a booking, or the new time of one. The only place where a booking becomes confirmed."""

from django.db.models import F
from django.db.models.functions import Now

from audit.api import Action, Permanent, StepContext, Undo
from booking.actions.target import target_of
from booking.errors import WORDS
from booking.guard import call
from booking.models import Booking, EventType, Meeting
from kernel.reasons import Reason


def confirm(context: StepContext) -> None:
    """Turn awaiting_link into confirmed by a guarded update; too late is a failure, never a confirmation."""
    target = target_of(context)
    if target.move:
        if not call("confirm_move_v1", target.move.pk):
            raise Permanent(WORDS[Reason.HOLD_EXPIRED], code=Reason.HOLD_EXPIRED)
        return
    waiting = Booking.objects.filter(
        pk=target.booking.pk, status=Booking.Status.AWAITING_LINK, expires_at__gt=Now()
    )
    if not waiting.update(status=Booking.Status.CONFIRMED, expires_at=None, confirmed_at=Now()):
        raise Permanent(WORDS[Reason.HOLD_EXPIRED], code=Reason.HOLD_EXPIRED)
    if (
        target.meeting.event_type.kind == EventType.Kind.GROUP
    ):  # one attendee more: calendars take a later SEQUENCE
        Meeting.objects.filter(pk=target.meeting.pk).update(sequence=F("sequence") + 1)


def take_back(context: StepContext) -> None:
    """Free the place again. A move has nothing to take back here: its failing gave the new time up already, and
    the booking's old time stands."""
    if context.payload.get("move"):
        return
    call(
        "release_v1",
        target_of(context).booking.pk,
        ["confirmed"],
        "cancelled",
        "",
        "The booking was taken back.",
        "undo",
    )


confirm_booking = Action(
    name="confirm_booking",
    sentence="Confirmed the booking",
    write=confirm,
    undo=Undo(consequence="The booking is cancelled and its time is free again.", write=take_back),
)
