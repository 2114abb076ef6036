"""Instances of Google's events in a range, and the partial answers of `fields`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr


def moment(value: Mapping[str, str], zone: ZoneInfo) -> datetime:
    """Return a start or end in UTC; a date is the calendar's local midnight."""
    if "date" in value:
        return datetime.combine(date.fromisoformat(value["date"]), time.min, tzinfo=zone).astimezone(UTC)
    read = datetime.fromisoformat(value["dateTime"])
    return (read if read.tzinfo else read.replace(tzinfo=ZoneInfo(value["timeZone"]))).astimezone(UTC)


def instances(
    event: Mapping[str, Any], exceptions: list[Mapping[str, Any]], *, until: datetime, zone: ZoneInfo
) -> Iterator[dict[str, Any]]:
    """Yield the instances of a repeating event that start before `until`, exceptions in their place."""
    own_zone = ZoneInfo(event["start"].get("timeZone") or zone.key)
    is_day = "date" in event["start"]
    first = (
        datetime.fromisoformat(event["start"]["date"])
        if is_day
        else moment(event["start"], zone).astimezone(own_zone)
    )
    length = _length(event, zone)
    replaced = {
        each["originalStartTime"].get("dateTime") or each["originalStartTime"]["date"] for each in exceptions
    }
    rules = rrulestr("\n".join(event["recurrence"]), dtstart=first, forceset=True)
    for start in rules:
        if (start.replace(tzinfo=zone) if is_day else start) >= until.astimezone(zone):
            return
        original = _time(start, own_zone, is_day=is_day)
        if (original.get("dateTime") or original["date"]) in replaced:
            continue
        stamp = start.strftime("%Y%m%d") if is_day else start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        yield {
            **{name: value for name, value in event.items() if name != "recurrence"},
            "id": f"{event['id']}_{stamp}",
            "recurringEventId": event["id"],
            "originalStartTime": original,
            "start": original,
            "end": _time(start + length, own_zone, is_day=is_day),
        }


def _length(event: Mapping[str, Any], zone: ZoneInfo) -> timedelta:
    if "date" in event["start"]:
        return date.fromisoformat(event["end"]["date"]) - date.fromisoformat(event["start"]["date"])
    return moment(event["end"], zone) - moment(event["start"], zone)


def _time(value: datetime, zone: ZoneInfo, *, is_day: bool) -> dict[str, str]:
    if is_day:
        return {"date": value.date().isoformat()}
    return {"dateTime": value.isoformat(timespec="seconds"), "timeZone": zone.key}


def masked(value: Any, mask: str) -> Any:
    """Return the part of an answer that `fields` names (guides/performance, "Partial response")."""
    return _masked(value, _parsed(mask))


def _parsed(mask: str) -> dict[str, Any]:
    """Read "a,b(c,d),e/f" into nested names."""
    found: dict[str, Any] = {}
    stack = [found]
    name: dict[str, Any] = found
    for token in re.findall(r"[A-Za-z]+|[(),/]", mask):
        if token == "(":
            stack.append(name)
        elif token == ")":
            stack.pop()
        elif token == ",":
            name = stack[-1]
        elif token == "/":
            continue
        else:
            parent = name if name is not stack[-1] else stack[-1]
            name = parent.setdefault(token, {})
    return found


def _masked(value: Any, wanted: dict[str, Any]) -> Any:
    if not wanted:
        return value
    if isinstance(value, list):
        return [_masked(each, wanted) for each in value]
    if isinstance(value, dict):
        return {name: _masked(each, wanted[name]) for name, each in value.items() if name in wanted}
    return value
