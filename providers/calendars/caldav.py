"""One calendar of a CalDAV account (RFC 4791): its busy times, our events in it, its changes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote

import httpx

from providers.calendars import dav_xml
from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent, busy_intervals
from providers.calendars.caldav_changes import changed_since, read_token
from providers.calendars.dav_session import DavAccount, DavSession, plain_address
from providers.calendars.dav_xml import CALDAV, DAV, DavResource
from providers.calendars.event_text import StoredEvent, event_text, read_event
from providers.calendars.following import Changes, OwnEvent, WholeReading
from providers.protocols import CalendarEvent, Rejected, Unreachable, WrittenEvent

_ICALENDAR = "text/calendar; charset=utf-8"
_GONE = (404, 410)
_MOST_LOOKED_AT = 50
_MARGIN = timedelta(days=2)  # all-day and floating times may lie up to 14 hours from the server's reading


@dataclass(frozen=True)
class _Found:
    """An event of ours as the calendar holds it now."""

    url: str
    etag: str
    stored: StoredEvent


class CalDavCalendar:
    """The calendar at `url` of an account, as providers.calendars.following.TwoWayCalendar wants it.

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
        with self._session() as session:
            return self._intervals(self._objects(session, start, end), start, end)

    def whole(self, *, start: datetime, end: datetime) -> WholeReading:
        """Read the window as `busy` does, and before it a token: what changes in between is told once more."""
        with self._session() as session:
            token = read_token(session, self._url)
            resources = self._objects(session, start, end)
            own = tuple(seen for each in resources if (seen := self._own(session, each)))
        return WholeReading(intervals=self._intervals(resources, start, end), sync_token=token, own=own)

    def changes(self, sync_token: str) -> Changes:
        """Ask what changed; of a few changed objects it is looked at whether they are ours (RFC 4791, 7.9).

        What only our events did changes no busy time. One request when nothing changed, else two.
        """
        with self._session() as session:
            found = changed_since(session, self._url, sync_token)
            if found.changed is None or len(found.changed) > _MOST_LOOKED_AT:
                return Changes(sync_token=found.token, is_changed=True)
            gone = [self._address(session, href) for href in found.removed]
            seen = self._looked_at(session, found.changed)
        own = tuple(each for each in seen if each)
        return Changes(
            sync_token=found.token,
            is_changed=len(own) < len(found.changed) or not all(map(self._uid_at, gone)),
            events=(*own, *map(_deleted, gone)),
        )

    def find(self, uid: str) -> WrittenEvent | None:
        """Return where the event with this UID is, None when the calendar does not hold it."""
        with self._session() as session:
            found = self._find(session, uid)
        return WrittenEvent(href=found.url, etag=found.etag) if found else None

    def look(self, remote_id: str) -> OwnEvent | None:
        """Return the event at this address as it is now, also where another client put it (same UID) instead."""
        with self._session() as session:
            uid = self._uid_at(remote_id)
            found = self._at(session, remote_id)
            if found is None and uid:
                found = next(self._with_uid(session, uid), None)
        return _seen(found) if found else _deleted(remote_id)

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
            if found.stored.version >= event.sequence and not found.stored.is_cancelled:
                return WrittenEvent(href=found.url, etag=found.etag)
            return self._replaced(session, found, event, now)

    def restore(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Put our event back as it has to be, over whatever its owner made of it."""
        with self._session() as session:
            found = self._find(session, event.uid)
            if found is not None:
                return self._replaced(session, found, event, now)
        return self.write(event, now=now)

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

    def _objects(self, session: DavSession, start: datetime, end: datetime) -> tuple[DavResource, ...]:
        query = dav_xml.events_between(start - _MARGIN, end + _MARGIN)
        return session.resources("REPORT", self._url, body=query, depth=1)

    def _intervals(
        self, resources: tuple[DavResource, ...], start: datetime, end: datetime
    ) -> tuple[Interval, ...]:
        found: set[Interval] = set()
        for text in map(_calendar_data, resources):
            try:
                found.update(busy_intervals(text, start=start, end=end, rules=self._rules))
            except UnreadableEvent as error:
                raise Rejected(f"An event in the calendar cannot be read: {error}.") from error
        return tuple(sorted(found))

    def _href(self, uid: str) -> str:
        name = re.sub(r"[^A-Za-z0-9@._-]", "-", uid).lstrip(".-")
        return plain_address(f"{self._url}{name}.ics")

    def _uid_at(self, address: str) -> str:
        """Return the UID of our event whose address this is, "" where it is not one that we made."""
        name = unquote(address.rsplit("/", 1)[-1]).removesuffix(".ics")
        return name if name.endswith(self._rules.own_suffix) else ""

    def _address(self, session: DavSession, href: str) -> str:
        return plain_address(session.absolute(self._url, href))

    def _looked_at(self, session: DavSession, hrefs: tuple[str, ...]) -> list[OwnEvent | None]:
        if not hrefs:
            return []
        resources = session.resources("REPORT", self._url, body=dav_xml.objects_at(hrefs), depth=0)
        return [self._own(session, each) for each in resources]

    def _own(self, session: DavSession, resource: DavResource) -> OwnEvent | None:
        """Return our event that an object holds, None where it holds another's, or cannot be read."""
        stored = read_event(resource.text(f"{CALDAV}calendar-data"), zone=self._rules.zone)
        if stored is None or not stored.uid.endswith(self._rules.own_suffix):
            return None
        return _seen(_Found(self._address(session, resource.href), resource.text(f"{DAV}getetag"), stored))

    def _find(self, session: DavSession, uid: str) -> _Found | None:
        """Look at the address made of the UID, then ask by UID: an invite may have been imported."""
        found = self._at(session, self._href(uid))
        if found is not None and found.stored.uid == uid:
            return found
        return next(self._with_uid(session, uid), None)

    def _at(self, session: DavSession, url: str) -> _Found | None:
        """Return the event at an address, None where there is none."""
        answer = session.request("GET", url)
        if answer.status_code in _GONE:
            return None
        if not answer.is_success:
            raise Rejected(f"The calendar server refused to read (HTTP {answer.status_code}).")
        stored = read_event(answer.text, zone=self._rules.zone)
        return _Found(url, answer.headers.get("ETag", ""), stored) if stored else None

    def _with_uid(self, session: DavSession, uid: str) -> Iterator[_Found]:
        """Yield the objects whose event has exactly this UID; servers may match more loosely."""
        query = dav_xml.events_with_uid(uid)
        for resource in session.resources("REPORT", self._url, body=query, depth=1):
            stored = read_event(_calendar_data(resource), zone=self._rules.zone)
            if stored is not None and stored.uid == uid:
                yield _Found(self._address(session, resource.href), resource.text(f"{DAV}getetag"), stored)

    def _replaced(
        self, session: DavSession, found: _Found, event: CalendarEvent, now: datetime
    ) -> WrittenEvent:
        """Replace what was found, unless somebody changed it since: If-Match (RFC 4791, 5.3.2)."""
        text = event_text(event, now=now, sequence=found.stored.sequence)
        answer = _put(session, found.url, text, {"If-Match": found.etag})
        if answer.status_code in (*_GONE, 412):
            raise Unreachable("The event was changed in the calendar at the same moment.")
        if not answer.is_success:
            raise Rejected(f"The calendar server refused the change (HTTP {answer.status_code}).")
        return self._written(session, event.uid, found.url, answer)

    def _written(self, session: DavSession, uid: str, url: str, answer: httpx.Response) -> WrittenEvent:
        """Return what was written; a server that changed it gives no ETag (RFC 4791, 5.3.4): read it back."""
        etag = answer.headers.get("ETag", "")
        if not etag:
            found = self._find(session, uid)
            if found is None:
                raise Unreachable("The calendar server took the event, but does not hold it.")
            url, etag = found.url, found.etag
        return WrittenEvent(href=url, etag=etag)


def _seen(found: _Found) -> OwnEvent:
    """Return the event as it stands; one that its owner marked as cancelled is as good as deleted."""
    stored = found.stored
    return OwnEvent(
        remote_id=found.url,
        uid=stored.uid,
        etag=found.etag,
        is_deleted=stored.is_cancelled,
        starts_at=stored.starts_at,
        ends_at=stored.ends_at,
    )


def _deleted(address: str) -> OwnEvent:
    return OwnEvent(remote_id=address, uid="", etag="", is_deleted=True)


def _put(session: DavSession, url: str, text: str, condition: dict[str, str]) -> httpx.Response:
    return session.request("PUT", url, body=text, headers={"Content-Type": _ICALENDAR, **condition})


def _calendar_data(resource: DavResource) -> str:
    """Return the object's text; raises Unreachable where it was left out, as by a 507 (RFC 5323, 4.2)."""
    element = resource.properties.get(f"{CALDAV}calendar-data")
    if element is None or not element.text:
        raise Unreachable("The calendar server left events out of its answer.")
    return element.text
