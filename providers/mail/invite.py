"""The calendar invite: an iCalendar object for one recipient, REQUEST or CANCEL (RFC 5545, 5546, 6047).

Times are written in UTC (RFC 5545 3.3.5, form 2): the stored instant is what was agreed, one meeting has no
recurrence to keep on local time, and a VTIMEZONE could only be wrong. Every client shows it in its own zone.

ORGANIZER is the business at the address the mail comes from, hosts and attendee are ATTENDEEs: the invite
then matches its sender, a host can accept a copy, and no CalDAV server sends invites of its own for it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from icalendar import Calendar, Event, vCalAddress, vText

from providers.mail.addresses import check_mail_address
from providers.mail.characters import one_line, plain_lines
from providers.protocols import Person

Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, kw_only=True)
class Invite:
    """One meeting as one recipient's calendar shall show it.

    `uid` never changes, `sequence` grows with each change. `accepted` are those who agreed to the time
    (hosts, attendee), `invited` those who were not asked yet (guests).
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
    organiser: Person
    accepted: tuple[Person, ...]
    invited: tuple[Person, ...] = ()


def build_invite(invite: Invite, *, now: datetime) -> str:
    """Return the iCalendar text with CRLF line ends; `now` is its DTSTAMP. Raises BadAddress."""
    event = Event()
    event.add("uid", one_line(invite.uid))
    event.add("sequence", invite.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invite.starts_at.astimezone(UTC))
    event.add("dtend", invite.ends_at.astimezone(UTC))
    event.add("summary", one_line(invite.title))
    for name, value in (
        ("description", plain_lines(invite.description).strip()),
        ("location", one_line(invite.location, limit=1000)),
        ("url", one_line(invite.url, limit=2000)),
    ):
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
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))


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
