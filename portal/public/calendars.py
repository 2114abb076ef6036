"""Add-to-calendar: links as two web calendars' "add event" pages take them, and a file. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from icalendar import Calendar, Event

from providers.api import local_times


@dataclass(frozen=True, kw_only=True)
class CalendarLinks:
    """Where a click adds the meeting; the file (.ics) has an address of ours."""

    google: str
    outlook: str


def build_calendar_links(
    *, title: str, starts_at: datetime, ends_at: datetime, location: str, details: str
) -> CalendarLinks:
    """Return both links; times go out in UTC, so that the calendar's own zone decides what is shown."""
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{_compact(starts_at)}/{_compact(ends_at)}",
        "location": location,
        "details": details,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": starts_at.astimezone(UTC).isoformat(),
        "enddt": ends_at.astimezone(UTC).isoformat(),
        "location": location,
        "body": details,
    }
    return CalendarLinks(
        google=f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        outlook=f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
    )


def _compact(instant: datetime) -> str:
    """Return RFC 5545's form of a UTC instant, "20261124T143000Z"."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def build_calendar_file(
    *,
    uid: str,
    sequence: int,
    title: str,
    starts_at: datetime,
    ends_at: datetime,
    time_zone: str,
    location: str,
    details: str,
    now: datetime,
) -> bytes:
    """Return the meeting as one published event (RFC 5546, 3.2.1: no attendees); `now` is its DTSTAMP.

    Its times are those of the invite: local in `time_zone`, which the file defines, wherever local time says them.
    """
    zone, start, end = local_times(starts_at, ends_at, time_zone=time_zone)
    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", _without_controls(title))
    if location:
        event.add("location", _without_controls(location))
    if details:
        event.add("description", _without_controls(details))
    calendar = Calendar()
    calendar.add("prodid", "-//Holdfast//Holdfast//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    if zone:
        calendar.add_component(zone)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _without_controls(text: str) -> str:
    """Drop control characters: a bare CR would start a new content line."""
    return "".join(character for character in text if character.isprintable())
