"""Events as Graph answers them: in the zone that was preferred, with what `$select` and `$expand` name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulators.microsoft.schema import error, graph_zone, moment
from tests.simulators.vendor import Request

_EXPANDED = re.compile(r"singleValueExtendedProperties\(\$filter=(id eq '[^']+'(?: or id eq '[^']+')*)\)")
_INNER = {"singleValueExtendedProperties", "cancelledOccurrences"}
_NEVER_SELECTED = {"createdDateTime", "lastModifiedDateTime"}  # api/user-list-calendarview, the note


@dataclass(frozen=True)
class Shape:
    """How events are to look: `zone` of start and end, `page` the most in one answer, names of properties."""

    zone: ZoneInfo
    zone_name: str
    page: int
    names: frozenset[str] | None
    properties: frozenset[str]


def shape_of(request: Request, *, most: int = 1000) -> Shape:
    """Read the preferences (api/user-list-events, "Support various time zones") and the OData parameters."""
    prefer = dict(re.findall(r'([\w.-]+)="?([^",;]+)"?', request.headers.get("prefer", "")))
    zone_name = prefer.get("outlook.timezone", "UTC")
    page = int(request.query.get("$top") or prefer.get("odata.maxpagesize") or 10)
    if not 1 <= page <= most:
        raise error(400, "ErrorInvalidRequest", "The page size is out of range.")
    names = frozenset(request.query["$select"].split(",")) if "$select" in request.query else None
    if names and names & _NEVER_SELECTED:
        raise error(400, "RequestBroker--ParseUri", "These properties do not support $select.")
    return Shape(graph_zone(zone_name), zone_name, page, names, frozenset(_expanded(request)))


def rendered(item: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """Return one event as it is answered. Whole days are midnights without a zone, said to be UTC."""
    if "@removed" in item:
        return dict(item)
    shown = {name: value for name, value in item.items() if name not in _INNER}
    shown["@odata.etag"] = etag(item)
    shown["originalStartTimeZone"] = item["start"]["timeZone"]
    for name in ("start", "end"):
        shown[name] = _time(item[name], shape, is_day=item["isAllDay"])
    kept = {"id", "@odata.etag"}
    if shape.names is not None:
        shown = {name: value for name, value in shown.items() if name in shape.names | kept}
    held = [each for each in item.get("singleValueExtendedProperties", ()) if each["id"] in shape.properties]
    return {**shown, "singleValueExtendedProperties": held} if held else shown


def etag(item: Mapping[str, Any]) -> str:
    """Return the version of an event as OData writes it."""
    return f'W/"{item["changeKey"]}"'


def _expanded(request: Request) -> list[str]:
    if "$expand" not in request.query:
        return []
    found = _EXPANDED.fullmatch(request.query["$expand"])
    if found is None:
        raise error(400, "RequestBroker--ParseUri", "Could not parse the $expand clause.")
    return re.findall(r"'([^']+)'", found[1])


def _time(value: Mapping[str, str], shape: Shape, *, is_day: bool) -> dict[str, str]:
    if is_day:
        day = datetime.fromisoformat(value["dateTime"]).date()
        return {"dateTime": f"{day.isoformat()}T00:00:00.0000000", "timeZone": "UTC"}
    local = moment(value).astimezone(shape.zone)
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": shape.zone_name}


def bounds_of(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    """Return startDateTime and endDateTime, UTC where no offset is said; both are required (user-list-calendarview)."""
    found = []
    for name in ("startDateTime", "endDateTime"):
        try:
            read = datetime.fromisoformat(query[name])
        except (KeyError, ValueError):
            raise error(400, "ErrorInvalidParameter", f"{name} is required.") from None
        found.append(read if read.tzinfo else read.replace(tzinfo=UTC))
    start, end = found
    if not start < end < start + timedelta(days=1825):
        raise error(400, "ErrorCalendarViewRangeTooBig", "The range is empty, or too long.")
    return start, end
