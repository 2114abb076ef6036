"""A time zone as iCalendar writes it (VTIMEZONE, RFC 5545 3.6.5), made from the zone's own transitions. Pure.

What Outlook reads of it (MS-STANOICAL 2.2.47: DTSTART, RRULE and the two offsets, one yearly change to daylight
time and one back; MS-OXCICAL 2.1.3.1.1.19.2.2: one weekday of one month, BYDAY=2MO) is all that is written.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_YEARS_AHEAD = 10  # a rule that holds for that long tells "the fourth" from "the last"
_FIRST_YEAR, _LAST_YEAR = 1902, 9000


@dataclass(frozen=True, kw_only=True)
class Change:
    """A transition: the instant, the offsets before and after it, and the new name ("CEST")."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def onset(self) -> datetime:
        """The wall clock's time when it happens, by the offset before it: what DTSTART wants (3.6.5)."""
        return (self.at + self.before).replace(tzinfo=None)


def vtimezone(time_zone: str, *, first: datetime, last: datetime) -> Timezone | None:
    """Return the component that is right for every instant from `first` to `last`, both aware.

    Yearly rules where the zone has a pair of them that Outlook can read; else the one offset that holds from
    first to last; None where neither says it: then write UTC.
    """
    pair = _yearly(time_zone, first.year - 1, last.year + 1)
    if pair:
        observances = [_observance(change, rule) for change, rule in pair]
    else:
        around = _changes(time_zone, first.year - 2, last.year + 1)
        if any(first < change.at <= last for change in around):
            return None
        observances = [_standing(time_zone, first, [change for change in around if change.at <= first])]
    zone = Timezone()
    zone.add("TZID", time_zone)
    for observance in observances:
        zone.add_component(observance)
    return zone


def _yearly(time_zone: str, first: int, last: int) -> list[tuple[Change, dict[str, object]]]:
    """Return the zone's two changes of a year, each with the rule that gives all of them from first to last;
    [] where there is no such pair. A rule that holds for the years ahead as well is preferred."""
    for until in (last + _YEARS_AHEAD, last):
        changes = _changes(time_zone, first, min(until, _LAST_YEAR))
        kinds: dict[tuple[timedelta, timedelta, int], list[Change]] = {}
        for change in changes:
            kinds.setdefault((change.before, change.after, change.onset.month), []).append(change)
        years = min(until, _LAST_YEAR) - first + 1
        if len(kinds) != 2 or any(len(of_kind) != years for of_kind in kinds.values()):
            continue
        pair = [(of_kind[0], _rule(of_kind)) for of_kind in kinds.values()]
        if all(rule for _, rule in pair):
            return pair
    return []


def _rule(changes: list[Change]) -> dict[str, object]:
    """Return the yearly rule of one weekday of one month that gives exactly these onsets; {} if none does."""
    onsets = [change.onset for change in changes]
    if len({(onset.weekday(), onset.month, onset.time()) for onset in onsets}) != 1:
        return {}
    places = {(onset.day - 1) // 7 + 1 for onset in onsets}
    if all((onset + timedelta(days=7)).month != onset.month for onset in onsets):
        place = -1
    elif len(places) == 1:
        place = places.pop()
    else:
        return {}
    weekday = _WEEKDAYS[onsets[0].weekday()]
    return {"FREQ": "YEARLY", "BYMONTH": onsets[0].month, "BYDAY": f"{place}{weekday}"}


def _observance(change: Change, rule: dict[str, object]) -> TimezoneStandard | TimezoneDaylight:
    """Return one observance; the one that puts the clock forward is DAYLIGHT, whatever its country calls it."""
    forward = change.after > change.before
    observance = TimezoneDaylight() if forward else TimezoneStandard()
    observance.add("DTSTART", change.onset)
    if rule:
        observance.add("RRULE", rule)
    observance.add("TZOFFSETFROM", change.before)
    observance.add("TZOFFSETTO", change.after)
    observance.add("TZNAME", change.name)
    return observance


def _standing(time_zone: str, at: datetime, before: list[Change]) -> TimezoneStandard:
    """Return the one offset that holds at an instant, since the last change or since ever."""
    local = at.astimezone(ZoneInfo(time_zone))
    offset = local.utcoffset() or timedelta()
    observance = TimezoneStandard()
    observance.add("DTSTART", before[-1].onset if before else datetime(1970, 1, 1))  # noqa: DTZ001 - local
    observance.add("TZOFFSETFROM", before[-1].before if before else offset)
    observance.add("TZOFFSETTO", offset)
    observance.add("TZNAME", local.tzname() or time_zone)
    return observance


@lru_cache(maxsize=256)
def _changes(time_zone: str, first: int, last: int) -> list[Change]:
    """Return the zone's transitions from the start of year `first` to the end of year `last`, in order."""
    zone = ZoneInfo(time_zone)
    day = datetime(max(first, _FIRST_YEAR), 1, 1, tzinfo=UTC)
    end = datetime(min(last, _LAST_YEAR) + 1, 1, 1, tzinfo=UTC)
    found: list[Change] = []
    offset = day.astimezone(zone).utcoffset() or timedelta()
    while day < end:
        following = day + timedelta(days=1)
        after = following.astimezone(zone).utcoffset() or timedelta()
        if after != offset:
            at = _instant_of_change(zone, day, following, offset)
            found.append(Change(at=at, before=offset, after=after, name=at.astimezone(zone).tzname() or ""))
        day, offset = following, after
    return found


def _instant_of_change(zone: ZoneInfo, low: datetime, high: datetime, before: timedelta) -> datetime:
    """Return the first second after which the offset is no longer `before`; it is at `low` and not at `high`."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
