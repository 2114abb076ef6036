"""One calendar of a CalDAV account (RFC 4791): read its busy times; find, write and delete our events."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx

from providers.calendars import dav_xml
from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent, busy_intervals
from providers.calendars.dav_session import DavAccount, DavSession
from providers.calendars.dav_xml import CALDAV, DAV, DavResource
from providers.calendars.event_text import event_text, read_event
from providers.protocols import CalendarEvent, Rejected, Unreachable, WrittenEvent

_ICALENDAR = "text/calendar; charset=utf-8"
_GONE = (404, 410)
_MARGIN = timedelta(days=2)  # all-day and floating times may lie up to 14 hours from the server's reading


@dataclass(frozen=True)
class _Found:
    """An event of ours as the calendar holds it now."""

    url: str
    etag: str
    sequence: int


class CalDavCalendar:
    """The calendar at `url` of an account, as providers.protocols.CalendarClient wants it.

    Opens its own connections, raises ProviderError only, and is safe in a thread of its own.
    """

    def __init__(
        self, account: DavAccount, *, url: str, rules: BusyRules, timeout_seconds: float = 5.0
    ) -> None:
        self._account = account
        self._url = url if url.endswith("/") else f"{url}/"
        self._rules = rules
        self._timeout_seconds = timeout_seconds

    def busy(self, *, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """Return the busy times that overlap [start, end): half-open, UTC, sorted, distinct, not merged.

        One calendar-query with a time-range (RFC 4791, 7.8 and 9.9), expanded here: the server only chooses
        objects. An object that cannot be read, or one that the server leaves out, fails the whole reading.
        """
        query = dav_xml.events_between(start - _MARGIN, end + _MARGIN)
        with self._session() as session:
            resources = session.resources("REPORT", self._url, body=query, depth=1)
        found: set[Interval] = set()
        for text in map(_calendar_data, resources):
            try:
                found.update(busy_intervals(text, start=start, end=end, rules=self._rules))
            except UnreadableEvent as error:
                raise Rejected(f"An event in the calendar cannot be read: {error}.") from error
        return tuple(sorted(found))

    def find(self, uid: str) -> WrittenEvent | None:
        """Return where the event with this UID is, None when the calendar does not hold it."""
        with self._session() as session:
            found = self._find(session, uid)
        return WrittenEvent(href=found.url, etag=found.etag) if found else None

    def write(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Create the event, or replace an older SEQUENCE of it; the same event twice leaves one.

        Created with If-None-Match: * (RFC 4791, 5.3.2) at an address made of its UID, replaced with If-Match.
        If the calendar already holds this SEQUENCE or a later one, that stays as it is.
        """
        text = event_text(event, now=now)
        with self._session() as session:
            answer = _put(session, self._href(event.uid), text, {"If-None-Match": "*"})
            if answer.is_success:
                return self._written(session, event.uid, self._href(event.uid), answer)
            found = self._find(session, event.uid)
            if found is None:
                raise Rejected(f"The calendar server refused the event (HTTP {answer.status_code}).")
            if found.sequence >= event.sequence:
                return WrittenEvent(href=found.url, etag=found.etag)
            answer = _put(session, found.url, text, {"If-Match": found.etag})
            if answer.status_code in (*_GONE, 412):
                raise Unreachable("The event was changed in the calendar at the same moment.")
            if not answer.is_success:
                raise Rejected(f"The calendar server refused the change (HTTP {answer.status_code}).")
            return self._written(session, event.uid, found.url, answer)

    def delete(self, uid: str) -> bool:
        """Remove the event with this UID; True when it was there, False when it was already gone."""
        with self._session() as session:
            found = self._find(session, uid)
            if found is None:
                return False
            answer = session.request("DELETE", found.url)
            if answer.status_code in _GONE:
                return False
            if not answer.is_success:
                raise Rejected(f"The calendar server refused to delete (HTTP {answer.status_code}).")
            return True

    def _session(self) -> DavSession:
        return DavSession(self._account, timeout_seconds=self._timeout_seconds)

    def _href(self, uid: str) -> str:
        name = re.sub(r"[^A-Za-z0-9@._-]", "-", uid).lstrip(".-")
        return f"{self._url}{quote(name, safe='@')}.ics"

    def _find(self, session: DavSession, uid: str) -> _Found | None:
        """Look at the address made of the UID, then ask by UID: an invite may have been imported."""
        answer = session.request("GET", self._href(uid))
        if answer.is_success:
            stored = read_event(answer.text)
            if stored is not None and stored.uid == uid:
                return _Found(self._href(uid), answer.headers.get("ETag", ""), stored.sequence)
        elif answer.status_code not in _GONE:
            raise Rejected(f"The calendar server refused to read (HTTP {answer.status_code}).")
        resources = session.resources("REPORT", self._url, body=dav_xml.events_with_uid(uid), depth=1)
        return next(self._holding(session, uid, resources), None)

    def _holding(self, session: DavSession, uid: str, resources: tuple[DavResource, ...]) -> Iterator[_Found]:
        """Yield the resources whose event has exactly this UID; servers may match more loosely."""
        for resource in resources:
            stored = read_event(_calendar_data(resource))
            if stored is not None and stored.uid == uid:
                url = session.absolute(self._url, resource.href)
                yield _Found(url, resource.text(f"{DAV}getetag"), stored.sequence)

    def _written(self, session: DavSession, uid: str, url: str, answer: httpx.Response) -> WrittenEvent:
        """Return what was written; a server that changed it gives no ETag (RFC 4791, 5.3.4): read it back."""
        etag = answer.headers.get("ETag", "")
        if not etag:
            found = self._find(session, uid)
            if found is None:
                raise Unreachable("The calendar server took the event, but does not hold it.")
            url, etag = found.url, found.etag
        return WrittenEvent(href=url, etag=etag)


def _put(session: DavSession, url: str, text: str, condition: dict[str, str]) -> httpx.Response:
    return session.request("PUT", url, body=text, headers={"Content-Type": _ICALENDAR, **condition})


def _calendar_data(resource: DavResource) -> str:
    """Return the object's text; raises Unreachable where it was left out, as by a 507 (RFC 5323, 4.2)."""
    element = resource.properties.get(f"{CALDAV}calendar-data")
    if element is None or not element.text:
        raise Unreachable("The calendar server left events out of its answer.")
    return element.text
