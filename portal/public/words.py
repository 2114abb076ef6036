"""How the client pages say durations, places, dates and times. Pure; English; 24-hour clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from booking.api import EventType, chosen, is_one_of_several, locations_of

_NARROW = "\u2009\u2013\u2009"  # en dash between thin spaces


def duration_words(minutes: int) -> str:
    """Return "45 minutes", "1 hour", "1 hour 30 minutes", "2 days", "1 week"."""
    for length, noun in ((10080, "week"), (1440, "day")):
        if minutes >= length and minutes % length == 0:
            return _counted(minutes // length, noun)
    hours, rest = divmod(minutes, 60)
    said = [_counted(hours, "hour")] if hours else []
    if rest or not hours:
        said.append(_counted(rest, "minute"))
    return " ".join(said)


def place_words(event_type: EventType) -> str:
    """Return where people meet, without the link itself; the number or who calls only where that is a choice."""
    match event_type.location_kind:
        case "built_in_room":
            return "Online, in a private room"
        case "fixed_link":
            return "Online"
        case "google_meet":
            return "Online, on Google Meet"
        case "microsoft_teams":
            return "Online, on Microsoft Teams"
        case "jitsi":
            return "Online, on Jitsi"
        case "zoom":
            return "Online, on Zoom"
        case "phone":
            return _told("By phone", event_type.location_detail if is_one_of_several(event_type) else "")
    return _told("In person", event_type.location_detail)


def _told(how: str, detail: str) -> str:
    return f"{how}, {detail}" if detail else how


def place_choices(event_type: EventType) -> tuple[tuple[str, str], ...]:
    """Return the key and the words of each place of a meeting type as it is stored; () where there is one only."""
    keys = locations_of(event_type)
    return tuple((key, place_words(chosen(event_type, location=key))) for key in keys if len(keys) > 1)


def more_places_words(event_type: EventType) -> str:
    """Return "or 1 more place" for what can be chosen in place of the first one, "" where nothing can."""
    count = len(event_type.more_locations)
    return f"or {_counted(count, 'more place')}" if count else ""


def people_words(names: Sequence[str]) -> str:
    """Return "Ana", "Ana and Ben", "Ana, Ben and Cleo", "Ana, Ben and 4 others"."""
    if len(names) > 4:
        return f"{names[0]}, {names[1]} and {len(names) - 2} others"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def day_words(day: date, *, year: bool = False) -> str:
    """Return "Tuesday 24 November", with `year` "Tuesday 24 November 2026"."""
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if year else "")


def short_day_words(day: date) -> str:
    """Return "Tue 24 Nov"."""
    return f"{day:%a} {day.day} {day:%b}"


def month_words(day: date) -> str:
    """Return "November 2026"."""
    return f"{day:%B %Y}"


def clock_words(instant: datetime, time_zone: str) -> str:
    """Return the wall clock there, "14:30"."""
    return f"{instant.astimezone(ZoneInfo(time_zone)):%H:%M}"


def range_words(start: datetime, end: datetime, time_zone: str) -> str:
    """Return "14:30 – 15:00"; "(next day)" follows when midnight lies between."""
    zone = ZoneInfo(time_zone)
    runs_over = end.astimezone(zone).date() > start.astimezone(zone).date()
    words = f"{clock_words(start, time_zone)}{_NARROW}{clock_words(end, time_zone)}"
    return f"{words} (next day)" if runs_over else words


def moment_words(instant: datetime, time_zone: str) -> str:
    """Return "Tue 24 Nov, 14:30"."""
    day = instant.astimezone(ZoneInfo(time_zone)).date()
    return f"{short_day_words(day)}, {clock_words(instant, time_zone)}"


def left_words(left: timedelta) -> str:
    """Return a countdown as "4:05", never below "0:00"."""
    seconds = max(0, int(left.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02}"


def initials(name: str) -> str:
    """Return at most two letters: of the first and the last word."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in chosen).upper() or "?"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
