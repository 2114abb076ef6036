"""Which reminders a booking has: rows written when it is confirmed, each with its own due job; never a scan.

`settle_reminders` brings them in line with how the booking stands, whatever happened to it: confirmed, moved,
cancelled, taken back. It runs in the transaction of that change.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import wraps

from audit.api import Actor, Json, StepContext, record
from audit.sagas.actions import Write
from booking.core.reminders import still_ahead
from booking.models import Booking, Reminder
from booking.signing import subject_of
from jobs.api import enqueue

JOB = "remind"
MOVED = "The booking has another time by now."
BEGAN = "The meeting had begun."
_ENDED = {
    Booking.Status.CANCELLED: "The booking was cancelled.",
    Booking.Status.COMPLETED: "The meeting is over.",
    Booking.Status.NO_SHOW: "The meeting is over.",
}


def with_reminders(write: Write) -> Write:
    """Return `write`, followed by settling the reminders of the booking that the step is about."""

    @wraps(write)
    def settling(context: StepContext) -> None:
        write(context)
        settle_reminders(context.payload["booking"], now=context.now)

    return settling


def settle_reminders(booking_uid: str, *, now: datetime) -> None:
    """Skip the due reminders that no longer fit, and write those that are missing, in the caller's transaction.

    A reminder of another start is skipped, and every one of a booking that is not confirmed; for the start that
    it has now, those of the event type's times that still lie ahead are written. Signed where anything changed.
    """
    booking = Booking.objects.select_related("meeting__event_type").get(uid=booking_uid)
    starts_at = booking.meeting.starts_at
    due = list(Reminder.objects.select_for_update().filter(booking=booking, state=Reminder.State.DUE))
    lost = why_not(booking)
    skipped = [each for each in due if lost or each.starts_at != starts_at]
    Reminder.objects.filter(pk__in=[each.pk for each in skipped]).update(
        state=Reminder.State.SKIPPED, because=lost or MOVED, ended_at=now
    )
    kept = {each.minutes_before for each in due if each not in skipped}
    made = [] if lost else _made(booking, kept, now=now)
    if skipped or made:
        _sign(booking, made, skipped)


def reminders(booking: Booking) -> list[Reminder]:
    """Return a booking's reminders, the earliest first, with those that were skipped and why. One query."""
    return list(Reminder.objects.filter(booking=booking))


def why_not(booking: Booking) -> str:
    """Return why a booking is not to be reminded of at all, as a sentence; "" when it is confirmed."""
    if booking.status == Booking.Status.CONFIRMED:
        return ""
    words = booking.status.replace("_", " ")
    return _ENDED.get(Booking.Status(booking.status), f"The booking is {words}.")


def _made(booking: Booking, kept: set[int], *, now: datetime) -> list[Reminder]:
    minutes = [each for each in booking.meeting.event_type.reminder_minutes if each not in kept]
    ahead = still_ahead(minutes, starts_at=booking.meeting.starts_at, now=now)
    made = Reminder.objects.bulk_create(
        Reminder(booking=booking, due_at=due_at, minutes_before=before) for before, due_at in ahead
    )
    for each in made:
        enqueue(JOB, ref=str(each.pk), now=now, due_at=each.due_at)
    return made


def _sign(booking: Booking, made: Sequence[Reminder], skipped: Sequence[Reminder]) -> None:
    written: list[Json] = [{"reminder": each.pk, "due_at": each.due_at.isoformat()} for each in made]
    record(
        "settle_reminders",
        subject=subject_of(booking.meeting.uid),
        actor=Actor(type="automation", id="reminder"),
        payload={"booking": booking.uid, "written": written, "skipped": [each.pk for each in skipped]},
        reversible="none",
        because="Reminders follow how the booking stands.",
    )
