"""A month as a grid of days, Monday first, each day knowing whether it has open slots. Pure."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from booking.api import YEARS
from portal.public.words import day_words, month_words

Address = Callable[[date], str]


@dataclass(frozen=True, kw_only=True)
class Day:
    """One cell. `address` chooses the day and is "" where nothing is open; `label` is what is read out."""

    date: date
    open_slots: int
    address: str
    label: str
    is_chosen: bool
    is_today: bool


@dataclass(frozen=True, kw_only=True)
class Month:
    """The grid: weeks of seven cells (None outside the month); its neighbours' addresses or ""."""

    first: date
    title: str
    weeks: tuple[tuple[Day | None, ...], ...]
    previous: str
    following: str


def build_month(
    first: date,
    *,
    open_slots: Mapping[date, int],
    chosen: date | None,
    today: date,
    last_bookable: date,
    day_address: Address,
    month_address: Address,
) -> Month:
    """Return the month that starts at `first`; its neighbours only where something could be open."""
    before, after = first - timedelta(days=1), next_month(first)

    def cell(day: date) -> Day | None:
        if day.month != first.month:
            return None
        count = open_slots.get(day, 0)
        return Day(
            date=day,
            open_slots=count,
            address=day_address(day) if count else "",
            label=f"{day_words(day)}, {_open_words(count)}",
            is_chosen=day == chosen,
            is_today=day == today,
        )

    return Month(
        first=first,
        title=month_words(first),
        weeks=tuple(
            tuple(cell(day) for day in week)
            for week in calendar.Calendar(firstweekday=0).monthdatescalendar(first.year, first.month)
        ),
        previous=month_address(before.replace(day=1)) if before >= today.replace(day=1) else "",
        following=month_address(after) if after <= last_bookable else "",
    )


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_of_month(first: date) -> date:
    """Return the month's last day."""
    return next_month(first) - timedelta(days=1)


def parse_month(text: str) -> date | None:
    """Return the first day of "2026-11"; None when it is not a month."""
    return parse_day(f"{text}-01")


def parse_day(text: str) -> date | None:
    """Return the day of "2026-11-24"; None when it is not a date, or none that a calendar is asked for."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _open_words(count: int) -> str:
    if not count:
        return "nothing open"
    return "1 open time" if count == 1 else f"{count} open times"
