"""How a booking (or its move) stands, in the four lines that the client watches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.api import Run, latest_run
from booking.choosing import of_meeting
from booking.core.states import Status, is_final
from booking.models import Booking, Move
from booking.offers import Slot, alternatives
from booking.signing import subjects_of
from booking.times_to_move import times_to_move
from booking.ways import CHOICES

DONE, DOING, WAITING, FAILED = "done", "doing", "waiting", "failed"
_LINES = (
    ("held", "Slot held", ()),
    ("calendars", "Calendars checked", ("check_calendars",)),
    ("meeting", "Meeting created and tested", ("confirm_booking",)),
    (
        "told",
        "Everyone told",
        ("send_confirmation", "write_calendar_event", "notify_team", "notify_webhooks"),
    ),
)


@dataclass(frozen=True)
class ProgressLine:
    """One line; `state` is done, doing, waiting or failed, `detail` a sentence or ""."""

    key: str
    label: str
    state: str
    detail: str = ""


@dataclass(frozen=True)
class Progress:
    """Where a booking stands. `final`: its status will not change by itself any more; with a move under
    way, that one decides. `alternatives` are filled when it failed."""

    status: str
    lines: tuple[ProgressLine, ...]
    final: bool
    failure_words: str
    failure_code: str
    alternatives: tuple[Slot, ...]
    move: Move | None


def progress(booking: Booking, *, now: datetime) -> Progress:
    """Return how the booking stands, or its latest move while that is under way or has just failed."""
    run = _latest_run(booking)
    move = Move.objects.filter(pk=run.payload.get("move")).first() if run else None
    stands = booking.status == Booking.Status.CONFIRMED
    moving = stands and move is not None and move.status == Move.Status.HELD
    lost_move = stands and move is not None and move.status in (Move.Status.FAILED, Move.Status.EXPIRED)
    failed = booking.status in (Booking.Status.FAILED, Booking.Status.EXPIRED, Booking.Status.DECLINED)
    words, code = (
        (move.failure_words, move.failure_code)
        if lost_move and move
        else (booking.failure_words, booking.failure_code)
    )
    return Progress(
        status=booking.status,
        lines=_lines(booking, run),
        final=is_final(Status(booking.status)) and not moving,
        failure_words=words,
        failure_code=code,
        alternatives=_instead(booking, move if lost_move else None, now=now) if failed or lost_move else (),
        move=move,
    )


def _instead(booking: Booking, lost: Move | None, *, now: datetime) -> tuple[Slot, ...]:
    """Return what is open near the time that a booking, or its move, did not get."""
    if lost is not None:
        return times_to_move(booking, start=lost.starts_at, now=now)
    return alternatives(of_meeting(booking.meeting), start=booking.meeting.starts_at, now=now)


def _latest_run(booking: Booking) -> Run | None:
    """Return the run that the client watches: of the booking or of its latest move, which may have another
    session for its subject. A reassignment is the business's own affair."""
    return latest_run(
        *subjects_of(booking), workflow="new_booking", booking=booking.uid, reassignment__isnull=True
    )


def _lines(booking: Booking, run: Run | None) -> tuple[ProgressLine, ...]:
    held = ProgressLine("held", "Slot held", FAILED if booking.status == Booking.Status.EXPIRED else DONE)
    waits = booking.status == Booking.Status.PENDING
    if run and "asks" in run.payload:
        asked = ProgressLine("approval", "Your host accepts", DOING if waits else FAILED)
        return held, asked, *(ProgressLine(key, label, WAITING) for key, label, _ in _LINES[1:])
    return held, *_lines_of(run)


def _lines_of(run: Run | None) -> tuple[ProgressLine, ...]:
    steps = {step.action: step for step in run.steps.all()} if run else {}
    states = {name: step.state for name, step in steps.items()}
    lines = (
        [ProgressLine("approval", "Your host accepts", DONE)]
        if states.get("approve_booking") == "done"
        else []
    )
    for key, label, actions in _LINES[1:]:
        names = (*_choice_in_use(states), *actions) if key == "meeting" else actions
        wanted = [states[name] for name in names if name in states]
        lines.append(ProgressLine(key, label, _state(wanted, started=run is not None)))
    return tuple(lines)


def _choice_in_use(states: Mapping[str, str]) -> tuple[str, str]:
    """Return the steps of the way to meet that is tried now or was used: one that failed gave way to it."""
    begun = [pair for pair in CHOICES if states.get(pair[0], "skipped") not in ("waiting", "skipped")]
    return begun[-1] if begun else CHOICES[0]


def _state(states: Sequence[str], *, started: bool) -> str:
    """Return a line's state from its steps'; a line without steps has nothing to wait for."""
    if not states:
        return DONE if started else WAITING
    if any(state in ("failed", "undoing", "undone", "undo_failed") for state in states):
        return FAILED
    if all(state == "done" for state in states):
        return DONE
    if all(state == "skipped" for state in states):
        return WAITING
    return DOING if any(state in ("started", "done") for state in states) or "waiting" in states else WAITING
