"""The calendar invite: an iCalendar object for one recipient, REQUEST or CANCEL (RFC 5545, 5546, 6047).

Times are local, with their zone defined (`local_times`). What each calendar does with it, and which test holds us
to it: docs/invites.md.

ORGANIZER is the business at the address the mail comes from, hosts and attendee are ATTENDEEs: the invite
then matches its sender, a host can accept a copy, and no CalDAV server sends invites of its own for it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vText

from providers.calendars.ical_text import ical_lines, ical_text
from providers.calendars.local_times import local_times
from providers.mail.addresses import check_mail_address
from providers.mail.characters import one_line, plain_lines
from providers.protocols import Person

Method = Literal["REQUEST", "CANCEL"]
_OUTLOOK_CUTS_AT = 255  # MS-OXCICAL, "Property: LOCATION"


@dataclass(frozen=True, kw_only=True)
class Invite:
    """One meeting as one recipient's calendar shall show it.

    `uid` never changes, `sequence` grows with each change. `time_zone` is the IANA name of the zone in which
    it takes place, the same for every recipient: one UID is one event. `accepted` are those who agreed to
    the time (hosts, attendee), `invited` those who were not asked yet (guests).
    """

    method: Method
    uid: str
    sequence: int
    title: str
    description: str
    location: str
    url: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    organiser: Person
    accepted: tuple[Person, ...]
    invited: tuple[Person, ...] = ()


def build_invite(invite: Invite, *, now: datetime) -> str:
    """Return the iCalendar text with CRLF line ends; `now` is its DTSTAMP. Raises BadAddress."""
    lines = list(_lines(replace(invite, description=""), now))
    details = plain_lines(invite.description).strip()
    if details:
        event = Event()
        event.add("description", details)
        lines[-2:-2] = ical_lines(event)[1:-1]  # before END:VEVENT and END:VCALENDAR
    return ical_text(lines)


@lru_cache(maxsize=32)
def _lines(invite: Invite, now: datetime) -> tuple[str, ...]:
    """Return an invite without description, which alone differs between its recipients; they are written to in turn."""
    zone, starts_at, ends_at = local_times(invite.starts_at, invite.ends_at, time_zone=invite.time_zone)
    event = Event()
    event.add("uid", one_line(invite.uid))
    event.add("sequence", invite.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", one_line(invite.title, limit=_OUTLOOK_CUTS_AT))
    for name, value in (("location", _location(invite)), ("url", one_line(invite.url, limit=2000))):
        if value:
            event.add(name, value)
    event.add("organizer", _calendar_user(invite.organiser, {}))
    for person in invite.accepted:
        event.add("attendee", _calendar_user(person, {"PARTSTAT": "ACCEPTED"}))
    for person in invite.invited:
        event.add("attendee", _calendar_user(person, {"PARTSTAT": "NEEDS-ACTION"}))
    event.add("status", "CANCELLED" if invite.method == "CANCEL" else "CONFIRMED")
    event.add("transp", "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", "-//Holdfast//Holdfast//EN")
    calendar.add("version", "2.0")
    calendar.add("method", invite.method)
    if zone:
        calendar.add_component(zone)
    calendar.add_component(event)
    return tuple(ical_lines(calendar))


def _location(invite: Invite) -> str:
    """Return the place, cut where Outlook would; half a link is none, and the whole one stands in URL."""
    if invite.location == invite.url and len(invite.url) > _OUTLOOK_CUTS_AT:
        return ""
    return one_line(invite.location, limit=_OUTLOOK_CUTS_AT)


def _calendar_user(person: Person, parameters: dict[str, str]) -> vCalAddress:
    """Return a calendar user address; a double quote cannot stand in a parameter (RFC 5545 3.2)."""
    user = vCalAddress(f"mailto:{check_mail_address(person.email)}")
    name = one_line(person.name, limit=200).replace('"', "'")
    if name:
        user.params["CN"] = vText(name)
    if parameters:
        user.params["CUTYPE"] = "INDIVIDUAL"
        user.params["ROLE"] = "REQ-PARTICIPANT"
        user.params["RSVP"] = "FALSE"
    user.params.update(parameters)
    return user
