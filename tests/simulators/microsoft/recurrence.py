"""Occurrences of a series: learn.microsoft.com/graph/api/resources/recurrencepattern and recurrencerange."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule

from tests.simulators.microsoft.schema import error

_FREQUENCIES = {"daily": DAILY, "weekly": WEEKLY, "absoluteMonthly": MONTHLY, "absoluteYearly": YEARLY}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def starts(recurrence: Mapping[str, Any], *, first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the wall-clock starts of a series in its own zone, `first` being the series master's."""
    pattern, bounds = recurrence["pattern"], recurrence["range"]
    frequency = _FREQUENCIES.get(pattern.get("type", ""))
    if frequency is None or "startDate" not in bounds:
        raise error(400, "ErrorInvalidRecurrence", "The recurrence is not one that is simulated.")
    days = [_DAYS.index(day.lower()) for day in pattern.get("daysOfWeek", ())]
    if frequency == WEEKLY and not days:
        raise error(400, "ErrorInvalidRecurrence", "daysOfWeek is required.")
    local = first.astimezone(zone).replace(tzinfo=None)
    until = date.fromisoformat(bounds["endDate"]) if bounds.get("type") == "endDate" else None
    found = rrule(
        frequency,
        dtstart=local,
        interval=pattern.get("interval", 1),
        byweekday=days or None,
        bymonthday=pattern.get("dayOfMonth"),
        until=datetime.combine(until, time.max) if until else None,
        count=bounds.get("numberOfOccurrences") if bounds.get("type") == "numbered" else None,
    )
    for each in found:
        yield each.replace(tzinfo=zone)
