"""The calendar invite: an iCalendar object for one recipient, REQUEST or CANCEL (RFC 5545, 5546, 6047).

Times are local with a TZID and its VTIMEZONE (RFC 5545 3.3.5, form 3), so that whoever edits the event, or
repeats it, does so in the zone in which it takes place. They are in UTC where local time does not say it: in a
repeated hour (RFC 5545 means its first pass; ical.js reads the second), with an offset that has seconds
(ical.js drops them), and where `vtimezone` has no component to offer.
What each calendar does with it, and which test holds us to it: docs/invites.md.

ORGANIZER is the business at the address the mail comes from, hosts and attendee are ATTENDEEs: the invite
then matches its sender, a host can accept a copy, and no CalDAV server sends invites of its own for it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from providers.calendars.vtimezone import vtimezone
from providers.calendars.zones import zone_named
from providers.mail.addresses import check_mail_address
from providers.mail.characters import one_line, plain_lines
from providers.protocols import Person

Method = Literal["REQUEST", "CANCEL"]
_UTC = ("UTC", "Etc/UTC")
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
    zone, starts_at, ends_at = _times(invite)
    event = Event()
    event.add("uid", one_line(invite.uid))
    event.add("sequence", invite.sequence)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", one_line(invite.title, limit=_OUTLOOK_CUTS_AT))
    for name, value in (
        ("description", plain_lines(invite.description).strip()),
        ("location", _location(invite)),
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
    if zone:
        calendar.add_component(zone)
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))


def _location(invite: Invite) -> str:
    """Return the place, cut where Outlook would; half a link is none, and the whole one stands in URL."""
    if invite.location == invite.url and len(invite.url) > _OUTLOOK_CUTS_AT:
        return ""
    return one_line(invite.location, limit=_OUTLOOK_CUTS_AT)


def _times(invite: Invite) -> tuple[Timezone | None, datetime, datetime]:
    """Return start and end as they are written, and the VTIMEZONE that they refer to; None with times in UTC."""
    zone = zone_named(invite.time_zone)
    start, end = invite.starts_at.astimezone(zone), invite.ends_at.astimezone(zone)
    component = None
    if zone.key not in _UTC and _is_plain(start) and _is_plain(end):
        component = vtimezone(zone.key, first=invite.starts_at, last=invite.ends_at)
    if component is None:
        return None, invite.starts_at.astimezone(UTC), invite.ends_at.astimezone(UTC)
    return component, start, end


def _is_plain(local: datetime) -> bool:
    """Say whether a local time names one instant, by an offset of whole minutes."""
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and first == second and first.total_seconds() % 60 == 0


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
