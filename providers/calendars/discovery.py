"""From an address, a user name and a password to the account's calendars (RFC 6764, RFC 4791, RFC 5397)."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

import icalendar

from providers.calendars import dav_xml
from providers.calendars.dav_session import DavAccount, DavSession
from providers.calendars.dav_xml import CALDAV, DAV, DavResource
from providers.calendars.zones import known_zone
from providers.protocols import Rejected

_WELL_KNOWN = "/.well-known/caldav"
_MOST_REDIRECTS = 3
_WRITES = {f"{DAV}{name}" for name in ("all", "write", "write-content", "bind")}
_PRINCIPAL = dav_xml.propfind("D:current-user-principal", "D:resourcetype", "C:calendar-home-set")
_HOME = dav_xml.propfind("C:calendar-home-set", "C:calendar-user-address-set")
_CALENDARS = dav_xml.propfind(
    "D:resourcetype",
    "D:displayname",
    "D:current-user-privilege-set",
    "C:supported-calendar-component-set",
    "C:calendar-timezone",
)


@dataclass(frozen=True, kw_only=True)
class FoundCalendar:
    """A calendar for events. `time_zone` is an IANA name, "" where the server names none that is known."""

    url: str
    name: str
    time_zone: str
    is_writable: bool


@dataclass(frozen=True, kw_only=True)
class FoundAccount:
    """What an account has: its calendars, writable ones first, and its owner's mail addresses, lower case."""

    calendars: tuple[FoundCalendar, ...]
    addresses: tuple[str, ...]


def discover(account: DavAccount, *, timeout_seconds: float = 5.0) -> FoundAccount:
    """Find the calendars of an account. The address may be the server's, the principal's or a calendar's own.

    Follows redirects within the server's own scheme, host and port only. About four requests.
    Raises Unauthorised, Unreachable, RateLimited; Rejected where no calendar for events is found.
    """
    with DavSession(account, timeout_seconds=timeout_seconds) as session:
        start, found = _first_answer(session, account.url)
        principal = next(iter(found.hrefs(f"{DAV}current-user-principal")), "")
        homes = found.hrefs(f"{CALDAV}calendar-home-set")
        addresses: tuple[str, ...] = ()
        if principal:
            start = session.absolute(start, principal)
            details = _one(session.resources("PROPFIND", start, body=_HOME, depth=0))
            homes = details.hrefs(f"{CALDAV}calendar-home-set") or homes
            addresses = details.hrefs(f"{CALDAV}calendar-user-address-set")
        if f"{CALDAV}calendar" in dav_xml.child_names(found.properties.get(f"{DAV}resourcetype")):
            calendars = _calendars_at(session, account.url, depth=0)
        else:
            places = [session.absolute(start, home) for home in homes]
            calendars = tuple(each for place in places for each in _calendars_at(session, place, depth=1))
    if not calendars:
        raise Rejected("The calendar server answers, but this account has no calendar for events.")
    ordered = sorted({each.url: each for each in calendars}.values(), key=lambda each: not each.is_writable)
    return FoundAccount(calendars=tuple(ordered), addresses=_mail_addresses(addresses, account.username))


def _first_answer(session: DavSession, url: str) -> tuple[str, DavResource]:
    """Ask the address itself or, for a bare server, its well-known address first (RFC 6764, section 5)."""
    if urlsplit(url).path.strip("/"):
        return _ask(session, url)
    try:
        return _ask(session, session.absolute(url, _WELL_KNOWN))
    except Rejected:  # many servers have no well-known address
        return _ask(session, session.absolute(url, "/"))


def _ask(session: DavSession, url: str) -> tuple[str, DavResource]:
    """PROPFIND `url`, following redirects that stay at the server; returns where the answer came from."""
    headers = {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"}
    for _ in range(_MOST_REDIRECTS):
        answer = session.request_once("PROPFIND", url, body=_PRINCIPAL, headers=headers)
        if not answer.is_redirect:
            break
        url = session.absolute(url, answer.headers.get("Location", ""))
    return url, _one(session.resources("PROPFIND", url, body=_PRINCIPAL, depth=0))


def _one(resources: tuple[DavResource, ...]) -> DavResource:
    if not resources:
        raise Rejected("The calendar server's answer is empty.")
    return resources[0]


def _calendars_at(session: DavSession, url: str, *, depth: int) -> tuple[FoundCalendar, ...]:
    """Return the calendars at (depth 0) or directly below (depth 1) an address, by href."""
    found = session.resources("PROPFIND", url, body=_CALENDARS, depth=depth)
    return tuple(
        FoundCalendar(
            url=session.absolute(url, each.href),
            name=each.text(f"{DAV}displayname") or "Calendar",
            time_zone=_zone_of(each.text(f"{CALDAV}calendar-timezone")),
            is_writable=_is_writable(each.properties.get(f"{DAV}current-user-privilege-set")),
        )
        for each in sorted(found, key=lambda resource: resource.href)
        if _holds_events(each)
    )


def _holds_events(resource: DavResource) -> bool:
    """A calendar collection that takes VEVENT; one that does not say takes everything (RFC 4791, 5.2.3)."""
    if f"{CALDAV}calendar" not in dav_xml.child_names(resource.properties.get(f"{DAV}resourcetype")):
        return False
    kinds = resource.properties.get(f"{CALDAV}supported-calendar-component-set")
    if kinds is None:
        return True
    return "VEVENT" in {each.get("name", "").upper() for each in kinds.iter(f"{CALDAV}comp")}


def _is_writable(privileges: ElementTree.Element | None) -> bool:
    """A server that does not tell privileges (RFC 3744) will answer when it is written to."""
    return privileges is None or bool(_WRITES.intersection(dav_xml.child_names(privileges)))


def _zone_of(text: str) -> str:
    """Return the zone of a calendar-timezone property (RFC 4791, 5.2.2), "" for one that is unknown."""
    try:
        zones = icalendar.Calendar.from_ical(text).walk("VTIMEZONE") if text else []
    except (ValueError, KeyError, IndexError):  # not iCalendar: as good as not given
        return ""
    return next((known_zone(str(zone.get("TZID", ""))) for zone in zones), "")


def _mail_addresses(hrefs: tuple[str, ...], username: str) -> tuple[str, ...]:
    """Return the owner's mail addresses (RFC 6638, 2.4.1), and the user name where it is one."""
    found = [href.lower().removeprefix("mailto:") for href in hrefs if href.lower().startswith("mailto:")]
    return tuple(dict.fromkeys([*found, *([username.lower()] if "@" in username else [])]))
