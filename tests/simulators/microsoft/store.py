"""The calendars of the simulated Microsoft: events with change keys, views of a range, changes since a token."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulators.microsoft.recurrence import starts
from tests.simulators.microsoft.schema import error, graph_zone, moment

_versions = count(1_000_000)
_FAR = timedelta(days=400)
Event = dict[str, Any]


@dataclass
class Calendar:
    """One calendar as one account sees it. `oldest` is the oldest version that a delta token may name."""

    id: str
    owner: str
    name: str
    time_zone: str
    can_edit: bool = True
    is_default: bool = False
    online: tuple[str, ...] = ("teamsForBusiness",)
    page_size: int = 1000
    oldest: int = 0
    events: dict[str, Event] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    transactions: dict[str, str] = field(default_factory=dict)

    def insert(self, body: Mapping[str, Any]) -> Event:
        """Keep a new event."""
        key = f"AAMk{secrets.token_urlsafe(24)}="
        event = {
            "type": "seriesMaster" if body.get("recurrence") else "singleInstance",
            "showAs": "busy",
            "sensitivity": "normal",
            "isAllDay": False,
            "isCancelled": False,
            "isOnlineMeeting": False,
            "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
            "iCalUId": secrets.token_hex(16).upper(),
            **body,
            "id": key,
        }
        self.events[key] = event
        if body.get("transactionId"):
            self.transactions[body["transactionId"]] = key
        return self.touch(event)

    def patch(self, event_id: str, body: Mapping[str, Any]) -> Event:
        """Change fields of an event; an occurrence becomes an exception of its series (resources/event, "type")."""
        if event_id not in self.events:
            self.events[event_id] = {**self.occurrence(event_id), "type": "exception"}
        event = self.events[event_id]
        for name, value in body.items():
            if name == "singleValueExtendedProperties":
                held = {each["id"]: each for each in event.get(name, ())}
                event[name] = list({**held, **{each["id"]: each for each in value}}.values())
            else:
                event[name] = value
        return self.touch(event)

    def delete(self, event_id: str) -> None:
        """Remove an event, or one date of a series; a series takes its exceptions along."""
        if event_id not in self.events:
            item = self.occurrence(event_id)
            master = self.events[item["seriesMasterId"]]
            master.setdefault("cancelledOccurrences", []).append(event_id)
        for key in [event_id, *(each["id"] for each in self._exceptions(event_id))]:
            self.events.pop(key, None)
            self.gone[key] = next(_versions)

    def touch(self, event: Event) -> Event:
        """Give the event a new version."""
        version = next(_versions)
        event["changeKey"] = base64.b64encode(f"version-{version}".encode()).decode()
        self.changed[event["id"]] = version
        return event

    def get(self, event_id: str) -> Event:
        """Return an event, an exception or an occurrence; raises Refused with 404."""
        return self.events[event_id] if event_id in self.events else self.occurrence(event_id)

    def occurrence(self, event_id: str) -> Event:
        """Return one date of a series by its id; raises Refused with 404."""
        master = self.events.get(event_id.partition("~")[0])
        if master is not None and "~" in event_id and event_id not in self.gone:
            for item in self._occurrences(master, until=datetime.now(UTC) + _FAR):
                if item["id"] == event_id:
                    return item
        raise error(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    def interval(self, item: Mapping[str, Any]) -> tuple[datetime, datetime]:
        """Return when an event is, in UTC; an all-day one from local midnight to local midnight."""
        if not item["isAllDay"]:
            return moment(item["start"]), moment(item["end"])
        zone = ZoneInfo(self.time_zone)
        days = (datetime.fromisoformat(item[name]["dateTime"]).date() for name in ("start", "end"))
        first, last = (datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC) for day in days)
        return first, last

    def view(self, start: datetime, end: datetime) -> list[Event]:
        """Return single events, occurrences and exceptions that overlap [start, end), by their start."""
        found = []
        for event in self.events.values():
            each = self._occurrences(event, until=end) if event["type"] == "seriesMaster" else [event]
            found += [item for item in each if _overlaps(*self.interval(item), start, end)]
        return sorted(found, key=self.interval)

    def forget_changes(self) -> None:
        """Let every delta token given so far be too old (graph/delta-query-overview, "Synchronization reset")."""
        self.oldest = next(_versions)

    def delta(self, state: Mapping[str, Any], size: int) -> tuple[list[Event], str, bool]:
        """Return a page of what changed, the next state as an opaque token, and whether the round goes on.

        What left the range is told as deleted, and so is what was never in it (api/event-delta, "Response").
        """
        since = int(state["since"])
        if 0 < since < self.oldest:
            raise error(410, "SyncStateNotFound", "The sync state generation is not found.")
        start, end = (datetime.fromisoformat(state[name]) for name in ("start", "end"))
        shown = self.view(start, end)
        items = [item for item in shown if self._version_of(item) > since]
        if since:
            inside = {item["id"] for item in shown} | {item.get("seriesMasterId") for item in shown}
            away = [key for key, version in {**self.changed, **self.gone}.items() if version > since]
            items += [{"id": key, "@removed": {"reason": "deleted"}} for key in away if key not in inside]
        offset, size = int(state["offset"]), min(size, self.page_size)
        goes_on = offset + size < len(items)
        until = {"offset": offset + size} if goes_on else {"offset": 0, "since": next(_versions)}
        return items[offset : offset + size], packed({**state, **until}), goes_on

    def _version_of(self, item: Mapping[str, Any]) -> int:
        return self.changed.get(item["id"]) or self.changed[item["seriesMasterId"]]

    def _exceptions(self, master_id: str) -> list[Event]:
        return [each for each in self.events.values() if each.get("seriesMasterId") == master_id]

    def _occurrences(self, master: Event, *, until: datetime) -> Iterator[Event]:
        replaced = {each["id"] for each in self._exceptions(master["id"])}
        replaced |= set(master.get("cancelledOccurrences", ()))
        zone = ZoneInfo(self.time_zone)
        written = master["start"]["timeZone"]
        own = zone if master["isAllDay"] else graph_zone(written)
        first = datetime.fromisoformat(master["start"]["dateTime"]).replace(tzinfo=own)
        length = _wall(master["end"]) - _wall(master["start"])
        for start in starts(master["recurrence"], first=first, zone=own):
            if start >= until.astimezone(own):
                return
            key = f"{master['id']}~{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            if key not in replaced:
                local = start.replace(tzinfo=None)
                yield {
                    **{name: value for name, value in master.items() if name not in _OF_MASTERS},
                    "id": key,
                    "type": "occurrence",
                    "seriesMasterId": master["id"],
                    "start": {"dateTime": local.isoformat(), "timeZone": written},
                    "end": {"dateTime": (local + length).isoformat(), "timeZone": written},
                }


_OF_MASTERS = {"recurrence", "cancelledOccurrences"}


def packed(state: Mapping[str, Any]) -> str:
    """Return a state as a token that nobody reads."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def unpacked(token: str) -> dict[str, Any]:
    """Return the state of a token; raises Refused for one that was altered."""
    try:
        said = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise error(400, "BadRequest", "Badly formed token.") from None
    return dict(said)


def _wall(value: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(value["dateTime"])


def _overlaps(first: datetime, last: datetime, start: datetime, end: datetime) -> bool:
    return first < end and (last > start or first == last >= start)
