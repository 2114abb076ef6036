"""The only place of calendar rules: weekly hours, date overrides, out of office and time zones in, UTC seconds out.

One sentence carries every change of clocks: *a local time happens at the first instant at which the wall
clock shows that time or a later one*. So a time inside a gap moves forward to the end of the gap, a
repeated hour means its first occurrence, a date that a zone skipped has no hours, and a window can neither
turn inside out nor overtake its neighbour. (RFC 5545, 3.3.5 agrees on the repeated hour; inside a gap it
would add the gap's length, which is right for an appointment but would open a skipped Friday's hours on
the Saturday.)

Zones are asked once per local date, never per slot; what they answer is cached for the life of the
process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from booking.core.intervals import DAWN, DUSK, Interval, Intervals, merge

YEARS: Final = range(2000, 2200)
"""The calendar that is kept: a date beyond it is refused on its way in, so that a day more, or another zone, never
leaves what a date can say."""
MINUTES_A_DAY: Final = 24 * 60
DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """Minutes of the wall clock after local midnight; an end past 1440 is on the next day."""

    start_minute: int
    end_minute: int


Week = tuple[tuple[Span, ...], ...]
"""Seven tuples of spans, Monday first."""


class HasStart(Protocol):
    """Anything that starts at a second."""

    @property
    def start(self) -> int:
        """Seconds since the epoch, UTC."""


AnyStart = TypeVar("AnyStart", bound=HasStart)


class UnknownZone(ValueError):
    """The name is not that of a time zone in the IANA database."""


class Away(NamedTuple):
    """Out of office from `first_date` to `last_date`, both included: all day, or the same part of each date."""

    first_date: date
    last_date: date
    part: Span | None = None


@dataclass(frozen=True, slots=True)
class HostHours:
    """When a host takes meetings: `weekly` by weekday, except on the dates of `overrides`, whose spans
    replace the weekly ones (none: closed). Hours belong to the local date on which they open, also where
    they pass midnight. `away` is no hours of a date but time on the wall: it also ends an evening's hours
    at the midnight on which it starts."""

    host_id: int
    zone: str
    weekly: Week
    overrides: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    away: tuple[Away, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hours that no clock could follow (ValueError)."""
        if len(self.weekly) != 7:
            raise ValueError("weekly hours have seven days")
        parts = (each.part for each in self.away if each.part is not None)
        for start, end in chain(*self.weekly, *self.overrides.values(), parts):
            if not (0 <= start < MINUTES_A_DAY and start < end <= 2 * MINUTES_A_DAY):
                raise ValueError(f"hours open within their date and close within the next: {start} to {end}")


def week(rows: Iterable[tuple[int, int, int]]) -> Week:
    """Rows of (weekday with Monday 0, start_minute, end_minute), in any order, as a `Week`."""
    return _week(tuple(rows))


@lru_cache(maxsize=1024)
def _week(rows: tuple[tuple[int, int, int], ...]) -> Week:
    days: list[list[Span]] = [[] for _ in range(7)]
    for weekday, start, end in rows:
        days[weekday].append(Span(start, end))
    return tuple(tuple(sorted(spans)) for spans in days)


def open_windows(hours: HostHours, *, between: Interval, overridden: bool = True) -> list[Interval]:
    """The open time that meets `between`, cut wherever hours open anew: sorted, disjoint, maybe touching.

    Each window starts at an opening (where its grid of slots begins), so the answer for a second never
    depends on `between`, and merging the windows gives the time covered. `overridden=False`: as if there
    were no overrides. One cached lookup per local date.
    """
    zone, overrides = hours.zone, hours.overrides if overridden else {}
    opened: list[Interval] = []
    for day in _dates(zone, between):
        spans = overrides[day] if day in overrides else hours.weekly[day.weekday()]
        if spans:
            opened.extend(_openings(zone, day, spans))
    return _cut_at_openings(opened)


def overrides_within(hours: HostHours, *, between: Interval) -> bool:
    """Does any date whose hours could meet `between` have an override?"""
    return bool(hours.overrides) and any(day in hours.overrides for day in _dates(hours.zone, between))


def away_time(hours: HostHours, *, between: Interval) -> list[Interval]:
    """The time out of office that meets `between`: sorted, disjoint, merged. One cached lookup per local date."""
    if not hours.away:
        return []
    dates = _dates(hours.zone, between)
    found: list[Interval] = []
    for first, last, part in hours.away:
        days = [day for day in dates if first <= day <= last]
        if days and part is None:
            found.append(date_range(days[0], days[-1], zone=hours.zone))
        elif part is not None:
            found.extend(opening for day in days for opening in _openings(hours.zone, day, (part,)))
    return merge(found)


def date_range(first: date, last: date, *, zone: str) -> Interval:
    """The seconds from the start of local date `first` to the end of local date `last`."""
    return start_of_date(first, zone=zone), start_of_date(last + DAY, zone=zone)


@lru_cache(maxsize=1 << 16)
def start_of_date(day: date, *, zone: str) -> int:
    """The first second of a local date; where midnight is skipped, the first second after the gap."""
    return instant(datetime.combine(day, time()), zone=zone)


def local_date(second: int, *, zone: str) -> date:
    """The date on the wall of `zone` at that second."""
    return datetime.fromtimestamp(second, get_zone(zone)).date()


def by_local_date(starts: Iterable[AnyStart], *, zone: str) -> dict[date, tuple[AnyStart, ...]]:
    """Sorted starts under the local dates of the zone that displays them. Asks the zone once per date."""
    days: dict[date, list[AnyStart]] = {}
    midnight = DAWN
    for item in starts:
        if item.start >= midnight:
            day = local_date(item.start, zone=zone)
            midnight = start_of_date(day + DAY, zone=zone)
            today = days.setdefault(day, [])
        today.append(item)
    return {day: tuple(items) for day, items in days.items()}


def instant(wall: datetime, *, zone: str) -> int:
    """The first second at which the wall clock of `zone` shows `wall` (naive) or later."""
    tz = get_zone(zone)
    second = int(wall.replace(tzinfo=tz, fold=0).timestamp())
    if _wall(second, tz) == wall:
        return second
    # `wall` is inside a gap. Read with the offset after the gap (fold=1) it lies before the change, with the
    # offset before the gap (fold=0) after it; between the two the wall clock jumps once.
    low, high = int(wall.replace(tzinfo=tz, fold=1).timestamp()), second
    while low < high:
        middle = (low + high) // 2
        if _wall(middle, tz) >= wall:
            high = middle
        else:
            low = middle + 1
    return low


@lru_cache(maxsize=2048)
def get_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name, which may be a visitor's text. Raises `UnknownZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # OSError: "Europe" is a folder
        raise UnknownZone(f"unknown time zone: {name[:64]!r}") from unknown


@lru_cache(maxsize=1 << 16)
def _openings(zone: str, day: date, spans: tuple[Span, ...]) -> tuple[Interval, ...]:
    """The spans of one local date in seconds, sorted; they may overlap, and a gap can swallow one."""
    midnight = datetime.combine(day, time())
    opened = (
        (
            instant(midnight + timedelta(minutes=start), zone=zone),
            instant(midnight + timedelta(minutes=end), zone=zone),
        )
        for start, end in sorted(spans)
    )
    return tuple(window for window in opened if window[0] < window[1])


def _cut_at_openings(opened: Intervals) -> list[Interval]:
    """The covered seconds, cut at every opening. `opened` is sorted by opening and may overlap."""
    windows: list[Interval] = []
    reach = DAWN
    for (opening, closing), (following, _) in zip(opened, [*opened[1:], (DUSK, DUSK)], strict=False):
        reach = max(reach, closing)
        end = min(reach, following)
        if opening < end:
            windows.append((opening, end))
    return windows


def _dates(zone: str, between: Interval) -> list[date]:
    """The local dates whose hours can meet `between`: its own, and the one before, which may run past
    midnight."""
    first, last = local_date(between[0], zone=zone) - DAY, local_date(between[1], zone=zone)
    return [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]


def _wall(second: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(second, tz).replace(tzinfo=None, fold=0)
