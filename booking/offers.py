"""Which slots are open: gathers what the core needs in a fixed number of queries, and presents its answer.

The very function that lists the slots also answers "is this start open?" when somebody books (`check`).
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from booking.catalog import Catalog, catalog
from booking.core.hours import (
    YEARS,
    UnknownZone,
    by_local_date,
    date_range,
    local_date,
    start_of_date,
)
from booking.core.intervals import ALWAYS, intersect
from booking.core.limits import checked_limits, counting
from booking.core.policy import EventRules, bookable
from booking.core.slots import Busy, OpenStart, Rooms, SlotRequest, Starts, check_start, nearest, open_slots
from booking.core.slots import Withheld as CoreWithheld
from booking.errors import InvalidRange
from booking.holidays_kept import closed_on_holidays
from booking.kept import Kept, Lasting
from booking.limits import limited, limits_in_force
from booking.models import EventType, Host
from booking.occupied import occupied, sessions_of
from booking.rooms import RoomNeed, needed_rooms
from booking.sentences import withheld_words
from kernel.reasons import Reason
from kernel.stamps import stamps
from kernel.tenancy import current_schema
from providers.api import BusyAnswer, busy_times_within
from tenants.api import current_tenant

MOST_DAYS = 62
_DAY_SECONDS = 24 * 60 * 60
REACH = timedelta(
    days=2
)  # busy time is fetched this far beyond the range: longer than any meeting with buffers


class Slot(NamedTuple):
    """A start that may be booked: aware UTC instants; who could take it; seats left in a group session."""

    start: datetime
    end: datetime
    host_ids: tuple[int, ...]
    seats_left: int | None = None


class Withheld(NamedTuple):
    """A start that may not be booked, and why."""

    start: datetime
    reason: Reason


@dataclass(frozen=True, eq=False)
class SlotPage:
    """Slots under the local dates of `time_zone`; `notices` are sentences for whoever looks.

    Kept and shared between threads, so nothing in it may be changed; two are equal if they are one.
    """

    time_zone: str
    days: dict[date, tuple[Slot, ...]]
    withheld: tuple[Withheld, ...]
    notices: tuple[str, ...]


def slots(
    event_type: EventType,
    *,
    first: date,
    last: date,
    time_zone: str,
    now: datetime,
    host: Host | None = None,
    explain: bool = False,
    leaving: int | None = None,
    hosts: Sequence[Host] | None = None,
) -> SlotPage:
    """List the open slots whose start lies on the local dates `first` to `last` of `time_zone`, inclusive.

    `leaving` is the id of a meeting that is to be moved: its own time does not stand in its way.
    `hosts` (best first) stand in for those of the event type, which need not be stored: a preview.
    `explain` adds each withheld start of the hours with its reason. Raises `InvalidRange` for unknown zones,
    reversed dates and more than 62 days. A fixed number of queries, whatever the hosts, days and bookings;
    none beyond the stamps' where the same was asked before and nothing has changed since (booking.kept).
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidRange(f"Ask for at most {MOST_DAYS} days, the first one first.")
    try:
        between = date_range(first, last, zone=time_zone)
    except UnknownZone:
        raise InvalidRange(
            f"{time_zone[:64]!r} is not a time zone. Use a name such as Europe/Lisbon."
        ) from None
    except (OverflowError, ValueError):
        raise InvalidRange("These dates are out of range.") from None
    key: Hashable = None
    if not explain and leaving is None and _is_of_catalog(event_type, hosts):
        asked = hosts and tuple(each.pk for each in hosts)
        key = (
            current_schema(),
            *stamps().values(),
            event_type.pk or _numbers(event_type),
            host and host.pk,
            asked,
            between,
            time_zone,
            current_tenant().time_zone,  # a request brings its tenant, which may be older than the stamps
        )
        if page := _pages.get(key, now=now):
            return page
    gathered = gather(event_type, between=between, now=now, host=host, leaving=leaving, hosts=hosts)
    found = open_slots(gathered.request, between=between, now=seconds_of(now), explain=explain)
    grouped = by_local_date(found.open, zone=time_zone)
    page = SlotPage(
        time_zone=time_zone,
        days={day: _slots(starts, event_type) for day, starts in grouped.items()},
        withheld=tuple(Withheld(_instant(each.start), each.reason) for each in found.withheld),
        notices=gathered.notices,
    )
    if key and not connection.in_atomic_block and not gathered.is_counted:
        _pages.put(
            key, Lasting(page, now, min(gathered.good_until, _time_alone(gathered.request, found, now)))
        )
    return page


_pages: Kept[SlotPage] = Kept(1024)


def _is_of_catalog(event_type: EventType, hosts: Sequence[Host] | None) -> bool:
    """Say whether the event type is what the stamps speak of: the catalog's own, not one that was only thought of.

    One without an id says nothing of a business's: it is what its `_numbers` are.
    """
    if event_type.pk is None:
        return hosts is not None
    return hosts is None and catalog().event_types.get(event_type.slug) is event_type


def _numbers(event_type: EventType) -> Hashable:
    """Return all that the slots of an event type depend on beside hosts, where it is not stored."""
    limits = checked_limits(event_type.limits)
    return event_type.kind, event_type.capacity, rules_of(event_type), limits


def _time_alone(request: SlotRequest, found: Starts, now: datetime) -> datetime:
    """Return when the clock alone changes the answer: the first start comes too near, or the window moves on."""
    midnight = start_of_date(
        local_date(seconds_of(now), zone=request.zone) + timedelta(days=1), zone=request.zone
    )
    if not found.open:
        return _instant(midnight)
    too_near = found.open[0].start - request.rules.minimum_notice_seconds + 1
    return _instant(min(midnight, too_near))


def check(
    event_type: EventType,
    *,
    start: datetime,
    now: datetime,
    host: Host | None = None,
    leaving: int | None = None,
) -> OpenStart | CoreWithheld:
    """Say who can take this one start, or why nobody can; the answer of `slots` on one interval."""
    return check_while(event_type, start=start, now=now, host=host, leaving=leaving)[0]


def check_while(
    event_type: EventType,
    *,
    start: datetime,
    now: datetime,
    host: Host | None = None,
    leaving: int | None = None,
) -> tuple[OpenStart | CoreWithheld, datetime]:
    """The same, and until when a refusal is right while nothing is committed: until `now` where that is not known."""
    second = seconds_of(start)
    gathered = gather(
        event_type,
        between=(second, second + 1),
        now=now,
        host=host,
        leaving=leaving,
        max_age=held_to(),
    )
    found = check_start(gathered.request, start=second, now=seconds_of(now))
    return found, now if gathered.is_counted else gathered.good_until


def alternatives(
    event_type: EventType,
    *,
    start: datetime,
    now: datetime,
    host: Host | None = None,
    leaving: int | None = None,
    without: datetime | None = None,
    beside: Sequence[int] = (),
    outside: BusyAnswer | None = None,
    max_age: timedelta | None = None,
    limit: int = 3,
) -> tuple[Slot, ...]:
    """Return the open slots nearest to a start that was refused, ascending; within a week around it.

    `leaving` is the id of a meeting that is to be moved, as for `slots`; `without` a start that is not wanted, the one
    that it has. `beside` are starts (seconds) that the same hosts would take as well: they count towards limits, and
    what would overlap them is left out. `outside` and `max_age` are as for `gather`. Where notice and booking window
    allow nothing of that week, nothing is read.
    """
    here, wanted = seconds_of(now), seconds_of(start)
    around = max(here, wanted - _DAY_SECONDS), max(here, wanted) + 7 * _DAY_SECONDS
    rules, zone = rules_of(event_type), current_tenant().time_zone
    if not intersect([around], [bookable(rules, zone=zone, now=here)]):
        return ()
    gathered = gather(
        event_type,
        between=around,
        now=now,
        host=host,
        leaving=leaving,
        outside=outside,
        max_age=max_age,
    )
    found = open_slots(_counting(gathered.request, beside), between=around, now=here).open
    unwanted = seconds_of(without) if without else None
    blocked = rules.duration_seconds + rules.buffer_before_seconds + rules.buffer_after_seconds
    opened = [
        each
        for each in found
        if each.start != unwanted and all(abs(each.start - other) >= blocked for other in beside)
    ]
    return _slots(nearest(opened, to=wanted, limit=limit), event_type)


def _counting(request: SlotRequest, starts: Sequence[int]) -> SlotRequest:
    """Return the same question where meetings at these starts count towards every limit."""
    counted = partial(
        counting, starts=starts, minutes=request.rules.duration_seconds // 60, zone=request.zone
    )
    of_hosts = {host: counted(limits) for host, limits in request.host_limits.items()}
    return replace(request, limited=counted(request.limited), host_limits=of_hosts)


def why_impossible(start: datetime) -> Reason | None:
    """Return why no calendar has this start, None if it may: its year, or that it lies between two seconds. Pure."""
    if start.year not in YEARS:
        return Reason.NOTICE_TOO_SHORT if start.year < YEARS.start else Reason.OUTSIDE_WINDOW
    return Reason.OUTSIDE_HOURS if start.astimezone(UTC).microsecond else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the core needs, what the visitor should know, and when it may change without anybody's commit.

    `is_counted`: limits are in force, and a hold outside of what was read may run out at any moment.
    """

    request: SlotRequest
    notices: tuple[str, ...]
    good_until: datetime
    is_counted: bool


def gather(
    event_type: EventType,
    *,
    between: tuple[int, int],
    now: datetime,
    host: Host | None,
    leaving: int | None = None,
    hosts: Sequence[Host] | None = None,
    outside: BusyAnswer | None = None,
    max_age: timedelta | None = None,
) -> Gathered:
    """Fetch everything that the core needs about `between` (seconds); three statements at most, one more where
    limits are in force. `outside` is what `calendars_at` has said of it already; else a calendar is asked where its
    index is older than `max_age`, that of a page (`shown_to`) where it is not given."""
    offered = catalog()
    hosts = _hosts(offered, event_type, host) if hosts is None else hosts
    zone = current_tenant().time_zone
    reach = (_instant(between[0]) - REACH, _instant(between[1]) + REACH)
    is_group = event_type.kind == EventType.Kind.GROUP
    leaving = None if is_group else leaving  # a seat that moves leaves its session standing, and counted
    needs = needed_rooms(event_type, leaving=leaving)
    claimable = [*(each.pk for each in hosts), *needs]
    own = occupied(claimable, *reach, leaving=leaving)
    if outside is None:
        age = shown_to() if max_age is None else max_age
        (outside,) = _calendars_at(event_type, [between], hosts=hosts, zone=zone, now=now, max_age=age)
    busy = {
        each.pk: Busy(
            own=own.blocked.get(each.pk, ()),
            calendar=[
                (seconds_of(start), math.ceil(end.timestamp()))
                for start, end in outside.busy.get(each.pk, ())
            ],
            stale=each.pk in outside.stale,
        )
        for each in hosts
    }
    limits = limits_in_force(event_type, hosts)
    of_event_type, of_hosts = limited(limits, between=between, zone=zone, leaving=leaving)
    request = SlotRequest(
        rules=rules_of(event_type),
        zone=zone,
        limited=of_event_type,
        host_limits=of_hosts,
        hosts=tuple(
            closed_on_holidays(
                offered.hours_for(event_type.pk, each), each, business=offered.holidays, between=between
            )
            for each in hosts
        ),
        hosts_needed="all" if event_type.kind == EventType.Kind.COLLECTIVE else "any",
        busy=busy,
        capacity=event_type.capacity if is_group else None,
        sessions=sessions_of(event_type, reach, hosts) if is_group else {},
        rooms=_rooms(needs, own.blocked),
    )
    names = {each.pk: each.name for each in hosts}
    notices = withheld_words([names[pk] for pk in sorted(outside.stale)])
    ends = [_instant(own.next_expiry)] if own.next_expiry else []
    ends += [outside.good_until] if outside.good_until else []
    return Gathered(request, notices, min(ends, default=now + timedelta(days=1)), limits.exist)


def calendars_at(
    event_type: EventType, ranges: Sequence[tuple[int, int]], *, now: datetime, host: Host | None
) -> list[BusyAnswer]:
    """Ask the hosts' calendars about starts that are to be held in each of these ranges (seconds), all at once, for
    `gather`."""
    hosts, zone = _hosts(catalog(), event_type, host), current_tenant().time_zone
    return _calendars_at(event_type, ranges, hosts=hosts, zone=zone, now=now, max_age=held_to())


def shown_to() -> timedelta:
    """Return how old a calendar's index may be for the times that a page shows."""
    return timedelta(seconds=settings.HOLDFAST_CALENDAR_FRESH_SECONDS)


def held_to() -> timedelta:
    """Return how old it may be for a start that is held: whoever holds waits for no calendar that was read a moment
    ago, and nothing is confirmed before all of them were asked live."""
    return max(shown_to(), timedelta(seconds=settings.HOLDFAST_CALENDAR_HOLD_SECONDS))


def _calendars_at(
    event_type: EventType,
    ranges: Sequence[tuple[int, int]],
    *,
    hosts: Sequence[Host],
    zone: str,
    now: datetime,
    max_age: timedelta,
) -> list[BusyAnswer]:
    """Ask only about starts that notice and booking window allow: the others are withheld by these whatever a
    calendar says, and anybody can ask about any date."""
    window = bookable(rules_of(event_type), zone=zone, now=seconds_of(now))
    allowed = [intersect([each], [window]) for each in ranges]
    answers = iter(
        busy_times_within(
            [each.pk for each in hosts],
            spans=[
                (max(_instant(begins) - REACH, now - REACH), max(_instant(ends) + REACH, now))
                for ((begins, ends),) in filter(None, allowed)
            ],
            now=now,
            max_age=max_age,
        )
    )
    return [next(answers) if each else BusyAnswer() for each in allowed]


def _rooms(needs: Mapping[int, RoomNeed], own: Mapping[int, Sequence[tuple[int, int]]]) -> Rooms:
    """Return what the meeting needs beside hosts, each with its blocked ranges; one out of use is blocked always."""
    busy = {pk: own.get(pk, ()) if need.in_use else [ALWAYS] for pk, need in needs.items()}
    return Rooms(
        all_of={pk: busy[pk] for pk, need in needs.items() if not need.is_choice},
        one_of={pk: busy[pk] for pk, need in needs.items() if need.is_choice},
    )


def rules_of(event_type: EventType) -> EventRules:
    """Return the numbers of an event type as the core takes them."""
    return EventRules(
        duration_seconds=event_type.duration_minutes * 60,
        interval_seconds=event_type.slot_interval_minutes * 60,
        buffer_before_seconds=event_type.buffer_before_minutes * 60,
        buffer_after_seconds=event_type.buffer_after_minutes * 60,
        minimum_notice_seconds=event_type.minimum_notice_minutes * 60,
        window_days=event_type.window_days,
        offset_seconds=event_type.slot_offset_minutes * 60,
        window_dates=(event_type.window_first_date, event_type.window_last_date)
        if event_type.window_first_date and event_type.window_last_date
        else None,
    )


def _hosts(offered: Catalog, event_type: EventType, host: Host | None) -> Sequence[Host]:
    bookable = offered.bookable(event_type.pk)
    if host is None or event_type.kind == EventType.Kind.COLLECTIVE:
        return bookable
    wanted = host.pk
    return [each for each in bookable if each.pk == wanted]


def _slots(found: Iterable[OpenStart], event_type: EventType) -> tuple[Slot, ...]:
    length = event_type.duration_minutes * 60
    return tuple(
        [Slot(_instant(start), _instant(start + length), hosts, seats) for start, hosts, seats, *_ in found]
    )


def seconds_of(instant: datetime) -> int:
    """Return whole seconds since the epoch."""
    return int(instant.timestamp())


@lru_cache(maxsize=1 << 15)
def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
