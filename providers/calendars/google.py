"""One calendar of a Google account (Calendar API v3): its busy times, our events in it, its changes.

Rules are from developers.google.com/workspace/calendar/api; each method names its page.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent
from providers.calendars.following import Changes, OpenChannel, OwnEvent, SyncTokenExpired, WholeReading
from providers.calendars.google_event import event_body, our_version
from providers.calendars.google_times import google_intervals, instant, own_uid
from providers.oauth.session import ApiSession
from providers.protocols import CalendarEvent, Rejected, Unreachable, WrittenEvent

_FIELDS = (
    "nextPageToken,nextSyncToken,items(id,iCalUID,etag,status,transparency,start,end,"
    "attendees(self,responseStatus),extendedProperties/private)"
)
_PAGE = {"singleEvents": "true", "maxResults": "2500", "maxAttendees": "1", "fields": _FIELDS}
_MOST_PAGES = 40
_GONE = (404, 410)


def google_url(calendar_id: str) -> str:
    """Return the address under which we keep a calendar, wherever the API is."""
    return f"https://www.googleapis.com/calendar/v3/calendars/{quote(calendar_id, safe='')}"


def google_event_id(uid: str) -> str:
    """Return the id that we give our event: base32hex in small letters, 5 to 1024 of a-v and 0-9
    (reference/events/insert, "id"), made of the UID, so that the same event is never inserted twice.
    """
    return base64.b32hexencode(hashlib.sha256(uid.encode()).digest()).decode().rstrip("=").lower()


class GoogleCalendar:
    """The calendar kept under `url`, as providers.calendars.following.FollowedCalendar wants it."""

    channel_lasts: ClassVar[timedelta] = timedelta(days=7)

    def __init__(self, session: ApiSession, *, url: str, rules: BusyRules) -> None:
        self._session = session
        self._path = f"/calendars/{quote(unquote(url.rsplit('/', 1)[-1]), safe='')}"
        self._rules = rules

    def busy(self, *, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """Return the busy times that overlap [start, end); google_times says which those are."""
        return self.whole(start=start, end=end).intervals

    def whole(self, *, start: datetime, end: datetime) -> WholeReading:
        """List the window's events, all pages (reference/events/list; guides/sync, "Initial full sync").

        `timeMin` bounds ends and `timeMax` bounds starts, both exclusive.
        """
        query = {**_PAGE, "timeMin": _rfc3339(start), "timeMax": _rfc3339(end)}
        items, token = self._listed(query)
        try:
            intervals = google_intervals(items, start=start, end=end, rules=self._rules)
        except UnreadableEvent as error:
            raise Rejected(f"An event in the Google calendar cannot be read: {error}.") from error
        own = tuple(self._seen(item) for item in items if own_uid(item, self._rules.own_suffix))
        return WholeReading(intervals=intervals, sync_token=token, own=own)

    def changes(self, sync_token: str) -> Changes:
        """List what changed since the token (guides/sync, "Incremental sync"): none of the restrictions of time
        may be sent with it, deleted events are always among them, and 410 says that it expired.
        """
        items, token = self._listed({**_PAGE, "syncToken": sync_token})
        others = [item for item in items if not own_uid(item, self._rules.own_suffix)]
        return Changes(
            sync_token=token,
            is_changed=bool(others),
            events=tuple(self._seen(item) for item in items if _is_telling(item, self._rules.own_suffix)),
        )

    def find(self, uid: str) -> WrittenEvent | None:
        """Return where our event with this UID is; None when the calendar does not hold it, or only as deleted."""
        item = self._get(google_event_id(uid))
        if item is None or item.get("status") == "cancelled":
            return None
        return _written(item)

    def look(self, remote_id: str) -> OwnEvent | None:
        """Return an event as it is now: a deleted one says status cancelled (reference/events, "status")."""
        item = self._get(remote_id)
        return self._seen(item) if item else None

    def write(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:  # noqa: ARG002 - the protocol's
        """Insert the event under the id made of its UID, or bring what stands there to this SEQUENCE.

        409 says that the id is taken (guides/errors): by an earlier try, or by an event that its owner deleted,
        which comes back. A change is sent with If-Match (guides/version-resources), never over somebody else's.
        """
        body = event_body(event)
        answer = self._session.request(
            "POST",
            f"{self._path}/events",
            params={"sendUpdates": "none"},
            json={**body, "id": google_event_id(event.uid)},
            is_repeatable=True,
        )
        if answer.is_success:
            return _written(self._session.read(answer))
        if answer.status_code != 409:
            raise Rejected(f"Google refused the event (HTTP {answer.status_code}).")
        found = self._get(google_event_id(event.uid))
        if found is None:
            raise Unreachable("Google says that it has the event, but does not show it.")
        if found.get("status") != "cancelled" and our_version(found) >= event.sequence:
            return _written(found)
        return self._replaced(found, body)

    def restore(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Put our event back as it has to be, over whatever its owner made of it."""
        found = self._get(google_event_id(event.uid))
        return self.write(event, now=now) if found is None else self._replaced(found, event_body(event))

    def delete(self, uid: str) -> bool:
        """Remove our event; False when it was not there. 410 says that it was deleted before (guides/errors)."""
        answer = self._session.request(
            "DELETE",
            f"{self._path}/events/{google_event_id(uid)}",
            params={"sendUpdates": "none"},
            is_repeatable=True,
        )
        if answer.status_code in _GONE:
            return False
        if not answer.is_success:
            raise Rejected(f"Google refused to delete the event (HTTP {answer.status_code}).")
        return True

    def open_channel(self, *, key: str, secret: str, address: str, expires_at: datetime) -> OpenChannel:
        """Watch the calendar's events (guides/push, "Make watch requests"); the expiration is in milliseconds."""
        said = self._session.json(
            "POST",
            f"{self._path}/events/watch",
            json={
                "id": key,
                "type": "web_hook",
                "address": address,
                "token": secret,
                "expiration": str(int(expires_at.timestamp() * 1000)),
            },
        )
        try:
            until = datetime.fromtimestamp(int(said["expiration"]) / 1000, UTC)
        except (KeyError, ValueError):
            until = expires_at
        return OpenChannel(remote_id=str(said.get("resourceId", "")), expires_at=until)

    def prolong_channel(self, *, remote_id: str, expires_at: datetime) -> datetime | None:  # noqa: ARG002
        """Return None: Google prolongs no channel (guides/push, "Renew notification channels")."""
        return None

    def close_channel(self, *, key: str, remote_id: str) -> None:
        """Stop a channel (guides/push, "Stop notifications"); 404 says that it ended before."""
        answer = self._session.request(
            "POST", "/channels/stop", json={"id": key, "resourceId": remote_id}, is_repeatable=True
        )
        if not answer.is_success and answer.status_code not in _GONE:
            raise Rejected(f"Google refused to stop the channel (HTTP {answer.status_code}).")

    def _replaced(self, found: dict[str, Any], body: dict[str, Any]) -> WrittenEvent:
        answer = self._session.request(
            "PATCH",
            f"{self._path}/events/{found['id']}",
            params={"sendUpdates": "none"},
            json={**body, "status": "confirmed"},
            headers={"If-Match": str(found.get("etag", ""))},
            is_repeatable=True,
        )
        if answer.status_code == 412:
            raise Unreachable("The event was changed in the calendar at the same moment.")
        if not answer.is_success:
            raise Rejected(f"Google refused the change (HTTP {answer.status_code}).")
        return _written(self._session.read(answer))

    def _get(self, event_id: str) -> dict[str, Any] | None:
        answer = self._session.request("GET", f"{self._path}/events/{event_id}")
        if answer.status_code in _GONE:
            return None
        if not answer.is_success:
            raise Rejected(f"Google refused to show the event (HTTP {answer.status_code}).")
        return self._session.read(answer)

    def _listed(self, query: dict[str, str]) -> tuple[list[dict[str, Any]], str]:
        """Return all items and the token of the last page; a list that does not end is no answer."""
        items: list[dict[str, Any]] = []
        for page in self._pages(query):
            items += [item for item in page.get("items") or () if isinstance(item, dict)]
            if "nextPageToken" not in page:
                return items, str(page.get("nextSyncToken", ""))
        raise Rejected("The Google calendar has too many events to read.")

    def _pages(self, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        for _ in range(_MOST_PAGES):
            answer = self._session.request("GET", f"{self._path}/events", params=query)
            if answer.status_code == 410 and "syncToken" in query:
                raise SyncTokenExpired
            if answer.status_code == 404:
                raise Rejected("The calendar is not there any more, or is not shared with this account now.")
            if not answer.is_success:
                raise Rejected(f"Google refused to list the events (HTTP {answer.status_code}).")
            page = self._session.read(answer)
            if not isinstance(page.get("items", []), list):
                raise Unreachable("Google's answer makes no sense.")
            yield page
            query = {**query, "pageToken": str(page.get("nextPageToken", ""))}

    def _seen(self, item: dict[str, Any]) -> OwnEvent:
        deleted = item.get("status") == "cancelled"
        try:
            starts_at = None if deleted else instant(item.get("start"), self._rules.zone)
            ends_at = None if deleted else instant(item.get("end"), self._rules.zone)
        except UnreadableEvent:
            starts_at = ends_at = None
        return OwnEvent(
            remote_id=str(item.get("id", "")),
            uid=own_uid(item, self._rules.own_suffix),
            etag=str(item.get("etag", "")),
            is_deleted=deleted,
            starts_at=starts_at,
            ends_at=ends_at,
        )


def _is_telling(item: dict[str, Any], suffix: str) -> bool:
    """Ours, or deleted: of what is deleted Google may tell the id alone (reference/events, "status")."""
    return bool(own_uid(item, suffix)) or item.get("status") == "cancelled"


def _written(item: dict[str, Any]) -> WrittenEvent:
    return WrittenEvent(href=str(item.get("id", "")), etag=str(item.get("etag", "")))


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
