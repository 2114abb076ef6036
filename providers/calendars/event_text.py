"""Our event as iCalendar text, and what an event in a calendar says about itself. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import icalendar

from providers.calendars.busy_rules import instant
from providers.calendars.ical_text import ical_lines, ical_text
from providers.calendars.local_times import local_times
from providers.protocols import CalendarEvent, Person

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


_VERSION = "X-HOLDFAST-SEQUENCE"


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """What matters of an event that a calendar holds: its UID, its SEQUENCE (0 where it has none), and its times.

    `version` is the SEQUENCE that we wrote last: other clients count SEQUENCE up when they move the event (RFC 5545,
    3.8.7.4), and keep properties that they do not know (3.8.8.2). In an event that we did not write it is SEQUENCE.
    `starts_at`, `ends_at`: UTC, None where they cannot be read. `is_cancelled`: STATUS says so (3.8.1.11).
    """

    uid: str
    sequence: int
    version: int
    is_cancelled: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def event_text(event: CalendarEvent, *, now: datetime, sequence: int = 0) -> str:
    """Return a calendar object with one VEVENT (RFC 4791, 4.1: no METHOD). `now` becomes its DTSTAMP.

    Times are local, in the event's zone (`local_times`). `sequence`: one that its SEQUENCE shall not fall below.
    People are named with SCHEDULE-AGENT=CLIENT (RFC 6638, 7.1), so that no server mails them: on ATTENDEE where
    the owner is the organiser, on ORGANIZER where the owner attends. Our own mail carries the invite.
    """
    zone, starts_at, ends_at = local_times(event.starts_at, event.ends_at, time_zone=event.time_zone)
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Holdfast//Calendar//EN")
    calendar.add("VERSION", "2.0")
    entry = icalendar.Event()
    entry.add("UID", event.uid)
    entry.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
    entry.add("DTSTART", starts_at)
    entry.add("DTEND", ends_at)
    entry.add("SEQUENCE", max(event.sequence, sequence))
    entry.add(_VERSION, str(event.sequence))
    entry.add("SUMMARY", _one_line(event.title))
    entry.add("STATUS", "CONFIRMED")
    entry.add("TRANSP", "OPAQUE")
    if event.description:
        entry.add("DESCRIPTION", _plain(event.description))
    if event.location:
        entry.add("LOCATION", _one_line(event.location))
    if event.url:
        entry.add("URL", _one_line(event.url))
    if event.attendees:
        entry.add("ORGANIZER", _person(event.organiser))
        for attendee in event.attendees:
            entry.add("ATTENDEE", _person(attendee, PARTSTAT="ACCEPTED"))
    if zone:
        calendar.add_component(zone)
    calendar.add_component(entry)
    return ical_text(ical_lines(calendar))


def read_event(text: str, *, zone: ZoneInfo) -> StoredEvent | None:
    """Return what the first event of a calendar object says of itself; None where it has none.

    `zone` places floating times and whole days.
    """
    try:
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
        if not events:
            return None
        event: Any = events[0]  # the library types a property as a union of all that one can be
        sequence = int(event.get("SEQUENCE", 0))
        starts_at, ends_at = _times(event, zone)
        return StoredEvent(
            uid=str(event.get("UID", "")),
            sequence=sequence,
            version=int(event.get(_VERSION, sequence)),
            is_cancelled=str(event.get("STATUS", "")).strip().upper() == "CANCELLED",
            starts_at=starts_at,
            ends_at=ends_at,
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):  # not iCalendar
        return None


def _times(event: Any, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return when it starts and ends, by DTEND or DURATION (RFC 5545, 3.6.1); None, None where it does not say."""
    if "DTSTART" not in event or not ("DTEND" in event or "DURATION" in event):
        return None, None
    first = event["DTSTART"].dt
    last = event["DTEND"].dt if "DTEND" in event else first + event["DURATION"].dt
    return instant(first, zone), instant(last, zone)


def _person(person: Person, **params: str) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{_one_line(person.email)}")
    address.params["SCHEDULE-AGENT"] = "CLIENT"
    if person.name:
        address.params["CN"] = _one_line(person.name).replace('"', "'")
    for name, value in params.items():
        address.params[name] = value
    return address


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Strip control characters except line feeds: a bare CR or NUL passes through the library (measured)."""
    return _CONTROLS.sub(" ", text.replace("\r\n", "\n"))
