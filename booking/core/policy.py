"""The rules of an event type about *when*: minimum notice, booking window, and the grid on which slots
start.

The grid is anchored at each opening of the hours, plus the offset: whoever opens at 09:10 with an interval of
30 minutes offers 09:10, 09:40, 10:10 … all day, whatever is booked, and starts afresh at the next opening; with
an offset of 5 minutes 09:15, 09:45, 10:15 … Steps are real seconds, so a day on which the clocks change shifts
the later starts of that window and of no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from booking.core.hours import DAY, YEARS, date_range, local_date, start_of_date
from booking.core.intervals import DAWN, Interval, Intervals, intersect


@dataclass(frozen=True, slots=True)
class EventRules:
    """The numbers of an event type. Durations in whole seconds; `window_days` counts local dates after
    today's. `window_dates`, the first and the last local date, stand in its place for a fixed window."""

    duration_seconds: int
    interval_seconds: int
    buffer_before_seconds: int = 0
    buffer_after_seconds: int = 0
    minimum_notice_seconds: int = 0
    window_days: int = 60
    offset_seconds: int = 0
    window_dates: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        """Refuse numbers without a meaning (ValueError)."""
        if self.duration_seconds <= 0 or self.interval_seconds <= 0:
            raise ValueError("duration and interval are longer than nothing")
        if (
            min(
                self.buffer_before_seconds,
                self.buffer_after_seconds,
                self.minimum_notice_seconds,
                self.window_days,
            )
            < 0
        ):
            raise ValueError("buffers, minimum notice and booking window are not negative")
        if not 0 <= self.offset_seconds < self.interval_seconds:
            raise ValueError("the offset is shorter than the interval, and not negative")
        if self.window_dates and self.window_dates[1] < self.window_dates[0]:
            raise ValueError("a fixed booking window ends on or after its first date")

    @property
    def has_buffers(self) -> bool:
        """Whether a meeting blocks more than its own time."""
        return bool(self.buffer_before_seconds or self.buffer_after_seconds)


def first_allowed(rules: EventRules, *, now: int) -> int:
    """The first start that the minimum notice allows."""
    return now + rules.minimum_notice_seconds


def booking_window(rules: EventRules, *, zone: str, now: int) -> Interval:
    """The starts inside the booking window, by local dates of `zone`: those of a fixed one, else up to the end
    of the date that lies `window_days` after today's."""
    if rules.window_dates:
        return date_range(*fixed_window(*rules.window_dates), zone=zone)
    last_date = local_date(now, zone=zone) + timedelta(days=rules.window_days)
    return DAWN, start_of_date(last_date + timedelta(days=1), zone=zone)


def fixed_window(first: date, last: date) -> tuple[date, date]:
    """The first and the last date of a fixed window as far as the calendar goes (`YEARS`): one that was stored as
    endless ends there, and one that lies beyond has no dates, its first is the day after its last."""
    dawn, dusk = date(YEARS.start, 1, 1), date(YEARS.stop - 1, 12, 31)
    return min(max(first, dawn), dusk + DAY), max(min(last, dusk), dawn - DAY)


def bookable(rules: EventRules, *, zone: str, now: int) -> Interval:
    """The starts that both minimum notice and booking window allow; none where it ends before it begins."""
    begins, ends = booking_window(rules, zone=zone, now=now)
    return max(begins, first_allowed(rules, now=now)), ends


def grid_starts(windows: Intervals, allowed: Intervals, *, interval: int, offset: int = 0) -> Iterator[int]:
    """The seconds of `allowed` that lie `offset` and whole intervals after the start of the window they are
    in, ascending."""
    anchors = iter(windows)
    opening, closing = DAWN, DAWN
    for start, end in intersect(windows, allowed):
        while closing <= start:
            opening, closing = next(anchors)
        yield from range(start + (opening + offset - start) % interval, end, interval)
