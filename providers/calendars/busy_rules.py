"""Which times of a calendar object are busy: iCalendar text in, intervals out. Pure: no HTTP, no database.

RFC 5545 throughout. Where the text is wrong in a way that could hide a busy time, the object is unreadable:
a reader that guesses would offer that time to a client.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

Interval = tuple[datetime, datetime]

_DATES = ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE")
_DECISIVE = {*_DATES, "DURATION", "RRULE", "STATUS", "TRANSP", "UID"}
_TOO_OFTEN = {"SECONDLY", "MINUTELY"}
_NOT_ICALENDAR = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    ArithmeticError,
    RecursionError,
    recurring_ical_events.InvalidCalendar,
)
_MOST_WITHIN_AN_HOUR = 4
_MARGIN = timedelta(days=2)


class UnreadableEvent(Exception):
    """A calendar object cannot be read, so nobody knows which times it blocks. The message is a clause."""


@dataclass(frozen=True, kw_only=True)
class BusyRules:
    """Whose calendar it is. `zone` places all-day and floating times; `own_suffix` ends the UIDs of our
    own events ("@<schema>.holdfast"); `addresses` are the owner's, lower case, without "mailto:".
    """

    zone: ZoneInfo
    own_suffix: str
    addresses: frozenset[str] = frozenset()


def busy_intervals(text: str, *, start: datetime, end: datetime, rules: BusyRules) -> tuple[Interval, ...]:
    """Return the busy times of an object that overlap [start, end): half-open, UTC, sorted, not merged.

    Repeats by RRULE and RDATE, less EXDATE, with RECURRENCE-ID exceptions in their place (3.8.5, 3.8.4.4).
    Free: TRANSP:TRANSPARENT (3.8.2.7), STATUS:CANCELLED (3.8.1.11), the owner's own PARTSTAT=DECLINED
    (3.2.12), what takes no time, and our own tenant's events, whose time is blocked by their meeting.
    Raises UnreadableEvent.
    """
    try:
        calendar = icalendar.Calendar.from_ical(text)
        events = [event for event in calendar.walk("VEVENT") if not _is_ours(event, rules.own_suffix)]
        for event in events:
            _check_readable(event)
            _include_last_day(event)
        if not events:
            return ()
        query = recurring_ical_events.of(calendar)
        found = {
            interval
            for occurrence in query.between(start - _MARGIN, end + _MARGIN)
            if _blocks_time(occurrence, rules)
            for interval in _overlapping(occurrence, start, end, rules.zone)
        }
    except _NOT_ICALENDAR as error:
        raise UnreadableEvent(f"it is not valid iCalendar ({type(error).__name__})") from error
    return tuple(sorted(found))


def _is_ours(event: icalendar.Component, suffix: str) -> bool:
    return str(event.get("UID", "")).endswith(suffix)


def _blocks_time(occurrence: icalendar.Component, rules: BusyRules) -> bool:
    """Say whether an occurrence blocks its time; TENTATIVE and NEEDS-ACTION do (TRANSP: OPAQUE)."""
    if _is_ours(occurrence, rules.own_suffix):
        return False
    if str(occurrence.get("TRANSP", "")).strip().upper() == "TRANSPARENT":
        return False
    if str(occurrence.get("STATUS", "")).strip().upper() == "CANCELLED":
        return False
    return not any(
        str(attendee.params.get("PARTSTAT", "")).upper() == "DECLINED"
        and str(attendee).strip().lower().removeprefix("mailto:") in rules.addresses
        for attendee in _values(occurrence, "ATTENDEE")
        if hasattr(attendee, "params")
    )


def _overlapping(
    occurrence: icalendar.Component, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Interval]:
    """Yield the occurrence's interval if it takes time and overlaps [start, end).

    A DATE is the whole local day in `zone`, a floating time is read there (3.3.4, 3.3.5, RFC 4791 9.8).
    Across a change of the clocks readers disagree whether an event keeps its length or its wall-clock end
    (3.8.5.3): it is busy until the later of the two.
    """
    first, last = _value(occurrence, "DTSTART").dt, _value(occurrence, "DTEND").dt
    if not isinstance(first, datetime) and first == last:
        last = first + timedelta(days=1)  # some clients write an all-day event's own day as its end
    begins_at, ends_at = instant(first, zone), instant(last, zone)
    if isinstance(first, datetime):
        ends_at = max(ends_at, begins_at + (last - first))
    if begins_at < ends_at and begins_at < end and ends_at > start:
        yield begins_at, ends_at


def instant(value: date, zone: ZoneInfo) -> datetime:
    """Return UTC; a time in a gap is read with the offset before it, a repeated one is the first (3.3.5)."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def _check_readable(event: icalendar.Component) -> None:
    """Raise UnreadableEvent for what the libraries would read as less busy than it may be, or not at all."""
    for name, _words in event.errors:
        if name in _DECISIVE or name is None:
            raise UnreadableEvent(f"its {name or 'text'} cannot be read")
    if "DTSTART" not in event:
        raise UnreadableEvent("it has no start")
    for name in _DATES:
        for value in _values(event, name):
            _check_zone(value, name)
    for rule in _values(event, "RRULE"):
        _check_rule(rule)
    _check_length(event)


def _check_zone(value: Any, name: str) -> None:
    """A TZID that nothing defines would silently become a floating time (3.2.19)."""
    if "TZID" not in value.params:
        return
    moments = [entry.dt for entry in value.dts] if hasattr(value, "dts") else [value.dt]
    for moment in moments:
        first = moment[0] if isinstance(moment, tuple) else moment
        if isinstance(first, datetime) and first.tzinfo is None:
            raise UnreadableEvent(f"the time zone of its {name} is unknown")


def _check_rule(rule: icalendar.vRecur) -> None:
    """A rule without FREQ (3.3.10) would be dropped; one for every minute would take minutes to read."""
    frequency = [str(value).upper() for value in rule.get("FREQ", [])]
    if len(frequency) != 1:
        raise UnreadableEvent("its repetition cannot be read")
    within_the_hour = max(1, len(rule.get("BYMINUTE", []))) * max(1, len(rule.get("BYSECOND", [])))
    if frequency[0] in _TOO_OFTEN or within_the_hour > _MOST_WITHIN_AN_HOUR:
        raise UnreadableEvent("it repeats too often")


def _check_length(event: icalendar.Component) -> None:
    """DTEND is of DTSTART's type and not before it, DURATION not negative (3.6.1, 3.8.2.2, 3.8.2.5)."""
    first = _value(event, "DTSTART").dt
    if "DURATION" in event and _value(event, "DURATION").dt < timedelta(0):
        raise UnreadableEvent("it ends before it starts")
    if "DTEND" not in event:
        return
    last = _value(event, "DTEND").dt
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise UnreadableEvent("its start and its end are of different kinds")
    if isinstance(first, datetime) and (first.tzinfo is None) != (last.tzinfo is None):
        raise UnreadableEvent("only one of its start and end has a time zone")
    if last < first:
        raise UnreadableEvent("it ends before it starts")


def _include_last_day(event: icalendar.Component) -> None:
    """Read a DATE in UNTIL as the end of that local day where DTSTART has a time.

    The RFC forbids the mixture (3.3.10), clients write it, and the library would stop a day early.
    """
    first = _value(event, "DTSTART").dt
    if not isinstance(first, datetime):
        return
    for rule in _values(event, "RRULE"):
        for position, until in enumerate(rule.get("UNTIL", [])):
            if not isinstance(until, datetime):
                last = datetime.combine(until, time(23, 59, 59), tzinfo=first.tzinfo)
                rule["UNTIL"][position] = last.astimezone(UTC) if first.tzinfo else last


def _value(component: icalendar.Component, name: str) -> Any:
    """Return a property; the library types it as a union of all that a property can be."""
    return component[name]


def _values(component: icalendar.Component, name: str) -> list[Any]:
    """Return a property's values, however many there are."""
    value = component.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
