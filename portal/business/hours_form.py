"""The week as a form: several stretches a day, past midnight, copied to other days. Pure: data in, values out."""

import re
from dataclasses import dataclass, field

from django.http import QueryDict

from booking.api import InvalidHours, Span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CLOCK = re.compile(r"([01]?\d|2[0-4])(?:[:.]?([0-5]\d))?")  # "9", "9:30", "0930", "24:00"
_MOST_ROWS = 7  # one more than a day may have, so that the fault can be seen
_DAYS = {str(weekday): weekday for weekday in range(7)}
Week = tuple[tuple[Span, ...], ...]


@dataclass
class DayRow:
    """A day as it stands in the form: (opens, closes) as typed, and what is wrong with it."""

    weekday: int
    stretches: list[tuple[str, str]] = field(default_factory=list)
    fault: str = ""

    @property
    def name(self) -> str:
        """The day's name."""
        return WEEKDAYS[self.weekday]


def stored_rows(weekly: Week) -> list[DayRow]:
    """Return stored hours as the form shows them."""
    return [
        DayRow(weekday, [(clock_of(start), clock_of(end)) for start, end in spans])
        for weekday, spans in enumerate(weekly)
    ]


def typed_rows(data: QueryDict) -> list[DayRow]:
    """Return the rows as typed, and as the pressed button asks: a stretch more or less, a day copied."""
    rows = [
        DayRow(
            weekday,
            list(zip(data.getlist(f"opens_{weekday}"), data.getlist(f"closes_{weekday}"), strict=False))[
                :_MOST_ROWS
            ],
        )
        for weekday in range(7)
    ]
    act, _, rest = data.get("act", "").partition("_")
    day, _, number = rest.partition("_")
    if day in _DAYS:
        row = rows[_DAYS[day]]
        if act == "add" and len(row.stretches) < _MOST_ROWS:
            row.stretches.append(_next_stretch(row))
        elif act == "remove" and number in map(str, range(len(row.stretches))):
            del row.stretches[int(number)]
        elif act == "copy":
            for other in data.getlist(f"to_{day}"):
                if other in _DAYS:
                    rows[_DAYS[other]].stretches = list(row.stretches)
    return rows


def read_week(rows: list[DayRow]) -> Week | None:
    """Return the typed week; None where a time cannot be read (its fault stands on its day)."""
    spans: list[tuple[Span, ...]] = []
    for row in rows:
        try:
            spans.append(read_spans(row.stretches))
        except InvalidHours as fault:
            row.fault = fault.message
            spans.append(())
    return None if any(row.fault for row in rows) else tuple(spans)


def read_spans(stretches: list[tuple[str, str]]) -> tuple[Span, ...]:
    """Return typed stretches sorted; empty ones are none, an end at or before its start is on the next day.

    Raises InvalidHours for half a stretch, and for what is no time.
    """
    found = []
    for opens, closes in stretches:
        if not opens.strip() and not closes.strip():
            continue
        start, end = _minute(opens), _minute(closes)
        if start is None or end is None or start == 1440:
            raise InvalidHours("Write both times as 09:00, or leave both empty.")
        found.append(Span(start, end if end > start else end + 1440))
    return tuple(sorted(found))


def clock_of(minute: int) -> str:
    """Return minutes from midnight as a time of day; midnight at the end is 24:00, then it starts anew."""
    if minute == 1440:
        return "24:00"
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def span_words(span: Span) -> str:
    """Return "09:00–17:00", with "(next day)" when it ends there; midnight at the end is 24:00."""
    later = " (next day)" if span.end_minute > 1440 else ""
    return f"{clock_of(span.start_minute)}–{clock_of(span.end_minute)}{later}"


def _minute(text: str) -> int | None:
    found = _CLOCK.fullmatch(text.strip()) if text.isascii() else None
    minute = int(found[1]) * 60 + int(found[2] or 0) if found else None
    return minute if minute is None or minute <= 1440 else None


def _next_stretch(row: DayRow) -> tuple[str, str]:
    """Suggest an afternoon after a morning, a day's work otherwise."""
    last = _minute(row.stretches[-1][1]) if row.stretches else None
    if last is None or last > 20 * 60:
        return ("09:00", "17:00") if not row.stretches else ("", "")
    return clock_of(last + 60), clock_of(min(last + 5 * 60, 23 * 60))
