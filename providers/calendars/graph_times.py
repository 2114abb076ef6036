"""Which of Microsoft's events are busy: items of a calendar view in, intervals out. Pure: no HTTP, no database.

The resource: learn.microsoft.com/graph/api/resources/event. A view expands series and their exceptions itself.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent

_FREE = ("free", "workingElsewhere")


def graph_intervals(
    items: Iterable[Mapping[str, Any]], *, start: datetime, end: datetime, rules: BusyRules
) -> tuple[Interval, ...]:
    """Return the busy times that overlap [start, end): half-open, UTC, sorted, distinct, not merged.

    Free: `showAs` free, or workingElsewhere, which Microsoft itself counts as free (resources/scheduleinformation,
    "availabilityView"); `isCancelled`; what the owner declined (`responseStatus`); what takes no time; our own
    events. Tentative, out of office, unknown and unanswered ones are busy; private ones too. An all-day event is
    the whole of its local days in `rules.zone`. Raises UnreadableEvent.
    """
    found: set[Interval] = set()
    for item in items:
        if not _blocks_time(item, rules):
            continue
        starts_at, ends_at = times_of(item, rules.zone)
        if ends_at < starts_at:
            raise UnreadableEvent("it ends before it starts")
        if starts_at < ends_at and starts_at < end and ends_at > start:
            found.add((starts_at, ends_at))
    return tuple(sorted(found))


def own_uid(item: Mapping[str, Any], suffix: str) -> str:
    """Return the UID of an event of ours, "" for anybody else's.

    It stands in `transactionId`, behind a number: a view and its changes tell that of what a program made, and a
    copy that the owner makes has none (resources/event).
    """
    uid = str(item.get("transactionId") or "").partition(".")[2]
    return uid if uid.endswith(suffix) else ""


def times_of(item: Mapping[str, Any], zone: ZoneInfo) -> Interval:
    """Return start and end in UTC; `zone` places whole days. Raises UnreadableEvent."""
    is_day = bool(item.get("isAllDay"))
    return _instant(item.get("start"), zone, is_day=is_day), _instant(item.get("end"), zone, is_day=is_day)


def _instant(value: object, zone: ZoneInfo, *, is_day: bool) -> datetime:
    """Read `dateTime` in its `timeZone` (resources/datetimetimezone).

    Whole days come as midnights that are said to be UTC and mean the owner's own day, whatever zone was preferred:
    they are local midnights in `zone`. One that is no midnight was converted, and is the instant that it says.
    """
    if not isinstance(value, Mapping):
        raise UnreadableEvent("it has no start or no end")
    try:
        read = datetime.fromisoformat(str(value["dateTime"]))
        if is_day and read.time() == time.min:
            return datetime.combine(read.date(), time.min, tzinfo=zone).astimezone(UTC)
        if read.tzinfo is None:
            read = read.replace(tzinfo=_zone(str(value.get("timeZone") or "UTC")))
        return read.astimezone(UTC)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise UnreadableEvent("its time cannot be read") from error


def _zone(name: str) -> ZoneInfo:
    """Return the zone of a name that is Windows' own ("GMT Standard Time") or IANA's."""
    return ZoneInfo(WINDOWS_TO_OLSON.get(name, name))


def _blocks_time(item: Mapping[str, Any], rules: BusyRules) -> bool:
    if item.get("isCancelled") or item.get("showAs") in _FREE:
        return False
    if own_uid(item, rules.own_suffix) or str(item.get("iCalUId", "")).endswith(rules.own_suffix):
        return False
    return (item.get("responseStatus") or {}).get("response") != "declined"
