"""The rules of an event type about *when*: minimum notice, booking window, and the grid on which slots
start.

The grid is anchored at each opening of the hours: whoever opens at 09:10 with an interval of 30 minutes
offers 09:10, 09:40, 10:10 … all day, whatever is booked, and starts afresh at the next opening. Steps are
real seconds, so a day on which the clocks change shifts the later starts of that window and of no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from booking.core.hours import local_date, start_of_date
from booking.core.intervals import DAWN, Interval, Intervals, intersect


@dataclass(frozen=True, slots=True)
class EventRules:
    """The numbers of an event type. Durations in whole seconds; `window_days` counts local dates after
    today's."""

    duration_seconds: int
    interval_seconds: int
    buffer_before_seconds: int = 0
    buffer_after_seconds: int = 0
    minimum_notice_seconds: int = 0
    window_days: int = 60

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


def bookable(rules: EventRules, *, zone: str, now: int) -> Interval:
    """The starts that notice and window allow: from `now` plus the minimum notice, to the end of the local
    date (in `zone`) that lies `window_days` after today's. Empty, with start >= end, where the notice
    outlasts the window."""
    last_date = local_date(now, zone=zone) + timedelta(days=rules.window_days)
    return now + rules.minimum_notice_seconds, start_of_date(last_date + timedelta(days=1), zone=zone)


def grid_starts(windows: Intervals, allowed: Intervals, *, interval: int) -> Iterator[int]:
    """The seconds of `allowed` that lie whole intervals after the start of the window they are in,
    ascending."""
    anchors = iter(windows)
    opening, closing = DAWN, DAWN
    for start, end in intersect(windows, allowed):
        while closing <= start:
            opening, closing = next(anchors)
        yield from range(start + (opening - start) % interval, end, interval)
