"""The dates of a recurring series: every n weeks or months at the same wall-clock time."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal

from booking.core.hours import get_zone, instant

Every = Literal["week", "month"]


def recurring_starts(
    first: datetime, *, every: Every, interval: int, count: int, zone: str
) -> tuple[datetime, ...]:
    """Return `count` starts, ascending, in UTC: `first` itself, then the same wall-clock time in `zone`.

    `interval` is every how many weeks or months. Monthly keeps the day of the month; a month that is too short
    takes its last day, so that no date is dropped. A wall-clock time that a change of clocks leaves out moves
    forward, one that comes twice is its first (core.hours): of the dates after `first`, which was chosen as the
    instant that it is. Raises `UnknownZone`.
    """
    wall = first.astimezone(get_zone(zone)).replace(tzinfo=None)
    walls = [
        wall + timedelta(weeks=interval * n) if every == "week" else _months_on(wall, interval * n)
        for n in range(1, count)
    ]
    later = (datetime.fromtimestamp(instant(each, zone=zone), UTC) for each in walls)
    return (first.astimezone(UTC), *later)


def _months_on(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
