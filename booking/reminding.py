"""Which reminders a booking has: rows written when it is confirmed, each with its own due job; never a scan.

`settle_reminders` brings them in line with how the booking stands, whatever happened to it: confirmed, moved,
cancelled, taken back. It runs in the transaction of that change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from audit.api import Actor, Json, StepContext, record
from audit.sagas.actions import Write
from booking.core.reminders import still_ahead
from booking.guard import call
from booking.models import Booking, EventType, Reminder
from booking.signing import subject_of
from kernel.rows import from_row

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
    it = _standing(booking_uid)
    lost = _why_not(it.status)
    skipped = [each for each in it.due if lost or each.starts_at != it.starts_at]
    if skipped:
        Reminder.objects.filter(pk__in=[each.pk for each in skipped]).update(
            state=Reminder.State.SKIPPED, because=lost or MOVED, ended_at=now
        )
    kept = {each.minutes_before for each in it.due if each not in skipped}
    ahead = still_ahead([each for each in it.minutes if each not in kept], starts_at=it.starts_at, now=now)
    made = [] if lost or not ahead else _made(it.booking_id, ahead, now=now)
    if skipped or made:
        _sign(booking_uid, it.meeting_uid, made, skipped)


def due_reminders(event_type: EventType, start: datetime, *, now: datetime) -> dict[str, Any] | None:
    """Return the reminders of a booking that is confirmed as it is made, as remind_v1 takes them; None: it has none."""
    ahead = still_ahead(event_type.reminder_minutes, starts_at=start.astimezone(UTC), now=now)
    return _as_taken(ahead, now=now) if ahead else None


def sign_reminders(booking: Booking, wanted: dict[str, Any] | None, made: Sequence[int] | None) -> None:
    """Sign what remind_v1 made of `due_reminders`, if anything, in the caller's transaction."""
    if wanted and made:
        written = _written(made, [each["due_at"] for each in wanted["reminders"]])
        _sign(booking.uid, booking.meeting.uid, written, ())


def reminders(booking: Booking) -> list[Reminder]:
    """Return a booking's reminders, the earliest first, with those that were skipped and why. One query."""
    return list(Reminder.objects.filter(booking=booking))


def why_not(booking: Booking) -> str:
    """Return why a booking is not to be reminded of at all, as a sentence; "" when it is confirmed."""
    return _why_not(booking.status)


def _why_not(status: str) -> str:
    if status == Booking.Status.CONFIRMED:
        return ""
    words = status.replace("_", " ")
    return _ENDED.get(Booking.Status(status), f"The booking is {words}.")


@dataclass(frozen=True)
class _Standing:
    """How a booking stands, as its reminders see it; `due` are locked."""

    booking_id: int
    status: str
    meeting_uid: str
    starts_at: datetime
    minutes: Sequence[int]
    due: Sequence[Reminder]


def _standing(booking_uid: str) -> _Standing:
    """Read it in one statement."""
    found = call("reminded_v1", booking_uid)
    return _Standing(
        booking_id=found["booking"],
        status=found["status"],
        meeting_uid=found["meeting"],
        starts_at=datetime.fromisoformat(found["starts_at"]).astimezone(UTC),
        minutes=found["minutes"],
        due=[from_row(Reminder, row) for row in found["due"]],
    )


def _made(booking_id: int, ahead: Sequence[tuple[int, datetime]], *, now: datetime) -> list[Json]:
    """Write these reminders, each with its due job, in one statement; return what is signed of them."""
    made = call("remind_v1", booking_id, _as_taken(ahead, now=now))
    return _written(made, [due.isoformat() for _, due in ahead])


def _as_taken(ahead: Sequence[tuple[int, datetime]], *, now: datetime) -> dict[str, Any]:
    wanted = [{"due_at": due.isoformat(), "minutes_before": before} for before, due in ahead]
    return {"now": now.isoformat(), "reminders": wanted}


def _written(made: Sequence[int], due: Sequence[str]) -> list[Json]:
    return [{"reminder": pk, "due_at": instant} for pk, instant in zip(made, due, strict=True)]


def _sign(booking_uid: str, meeting_uid: str, made: list[Json], skipped: Sequence[Reminder]) -> None:
    record(
        "settle_reminders",
        subject=subject_of(meeting_uid),
        actor=Actor(type="automation", id="reminder"),
        payload={"booking": booking_uid, "written": made, "skipped": [each.pk for each in skipped]},
        reversible="none",
        because="Reminders follow how the booking stands.",
    )
