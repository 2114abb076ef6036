"""Our event as iCalendar text, and what an event in a calendar says about itself. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import icalendar

from providers.protocols import CalendarEvent, Person

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """What matters of an event that a calendar holds: its UID and its SEQUENCE (0 where it has none)."""

    uid: str
    sequence: int


def event_text(event: CalendarEvent, *, now: datetime) -> str:
    """Return a calendar object with one VEVENT (RFC 4791, 4.1: no METHOD). `now` becomes its DTSTAMP.

    Times are UTC, which needs no VTIMEZONE and no client can misread. People are named with
    SCHEDULE-AGENT=CLIENT (RFC 6638, 7.1), so that no server mails them: on ATTENDEE where the owner
    is the organiser, on ORGANIZER where the owner attends. Our own mail carries the invite.
    """
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Holdfast//Calendar//EN")
    calendar.add("VERSION", "2.0")
    entry = icalendar.Event()
    entry.add("UID", event.uid)
    entry.add("DTSTAMP", now.astimezone(UTC).replace(microsecond=0))
    entry.add("DTSTART", event.starts_at.astimezone(UTC))
    entry.add("DTEND", event.ends_at.astimezone(UTC))
    entry.add("SEQUENCE", event.sequence)
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
    calendar.add_component(entry)
    text: str = calendar.to_ical().decode()
    return text


def read_event(text: str) -> StoredEvent | None:
    """Return what the first event of a calendar object says of itself; None where it has none."""
    try:
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
        if not events:
            return None
        sequence = int(events[0].get("SEQUENCE", 0))
        return StoredEvent(uid=str(events[0].get("UID", "")), sequence=sequence)
    except (ValueError, KeyError, IndexError, TypeError):  # not iCalendar
        return None


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
