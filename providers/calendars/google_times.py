"""Which of Google's events are busy: items of events.list in, intervals out. Pure: no HTTP, no database.

The resource: developers.google.com/workspace/calendar/api/v3/reference/events. Asked with `singleEvents=true`,
so Google itself expands recurrences and their exceptions.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent

OWN_PROPERTY = "holdfast"
"""Name in extendedProperties.private under which our events carry their UID."""


def google_intervals(
    items: Iterable[Mapping[str, Any]], *, start: datetime, end: datetime, rules: BusyRules
) -> tuple[Interval, ...]:
    """Return the busy times that overlap [start, end): half-open, UTC, sorted, distinct, not merged.

    Free: `status` cancelled, `transparency` transparent (working locations and birthdays are always that), what
    the calendar's owner declined (`attendees[].self`), what takes no time, and our own events. Tentative and
    unanswered ones are busy; private ones too, and their titles are not even asked for. A `date` is the whole
    local day in `rules.zone`, the calendar's own; its end is exclusive. Raises UnreadableEvent.
    """
    found: set[Interval] = set()
    for item in items:
        if not _blocks_time(item, rules):
            continue
        starts_at = instant(item.get("start"), rules.zone)
        ends_at = instant(item.get("end"), rules.zone)
        if ends_at < starts_at:
            raise UnreadableEvent("it ends before it starts")
        if starts_at < ends_at and starts_at < end and ends_at > start:
            found.add((starts_at, ends_at))
    return tuple(sorted(found))


def own_uid(item: Mapping[str, Any], suffix: str) -> str:
    """Return the UID of an event of ours, "" for anybody else's."""
    properties = (item.get("extendedProperties") or {}).get("private") or {}
    uid = str(properties.get(OWN_PROPERTY, ""))
    return uid if uid.endswith(suffix) else ""


def instant(value: object, zone: ZoneInfo) -> datetime:
    """Return a start or end in UTC: `dateTime` with its offset, or `date` as the local midnight in `zone`.

    A midnight that the clocks skip is read with the offset before it. Raises UnreadableEvent.
    """
    if not isinstance(value, Mapping):
        raise UnreadableEvent("it has no start or no end")
    try:
        if value.get("dateTime"):
            read = datetime.fromisoformat(str(value["dateTime"]))
            if read.tzinfo is None:
                read = read.replace(tzinfo=ZoneInfo(str(value["timeZone"])))
            return read.astimezone(UTC)
        return datetime.combine(date.fromisoformat(str(value["date"])), time.min, tzinfo=zone).astimezone(UTC)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise UnreadableEvent("its time cannot be read") from error


def _blocks_time(item: Mapping[str, Any], rules: BusyRules) -> bool:
    if item.get("status") == "cancelled" or item.get("transparency") == "transparent":
        return False
    if own_uid(item, rules.own_suffix) or str(item.get("iCalUID", "")).endswith(rules.own_suffix):
        return False
    return not any(
        isinstance(each, Mapping) and each.get("self") and each.get("responseStatus") == "declined"
        for each in item.get("attendees") or ()
    )
