"""A time in words, always with its zone. Names are spelled here: strftime's follow the machine's locale."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def span_words(starts_at: datetime, ends_at: datetime, *, time_zone: str) -> str:
    """Return "Tuesday 3 November 2026, 14:30–15:00 (Europe/Lisbon, UTC+0)"; a later end names its day too."""
    start, end = (instant.astimezone(ZoneInfo(time_zone)) for instant in (starts_at, ends_at))
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{_day(end)}, {end:%H:%M}"
    zone = f"({time_zone}, {_offset(start)})"
    return f"{_day(start)}, {start:%H:%M}–{until} {zone}"


def start_words(starts_at: datetime, *, time_zone: str) -> str:
    """Return "Tue 3 Nov 2026, 14:30 Europe/Lisbon", short enough for a subject."""
    start = starts_at.astimezone(ZoneInfo(time_zone))
    day = f"{_DAYS[start.weekday()][:3]} {start.day} {_MONTHS[start.month - 1][:3]} {start.year}"
    return f"{day}, {start:%H:%M} {time_zone}"


def _day(local: datetime) -> str:
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def _offset(local: datetime) -> str:
    """Return "UTC+0", "UTC-3", "UTC+5:30"."""
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = abs(int(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
