"""Cancel a booking: its place and time are free at once. The inverse takes them back through the guard."""

from audit.api import Action, Irreversible, StepContext
from booking.actions.target import target_of
from booking.errors import NotChangeable
from booking.guard import call
from booking.reminding import with_reminders


def free(context: StepContext) -> None:
    """Turn confirmed into cancelled and retire what it blocked; raises `NotChangeable` if it is not confirmed."""
    booking = target_of(context).booking
    by = context.payload["by"]
    if call("release_v1", booking.pk, ["confirmed"], "cancelled", "", booking.cancel_reason, by) is None:
        booking.refresh_from_db()
        raise NotChangeable(f"This booking is {booking.status.replace('_', ' ')}, so it cannot be cancelled.")


free_slot = Action(
    name="free_slot",
    sentence="Cancelled the booking and freed its time",
    write=with_reminders(free),
    undo=Irreversible(
        because="The time is open to everyone at once; undoing the cancellation takes it back if it is still free.",
        consequence="The time is taken back if it is still free.",
    ),
)
