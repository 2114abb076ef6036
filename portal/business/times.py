"""How instants read in the portal: short words in the business's zone; pure, the clock comes in."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Return the time of day in `zone`: "14:30"."""
    return f"{instant.astimezone(zone):%H:%M}"


def day(moment: date, today: date) -> str:
    """Return a day as people say it: "Tue 24 Nov", with the year when it is not this one."""
    words = f"{moment:%a} {moment.day} {moment:%b}"
    return words if moment.year == today.year else f"{words} {moment.year}"


def near_day(moment: date, today: date) -> str:
    """Return "Today", "Tomorrow" or "Yesterday" for the days beside `today`, otherwise nothing."""
    return {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((moment - today).days, "")


def moment(instant: datetime, zone: ZoneInfo, today: date) -> str:
    """Return day and time in `zone`: "Tue 24 Nov 14:30"."""
    return f"{day(instant.astimezone(zone).date(), today)} {clock(instant, zone)}"


def ago(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return how long ago, in the largest unit that still tells: "2 min ago"; a date after two days."""
    seconds = int((now - instant).total_seconds())
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    if seconds < 2 * _DAY:
        return "yesterday"
    return moment(instant, zone, now.astimezone(zone).date())


def until(instant: datetime, now: datetime) -> str:
    """Return how soon, within a day: "now", "in 25 min", "in 3 h"; nothing further ahead."""
    seconds = int((instant - now).total_seconds())
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"in {seconds // _MINUTE} min"
    return f"in {seconds // _HOUR} h" if seconds < _DAY else ""


def long_day(moment: date) -> str:
    """Return "Sunday 22 November"."""
    return f"{moment:%A} {moment.day} {moment:%B}"


def zone_words(zone: ZoneInfo, at: datetime) -> str:
    """Return the zone with its offset at that instant: "Europe/Lisbon (UTC+0)"."""
    offset = at.astimezone(zone).utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"{zone.key.replace('_', ' ')} (UTC{sign}{hours}{f':{rest:02}' if rest else ''})"


def took(milliseconds: int | None) -> str:
    """Return a duration: "85 ms", "1.4 s", "3 min"; nothing when it is not known."""
    if milliseconds is None:
        return ""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < 100_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds // 60_000} min"
