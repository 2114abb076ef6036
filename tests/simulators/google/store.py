"""The calendars of the simulated Google: events with etags and versions, pages, and tokens of what changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulators.google.expansion import instances, moment
from tests.simulators.google.schema import error

_versions = count(1_000_000)
_FAR = timedelta(days=400)


@dataclass
class Calendar:
    """One calendar as one account sees it. `oldest` is the oldest version that a sync token may name."""

    id: str
    owner: str
    name: str
    time_zone: str
    role: str = "owner"
    is_primary: bool = False
    page_size: int = 2500
    oldest: int = 0
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The calendar's own zone: all-day events are its local days."""
        return ZoneInfo(self.time_zone)

    def insert(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a new event."""
        key = body.get("id") or secrets.token_hex(12)
        event = {
            "kind": "calendar#event",
            "status": "confirmed",
            "iCalUID": f"{key}@google.com",
            "organizer": {"email": self.owner, "self": True},
            "sequence": 0,
            **body,
            "id": key,
        }
        self.events[key] = event
        return self._touched(event)

    def patch(self, event_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change fields of an event; an instance becomes an exception of its series (guides/recurringevents)."""
        if event_id not in self.events:
            self.events[event_id] = self._instance(event_id)
        event = self.events[event_id]
        for name, value in body.items():
            if name == "extendedProperties" and value:
                kept = event.setdefault(name, {})
                for kind, properties in value.items():
                    kept[kind] = {**kept.get(kind, {}), **properties}
            else:
                event[name] = value
        return self._touched(event)

    def cancel(self, event_id: str) -> None:
        """Delete an event, or one instance of a series: it stays, with status cancelled."""
        self.patch(event_id, {"status": "cancelled"})

    def forget_changes(self) -> None:
        """Let every sync token given so far be expired: 410 GONE (guides/sync)."""
        self.oldest = next(_versions)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return one page of events.list: by range, or what changed since a token."""
        if "syncToken" in query:
            since = _version(query["syncToken"], self.id)
            if since is None or since < self.oldest:
                raise error(
                    410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required."
                )
            items = [item for item in self._instances(None, None) if self._version_of(item) > since]
            items += [
                event
                for event in self.events.values()
                if event["status"] == "cancelled" and self.changed[event["id"]] > since
            ]
        else:
            bounds = [
                datetime.fromisoformat(query[name]) if name in query else None
                for name in ("timeMin", "timeMax")
            ]
            items = self._instances(*bounds)
        size = min(self.page_size, int(query.get("maxResults", "250")))
        offset = int(query.get("pageToken") or 0)
        answer: dict[str, Any] = {
            "kind": "calendar#events",
            "timeZone": self.time_zone,
            "items": [dict(item) for item in items[offset : offset + size]],
        }
        if offset + size < len(items):
            answer["nextPageToken"] = str(offset + size)
        else:
            answer["nextSyncToken"] = f"{self.id}|{next(_versions)}"
        return answer

    def busy(self, start: str, end: str) -> list[dict[str, str]]:
        """Return the opaque times of a range, merged (reference/freebusy/query)."""
        bounds = datetime.fromisoformat(start), datetime.fromisoformat(end)
        times = sorted(
            (moment(item["start"], self.zone), moment(item["end"], self.zone))
            for item in self._instances(*bounds)
            if item.get("transparency") != "transparent"
        )
        return [{"start": first.isoformat(), "end": last.isoformat()} for first, last in times]

    def _touched(self, event: dict[str, Any]) -> dict[str, Any]:
        version = next(_versions)
        event["etag"] = f'"{version}"'
        event["updated"] = datetime.now(UTC).isoformat()
        self.changed[event["id"]] = version
        return event

    def _version_of(self, item: Mapping[str, Any]) -> int:
        return self.changed.get(item["id"]) or self.changed[item["recurringEventId"]]

    def _instances(self, start: datetime | None, end: datetime | None) -> list[dict[str, Any]]:
        """Return events that are not deleted, series expanded, that end after `start` and start before `end`."""
        until = end or datetime.now(UTC) + _FAR
        found: list[dict[str, Any]] = []
        for event in self.events.values():
            if event["status"] == "cancelled":
                continue
            if "recurrence" in event:
                exceptions = [
                    each for each in self.events.values() if each.get("recurringEventId") == event["id"]
                ]
                found += instances(event, exceptions, until=until, zone=self.zone)
            else:
                found.append(event)
        return [
            item
            for item in found
            if (start is None or moment(item["end"], self.zone) > start)
            and (end is None or moment(item["start"], self.zone) < end)
        ]

    def _instance(self, event_id: str) -> dict[str, Any]:
        master = self.events.get(event_id.rsplit("_", 1)[0])
        if master is None:
            raise error(404, "notFound", "Not Found")
        until = datetime.now(UTC) + _FAR
        for item in instances(master, [], until=until, zone=self.zone):
            if item["id"] == event_id:
                return item
        raise error(404, "notFound", "Not Found")


@dataclass
class Store:
    """All calendars by id."""

    calendars: dict[str, Calendar] = field(default_factory=dict)

    def add(self, calendar: Calendar) -> Calendar:
        """Keep a calendar."""
        self.calendars[calendar.id] = calendar
        return calendar

    def listed(self, account: str) -> list[dict[str, Any]]:
        """Return an account's entries of calendarList (reference/calendarList)."""
        return [
            {
                "kind": "calendar#calendarListEntry",
                "id": calendar.id,
                "summary": calendar.name,
                "timeZone": calendar.time_zone,
                "accessRole": calendar.role,
                **({"primary": True} if calendar.is_primary else {}),
            }
            for calendar in self.calendars.values()
            if calendar.owner == account
        ]


def _version(token: str, calendar_id: str) -> int | None:
    name, _, version = token.rpartition("|")
    return int(version) if name == calendar_id and version.isdigit() else None
