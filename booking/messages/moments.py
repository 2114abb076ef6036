"""A time in words, always with its zone. Names are spelled by the language: strftime's follow the machine's locale."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from booking.messages.languages import Language, language

_ENGLISH = language("en")


def span_words(starts_at: datetime, ends_at: datetime, *, time_zone: str, tongue: Language = _ENGLISH) -> str:
    """Return "Tuesday 3 November 2026, 14:30–15:00 (Europe/Lisbon, UTC+0)"; a later end names its day too."""
    start, end = (instant.astimezone(ZoneInfo(time_zone)) for instant in (starts_at, ends_at))
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{tongue.long_day(end)}, {end:%H:%M}"
    zone = f"({time_zone}, {_offset(start)})"
    return f"{tongue.long_day(start)}, {start:%H:%M}–{until}{tongue.phrases['clock']} {zone}"


def start_words(starts_at: datetime, *, time_zone: str, tongue: Language = _ENGLISH) -> str:
    """Return "Tue 3 Nov 2026, 14:30 Europe/Lisbon", short enough for a subject."""
    start = starts_at.astimezone(ZoneInfo(time_zone))
    return f"{tongue.short_day(start)}, {start:%H:%M} {time_zone}"


def _offset(local: datetime) -> str:
    """Return "UTC+0", "UTC-3", "UTC+5:30"."""
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = abs(int(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
