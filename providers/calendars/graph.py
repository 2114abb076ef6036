"""One calendar of a Microsoft account (Graph v1.0): its busy times, our events in it, its changes.

Rules are from learn.microsoft.com/graph; each method names its page.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent
from providers.calendars.following import Changes, OpenChannel, OwnEvent, SyncTokenExpired, WholeReading
from providers.calendars.graph_event import event_body, our_version
from providers.calendars.graph_events import GraphEvents, error_code
from providers.calendars.graph_times import graph_intervals, own_uid, times_of
from providers.oauth.session import ApiSession
from providers.protocols import CalendarEvent, Rejected, Unreachable, WrittenEvent

_FIELDS = "id,start,end,isAllDay,isCancelled,showAs,responseStatus,iCalUId,transactionId"
_VIEW = {"Prefer": 'outlook.timezone="UTC"'}
_DELTA = {"Prefer": 'outlook.timezone="UTC", outlook.body-content-type="text", odata.maxpagesize=200'}
_EXPIRED = {"SyncStateNotFound", "SyncStateInvalid", "ResyncRequired"}
_MARGIN = timedelta(days=1)
_MOST_PAGES = 40


class GraphCalendar:
    """The calendar kept under `url`, as providers.calendars.following.FollowedCalendar wants it."""

    channel_lasts: ClassVar[timedelta] = timedelta(minutes=4200)
    """An event's subscription lives 4,230 minutes at most (change-notifications-overview, "Subscription lifetime")."""

    def __init__(self, session: ApiSession, *, url: str, rules: BusyRules) -> None:
        self._session = session
        self._events = GraphEvents(session, url=url)
        self._rules = rules
        self._token = ""

    def busy(self, *, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """Return the busy times that overlap [start, end); graph_times says which those are."""
        return self._viewed(start, end)[0]

    def whole(self, *, start: datetime, end: datetime) -> WholeReading:
        """Read the window, and begin to follow it unless `changes` was just told by a token that reaches as far.

        The token comes first: what changes between the two requests is told once more, and none is missed.
        """
        token = self._token
        if not token or datetime.fromisoformat(token.partition(" ")[0]) < end:
            token = self._followed(start, end + _MARGIN)
        intervals, items = self._viewed(start, end)
        own = tuple(self._seen(item) for item in items if own_uid(item, self._rules.own_suffix))
        return WholeReading(intervals=intervals, sync_token=token, own=own)

    def changes(self, sync_token: str) -> Changes:
        """List what changed since the token (graph/delta-query-events, "The next round").

        What is told as removed may only have left the window (api/event-delta, "Response"): the window is read
        again then, and events of ours that it does not show are looked for one by one.
        """
        until, _, link = sync_token.partition(" ")
        items, after = self._listed(link, None, _DELTA)
        self._token = f"{until} {after}"
        return Changes(
            sync_token=self._token,
            is_changed=not all(own_uid(item, self._rules.own_suffix) for item in items),
            events=tuple(self._seen(item) for item in items if own_uid(item, self._rules.own_suffix)),
        )

    def find(self, uid: str) -> WrittenEvent | None:
        """Return where our event with this UID is; None when the calendar does not hold it."""
        item = self._events.own(uid)
        return _written(item) if item else None

    def look(self, remote_id: str) -> OwnEvent | None:
        """Return an event as it is now; Microsoft keeps none that was deleted, so 404 says that it was."""
        item = self._events.get(remote_id)
        if item is None:
            return OwnEvent(remote_id=remote_id, uid="", etag="", is_deleted=True)
        return self._seen(item)

    def write(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:  # noqa: ARG002 - the protocol's
        """Make the event where it is not there yet, or bring what stands there to this SEQUENCE."""
        found = self._events.own(event.uid)
        if found is None:
            made = self._events.made(event.uid, event_body(event))
            if "singleValueExtendedProperties" not in made:  # made now: an answer does not tell them
                return _written(made)
            found = made
        return _written(found) if our_version(found) >= event.sequence else self._replaced(found, event)

    def restore(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Put our event back as it has to be, over whatever its owner made of it."""
        found = self._events.own(event.uid)
        return self.write(event, now=now) if found is None else self._replaced(found, event)

    def delete(self, uid: str) -> bool:
        """Remove our event; False when it was not there."""
        found = self._events.own(uid)
        return found is not None and self._events.removed(found)

    def open_channel(
        self,
        *,
        key: str,  # noqa: ARG002 - the protocol's; Microsoft gives a subscription its id
        secret: str,
        address: str,
        expires_at: datetime,
    ) -> OpenChannel:
        """Subscribe to the calendar's events (api/subscription-post-subscriptions).

        Microsoft calls the address for a validation token before it answers. That one calendar may be the resource
        is not in its list; where it is refused, the calendar is polled.
        """
        body = {
            "changeType": "created,updated,deleted",
            "notificationUrl": address,
            "lifecycleNotificationUrl": address,
            "resource": f"{self._events.path.removeprefix('/')}/events",
            "expirationDateTime": _stamp(expires_at),
            "clientState": secret,
        }
        said = self._session.json("POST", "/subscriptions", json=body)
        return OpenChannel(remote_id=str(said.get("id", "")), expires_at=_until(said, expires_at))

    def prolong_channel(self, *, remote_id: str, expires_at: datetime) -> datetime | None:
        """Renew a subscription (api/subscription-update), which reauthorises it too; None where it is gone."""
        body = {"expirationDateTime": _stamp(expires_at)}
        answer = self._session.request("PATCH", f"/subscriptions/{remote_id}", json=body, is_repeatable=True)
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to renew the subscription (HTTP {answer.status_code}).")
        return _until(self._session.read(answer), expires_at)

    def close_channel(self, *, key: str, remote_id: str) -> None:  # noqa: ARG002 - the protocol's
        """End a subscription (api/subscription-delete); 404 says that it ended before."""
        answer = self._session.request("DELETE", f"/subscriptions/{remote_id}", is_repeatable=True)
        if not answer.is_success and answer.status_code != 404:
            raise Rejected(f"Microsoft refused to end the subscription (HTTP {answer.status_code}).")

    def _replaced(self, found: dict[str, Any], event: CalendarEvent) -> WrittenEvent:
        """Change an event; of an online meeting the body keeps the part to join by (api/event-update, "body")."""
        kept = self._events.body_of(found) if found.get("isOnlineMeeting") else ""
        return _written(self._events.changed(found, event_body(event, kept=kept)))

    def _followed(self, start: datetime, end: datetime) -> str:
        """Run through a first round of changes; return its end and the address of the next (delta-query-events)."""
        query = {"startDateTime": _stamp(start), "endDateTime": _stamp(end)}
        _, link = self._listed(f"{self._events.path}/calendarView/delta", query, _DELTA)
        return f"{end.isoformat()} {link}"

    def _viewed(self, start: datetime, end: datetime) -> tuple[tuple[Interval, ...], list[dict[str, Any]]]:
        """Return busy times and items of a view (api/user-list-calendarview).

        It is asked a day wider: whole days are placed by the mailbox's zone there, and by ours here.
        """
        query = {
            "startDateTime": _stamp(start - _MARGIN),
            "endDateTime": _stamp(end + _MARGIN),
            "$select": _FIELDS,
            "$top": "500",
        }
        items, _ = self._listed(f"{self._events.path}/calendarView", query, _VIEW)
        try:
            return graph_intervals(items, start=start, end=end, rules=self._rules), items
        except UnreadableEvent as error:
            raise Rejected(f"An event in the Outlook calendar cannot be read: {error}.") from error

    def _listed(
        self, path: str, query: dict[str, str] | None, headers: dict[str, str]
    ) -> tuple[list[dict[str, Any]], str]:
        """Return all items and the address of the next round; a list that does not end is no answer."""
        items: list[dict[str, Any]] = []
        for _ in range(_MOST_PAGES):
            page = self._page(path, query, headers)
            items += [item for item in page["value"] if isinstance(item, dict)]
            if "@odata.nextLink" not in page:
                return items, str(page.get("@odata.deltaLink", ""))
            path, query = str(page["@odata.nextLink"]), None
        raise Rejected("The Outlook calendar has too many events to read.")

    def _page(self, path: str, query: dict[str, str] | None, headers: dict[str, str]) -> dict[str, Any]:
        answer = self._session.request("GET", path, params=query, headers=headers)
        if answer.status_code == 410 or error_code(answer) in _EXPIRED:
            raise SyncTokenExpired  # graph/delta-query-overview, "Synchronization reset"
        if answer.status_code == 404:
            raise Rejected("The calendar is not there any more, or is not this account's now.")
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to list the events (HTTP {answer.status_code}).")
        page = self._session.read(answer)
        if not isinstance(page.get("value"), list):
            raise Unreachable("Microsoft's answer makes no sense.")
        return page

    def _seen(self, item: dict[str, Any]) -> OwnEvent:
        deleted = bool(item.get("isCancelled"))
        try:
            starts_at, ends_at = (None, None) if deleted else times_of(item, self._rules.zone)
        except UnreadableEvent:
            starts_at = ends_at = None
        return OwnEvent(
            remote_id=str(item.get("id", "")),
            uid=own_uid(item, self._rules.own_suffix),
            etag=str(item.get("@odata.etag", "")),
            is_deleted=deleted,
            starts_at=starts_at,
            ends_at=ends_at,
        )


def _written(item: dict[str, Any]) -> WrittenEvent:
    return WrittenEvent(href=str(item.get("id", "")), etag=str(item.get("@odata.etag", "")))


def _until(said: dict[str, Any], otherwise: datetime) -> datetime:
    """Return until when a subscription lives as it was answered."""
    try:
        read = datetime.fromisoformat(str(said["expirationDateTime"]))
    except (KeyError, ValueError):
        return otherwise
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
