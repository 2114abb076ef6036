"""Confirm a booking, or the new time of one. The only place where a booking becomes confirmed."""

from audit.api import Action, Actor, Permanent, StepContext, Undo
from booking.actions.target import target_of
from booking.errors import WORDS
from booking.guard import call
from booking.models import Move
from booking.reminding import with_reminders
from booking.signing import sign
from kernel.reasons import Reason


def confirm(context: StepContext) -> None:
    """Turn awaiting_link into confirmed by a guarded update; too late is a failure, never a confirmation."""
    if context.payload.get("move"):
        move = target_of(context).move
        assert move is not None
        _confirm_move(context, move)
    elif not call("confirm_v1", context.payload["booking"]):
        raise Permanent(WORDS[Reason.HOLD_EXPIRED], code=Reason.HOLD_EXPIRED)


def _confirm_move(context: StepContext, move: Move) -> None:
    """Let the new time, seat or host count. A seat leaves another meeting, which is signed there too."""
    function = "confirm_seat_v1" if move.is_seat else "confirm_move_v1"
    if not call("confirm_reassign_v1" if move.is_reassignment else function, move.pk):
        raise Permanent(WORDS[Reason.HOLD_EXPIRED], code=Reason.HOLD_EXPIRED)
    if move.from_meeting:
        asked_by = f"{context.actor.type}:{context.actor.id}"
        sign(
            "leave_session",
            meeting_uid=move.from_meeting.uid,
            actor=Actor(type="automation", id=context.workflow, on_behalf_of=asked_by),
            payload={"booking": context.payload["booking"], "to": move.meeting.uid},
        )


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
    write=with_reminders(confirm),
    undo=Undo(
        consequence="The booking is cancelled and its time is free again.", write=with_reminders(take_back)
    ),
)
