"""A booking as its own page shows it: progress, confirmation, what can still change, what happened. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking.api import Booking, Move, ProgressLine, Slot
from portal.public.words import clock_words, day_words, left_words, moment_words, range_words
from portal.public.zones import offset, zone_words


@dataclass(frozen=True, kw_only=True)
class When:
    """A time in the client's zone, and in the host's where its clock differs ("" where not)."""

    day: str
    start: str
    hours: str
    zone: str
    there: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A nearest open time: `value` is what the form sends, `words` what its button says."""

    value: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the four lines; `state` is done, doing, waiting or failed."""

    label: str
    state: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One line of what happened, with its moment."""

    words: str
    when: str


def build_when(start: datetime, end: datetime, *, time_zone: str, host_zone: str) -> When:
    """Return the time in words for both sides."""
    differs = offset(time_zone, start) != offset(host_zone, start)
    local = start.astimezone(ZoneInfo(time_zone))
    there = ""
    if differs:
        other = start.astimezone(ZoneInfo(host_zone)).date()
        other_day = "" if other == local.date() else f"{day_words(other)}, "
        there = f"{other_day}{range_words(start, end, host_zone)} {zone_words(host_zone, start)}"
    return When(
        day=day_words(local.date(), year=True),
        start=clock_words(start, time_zone),
        hours=range_words(start, end, time_zone),
        zone=zone_words(time_zone, start),
        there=there,
        starts_at=start,
    )


def build_alternatives(slots: Sequence[Slot], *, time_zone: str) -> tuple[Alternative, ...]:
    """Return the nearest open times as buttons say them: "Tue 24 Nov, 14:30"."""
    return tuple(
        Alternative(value=slot.start.isoformat(), words=moment_words(slot.start, time_zone)) for slot in slots
    )


def build_steps(lines: Sequence[ProgressLine]) -> tuple[Step, ...]:
    """Return the lines as a client reads them, top to bottom: only the first unfinished one is under way."""
    steps: list[Step] = []
    for line in lines:
        waits = line.state == "doing" and any(step.state != "done" for step in steps)
        steps.append(Step(label=line.label, state="waiting" if waits else line.state, detail=line.detail))
    return tuple(steps)


@dataclass(frozen=True, kw_only=True)
class Countdown:
    """How long a hold lasts. `deadline` and `now` are ISO 8601 for the script, the rest is for people."""

    deadline: str
    now: str
    until: str
    left: str
    is_over: bool


def build_countdown(expires_at: datetime, *, now: datetime, time_zone: str) -> Countdown:
    """Return the hold's deadline; the page says it in full, the script lets it tick."""
    left = expires_at - now
    return Countdown(
        deadline=expires_at.isoformat(),
        now=now.isoformat(),
        until=f"{expires_at.astimezone(ZoneInfo(time_zone)):%H:%M}",
        left=left_words(left),
        is_over=left <= timedelta(),
    )


def build_history(
    booking: Booking, moves: Sequence[Move], *, time_zone: str, texts_stopped_at: datetime | None = None
) -> tuple[Happening, ...]:
    """Return what happened to the booking, oldest first; moments in the client's zone."""
    lines = [(booking.created_at, "You chose this time, and it was held for you.")]
    if booking.confirmed_at:
        lines.append(
            (
                booking.confirmed_at,
                "Confirmed, after its link was tried." if booking.meeting.join_url else "Confirmed.",
            )
        )
    for move in moves:
        if move.is_reassignment:
            if move.status == "confirmed":
                stayed = "the time stayed, the link is new" if move.has_new_link else "time and place stayed"
                lines.append((move.created_at, f"Another host took it over; {stayed}."))
            continue
        lines.append((move.created_at, _move_words(move, time_zone=time_zone)))
    if texts_stopped_at:
        lines.append((texts_stopped_at, "You asked for no more texts."))
    if booking.cancelled_at:
        by = "you" if booking.cancelled_by == "client" else "your host"
        because = f": “{booking.cancel_reason}”" if booking.cancel_reason else "."
        lines.append((booking.cancelled_at, f"Cancelled by {by}{because}"))
    return tuple(
        Happening(words=words, when=moment_words(at, time_zone))
        for at, words in sorted(lines, key=lambda line: line[0])
    )


def _move_words(move: Move, *, time_zone: str) -> str:
    target = moment_words(move.starts_at, time_zone)
    match move.status:
        case "confirmed":
            return f"Moved from {moment_words(move.from_starts_at, time_zone)} to {target}."
        case "failed" | "expired":
            return f"A move to {target} did not work out; the old time stayed. {move.failure_words}".rstrip()
    return f"Moving to {target}."
