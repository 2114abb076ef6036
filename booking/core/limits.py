"""How many meetings, or minutes of them, a day, week, month or year may hold, and which periods hold no more.

A period is one of local dates: days, weeks from Monday, months and years in the zone of the business, as seconds
from the first of its dates to the first of the next period. A meeting counts in the period in which it starts,
with its own length (no buffers), whatever number of people come. So a full period withholds every start in it,
and nothing outside. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from typing import Final, Literal, NamedTuple, get_args

from booking.core.hours import local_date, start_of_date
from booking.core.intervals import Interval, merge
from kernel.errors import HoldfastError

Period = Literal["day", "week", "month", "year"]
Unit = Literal["meetings", "minutes"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
MOST: Final[Mapping[Unit, int]] = {"meetings": 10_000, "minutes": 527_040}  # the minutes of a leap year


class InvalidLimits(HoldfastError):
    """The limits cannot be used; the message says which and why."""

    code = "invalid_request"


class Limit(NamedTuple):
    """At most so many meetings, or minutes of meetings, in each such period."""

    period: Period
    unit: Unit
    most: int


class Used(NamedTuple):
    """What the live meetings that start in a period amount to."""

    meetings: int
    minutes: int


UNUSED: Final = Used(0, 0)


@dataclass(frozen=True, slots=True)
class Limited:
    """The limits of one event type or host, and what is used of the periods that a question touches."""

    limits: tuple[Limit, ...] = ()
    used: Mapping[Interval, Used] = field(default_factory=dict)


UNLIMITED: Final = Limited()


def checked_limits(rows: Iterable[Sequence[object]]) -> tuple[Limit, ...]:
    """Return rows of (period, unit, most) in the order of `PERIODS` and `UNITS`, each pair once.

    Raises `InvalidLimits`.
    """
    found: dict[tuple[Period, Unit], Limit] = {}
    for row in rows:
        match row:
            case (
                ("day" | "week" | "month" | "year") as period,
                ("meetings" | "minutes") as unit,
                int() as most,
            ):
                if isinstance(most, bool) or not 1 <= most <= MOST[unit]:
                    raise InvalidLimits(f"A limit is a whole number of {unit} from 1 to {MOST[unit]:,}.")
                if (period, unit) in found:
                    raise InvalidLimits(f"There can be one limit of {unit} a {period}.")
                found[period, unit] = Limit(period, unit, most)
            case _:
                raise InvalidLimits("A limit is a number of meetings or minutes a day, week, month or year.")
    return tuple(found[period, unit] for period in PERIODS for unit in UNITS if (period, unit) in found)


def period_of(second: int, *, period: Period, zone: str) -> Interval:
    """The period of local dates of `zone` in which that second lies."""
    first = _first_date(local_date(second, zone=zone), period)
    start, end = start_of_date(first, zone=zone), start_of_date(_next(first, period), zone=zone)
    while second >= end:  # clocks set back over midnight show the old date again, but it has ended
        first = _next(first, period)
        start, end = end, start_of_date(_next(first, period), zone=zone)
    return start, end


def periods_within(between: Interval, *, period: Period, zone: str) -> list[Interval]:
    """The periods that meet `between`, ascending; each second of it lies in exactly one."""
    found = [period_of(between[0], period=period, zone=zone)]
    while found[-1][1] < between[1]:
        found.append(period_of(found[-1][1], period=period, zone=zone))
    return found


def intervals_to_count(limits: Iterable[Limit], *, between: Interval, zone: str) -> set[Interval]:
    """The periods of which a question about starts in `between` must know what is used."""
    return {
        each
        for period in {limit.period for limit in limits}
        for each in periods_within(between, period=period, zone=zone)
    }


def full_periods(limited: Limited, *, minutes: int, between: Interval, zone: str) -> list[Interval]:
    """The periods that meet `between` and cannot take one more meeting of so many minutes: orderly."""
    return merge(
        each
        for limit in limited.limits
        for each in periods_within(between, period=limit.period, zone=zone)
        if is_full(limit, limited.used.get(each, UNUSED), minutes=minutes)
    )


def counting(limited: Limited, starts: Iterable[int], *, minutes: int, zone: str) -> Limited:
    """The same limits where meetings of so many minutes at these starts are used as well. O(starts x limits)."""
    periods = {limit.period for limit in limited.limits}
    used = dict(limited.used)
    for start, period in product(starts, periods):
        interval = period_of(start, period=period, zone=zone)
        before = used.get(interval, UNUSED)
        used[interval] = Used(before.meetings + 1, before.minutes + minutes)
    return replace(limited, used=used)


def is_full(limit: Limit, used: Used, *, minutes: int) -> bool:
    """Would one more meeting of so many minutes be more than the limit allows?"""
    return (used.meetings + 1 if limit.unit == "meetings" else used.minutes + minutes) > limit.most


def _first_date(day: date, period: Period) -> date:
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)


def _next(first: date, period: Period) -> date:
    """The first date of the period after the one that starts on `first`."""
    match period:
        case "day":
            return first + timedelta(days=1)
        case "week":
            return first + timedelta(days=7)
        case "month":
            return (first + timedelta(days=31)).replace(day=1)
        case "year":
            return first.replace(year=first.year + 1)
