"""Which slots are open: gathers what the core needs in a fixed number of queries, and presents its answer.

The very function that lists the slots also answers "is this start open?" when somebody books (`check`).
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection

from booking.core.hours import HostHours, Span, UnknownZone, by_local_date, date_range, week
from booking.core.policy import EventRules
from booking.core.slots import Busy, OpenStart, Session, SlotRequest, check_start, nearest, open_slots
from booking.core.slots import Withheld as CoreWithheld
from booking.errors import InvalidRange
from booking.models import EventType, EventTypeHost, Host, Schedule
from kernel.reasons import Reason
from providers.api import busy_times
from tenants.api import current_tenant

MOST_DAYS = 62
REACH = timedelta(
    days=2
)  # busy time is fetched this far beyond the range: longer than any meeting with buffers


@dataclass(frozen=True)
class Slot:
    """A start that may be booked: aware UTC instants; who could take it; seats left in a group session."""

    start: datetime
    end: datetime
    host_ids: tuple[int, ...]
    seats_left: int | None = None


@dataclass(frozen=True)
class Withheld:
    """A start that may not be booked, and why."""

    start: datetime
    reason: Reason


@dataclass(frozen=True)
class SlotPage:
    """Slots under the local dates of `time_zone`; `notices` are sentences for whoever looks."""

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
    reversed dates and more than 62 days. A fixed number of queries, whatever the hosts, days and bookings.
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
    request, notices = gather(event_type, between=between, now=now, host=host, leaving=leaving, hosts=hosts)
    found = open_slots(request, between=between, now=seconds_of(now), explain=explain)
    grouped = by_local_date(found.open, zone=time_zone)
    return SlotPage(
        time_zone=time_zone,
        days={day: tuple(_slot(each, event_type) for each in starts) for day, starts in grouped.items()},
        withheld=tuple(Withheld(_instant(each.start), each.reason) for each in found.withheld),
        notices=notices,
    )


def check(
    event_type: EventType,
    *,
    start: datetime,
    now: datetime,
    host: Host | None = None,
    leaving: int | None = None,
) -> OpenStart | CoreWithheld:
    """Say who can take this one start, or why nobody can; the answer of `slots` on one interval."""
    second = seconds_of(start)
    request, _ = gather(event_type, between=(second, second + 1), now=now, host=host, leaving=leaving)
    return check_start(request, start=second, now=seconds_of(now))


def alternatives(
    event_type: EventType, *, start: datetime, now: datetime, host: Host | None = None, limit: int = 3
) -> tuple[Slot, ...]:
    """Return the open slots nearest to a start that was refused, ascending; within a week around it."""
    around = (
        seconds_of(max(now, start - timedelta(days=1))),
        seconds_of(max(now, start) + timedelta(days=7)),
    )
    request, _ = gather(event_type, between=around, now=now, host=host)
    found = open_slots(request, between=around, now=seconds_of(now))
    return tuple(_slot(each, event_type) for each in nearest(found.open, to=seconds_of(start), limit=limit))


def gather(
    event_type: EventType,
    *,
    between: tuple[int, int],
    now: datetime,
    host: Host | None,
    leaving: int | None = None,
    hosts: Sequence[Host] | None = None,
) -> tuple[SlotRequest, tuple[str, ...]]:
    """Fetch everything that the core needs about `between` (seconds), and what the visitor should know."""
    hosts = _hosts(event_type, host) if hosts is None else hosts
    reach = (_instant(between[0]) - REACH, _instant(between[1]) + REACH)
    own = occupied([each.pk for each in hosts], *reach, leaving=leaving)
    outside = busy_times(
        [each.pk for each in hosts],
        start=max(reach[0], now - REACH),
        end=max(reach[1], now),
        now=now,
        max_age=timedelta(seconds=settings.HOLDFAST_CALENDAR_FRESH_SECONDS),
    )
    busy = {
        each.pk: Busy(
            own=own.get(each.pk, ()),
            calendar=[
                (seconds_of(start), math.ceil(end.timestamp()))
                for start, end in outside.busy.get(each.pk, ())
            ],
            stale=each.pk in outside.stale,
        )
        for each in hosts
    }
    request = SlotRequest(
        rules=rules_of(event_type),
        zone=current_tenant().time_zone,
        hosts=tuple(_hours(hosts)),
        hosts_needed="all" if event_type.kind == EventType.Kind.COLLECTIVE else "any",
        busy=busy,
        capacity=event_type.capacity if event_type.kind == EventType.Kind.GROUP else None,
        sessions=_sessions(event_type, reach, hosts) if event_type.kind == EventType.Kind.GROUP else {},
    )
    names = {each.pk: each.name for each in hosts}
    return request, tuple(
        f"{names[pk]}’s calendar cannot be read right now, so {names[pk]}’s times are withheld."
        for pk in sorted(outside.stale)
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
    )


def occupied(
    host_ids: Sequence[int], start: datetime, end: datetime, *, leaving: int | None = None
) -> dict[int, list[tuple[int, int]]]:
    """Return the blocked ranges of these resources that meet [start, end), in seconds; one query.

    Rows whose every booking has outlived its deadline do not count: an expired hold never blocks anybody.
    """
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_OCCUPIED, [list(host_ids), start, end, leaving])
        for resource_id, begins, ends in cursor.fetchall():
            found[resource_id].append((begins, ends))
    return found


_OCCUPIED = """
    SELECT o.resource_id, extract(epoch FROM lower(o.blocked))::bigint,
           ceil(extract(epoch FROM upper(o.blocked)))::bigint
    FROM unnest(%s::bigint[]) AS r
    JOIN LATERAL (
        SELECT resource_id, meeting_id, blocked FROM booking_occupancy
        WHERE resource_id = r AND blocked && tstzrange(%s, %s) AND retired_at IS NULL
    ) AS o ON true
    JOIN booking_meeting m ON m.id = o.meeting_id
    WHERE m.id IS DISTINCT FROM %s::bigint AND (m.scheduled OR EXISTS (
        SELECT 1 FROM booking_booking b
        WHERE b.meeting_id = o.meeting_id AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed')
            AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())))
    ORDER BY o.resource_id, o.blocked
"""


def _hosts(event_type: EventType, host: Host | None) -> list[Host]:
    rows = EventTypeHost.objects.filter(event_type=event_type, host__active=True).select_related("host")
    hosts = [row.host for row in rows.order_by("priority", "host_id")]
    return [
        each
        for each in hosts
        if host is None or each.pk == host.pk or event_type.kind == EventType.Kind.COLLECTIVE
    ]


def _hours(hosts: Sequence[Host]) -> list[HostHours]:
    """Return each host's first schedule; three queries however many hosts."""
    chosen: dict[int, Schedule] = {}
    for schedule in (
        Schedule.objects.filter(host__in=hosts)
        .order_by("pk")
        .prefetch_related("weekly_hours", "date_overrides")
    ):
        chosen.setdefault(schedule.host_id, schedule)
    return [_host_hours(host, chosen.get(host.pk)) for host in hosts]


def _host_hours(host: Host, schedule: Schedule | None) -> HostHours:
    if schedule is None:
        return HostHours(host_id=host.pk, zone=host.time_zone, weekly=week([]))
    overrides: dict[date, tuple[Span, ...]] = {}
    for row in schedule.date_overrides.all():
        spans = overrides.setdefault(row.date, ())
        if row.start_minute is not None and row.end_minute is not None:
            overrides[row.date] = (*spans, Span(row.start_minute, row.end_minute))
    rows = ((row.weekday, row.start_minute, row.end_minute) for row in schedule.weekly_hours.all())
    return HostHours(host_id=host.pk, zone=schedule.time_zone, weekly=week(rows), overrides=overrides)


def _sessions(
    event_type: EventType, reach: tuple[datetime, datetime], hosts: Sequence[Host]
) -> dict[int, Session]:
    """Return the live sessions of these hosts by start; seats of expired holds count as free."""
    asked = {host.pk for host in hosts}
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS, [event_type.pk, *reach])
        return {
            start: Session(host_ids=tuple(of_session), seats_left=left)
            for start, left, of_session in cursor.fetchall()
            if asked.issuperset(of_session)
        }


_SESSIONS = """
    SELECT extract(epoch FROM m.starts_at)::bigint,
           m.capacity - m.seats_taken + (
               SELECT count(*) FROM booking_booking b
               WHERE b.meeting_id = m.id AND b.expires_at <= clock_timestamp())::integer,
           ARRAY(SELECT host_id FROM booking_meetinghost h WHERE h.meeting_id = m.id ORDER BY position)
    FROM booking_meeting m
    WHERE m.event_type_id = %s AND m.starts_at >= %s AND m.starts_at < %s AND m.released_at IS NULL
      AND (m.scheduled OR EXISTS (
          SELECT 1 FROM booking_booking b
          WHERE b.meeting_id = m.id AND b.status IN ('held', 'pending', 'awaiting_link', 'confirmed')
              AND (b.expires_at IS NULL OR b.expires_at > clock_timestamp())))
"""


def _slot(found: OpenStart, event_type: EventType) -> Slot:
    start = _instant(found.start)
    return Slot(
        start, start + timedelta(minutes=event_type.duration_minutes), found.host_ids, found.seats_left
    )


def seconds_of(instant: datetime) -> int:
    """Return whole seconds since the epoch."""
    return int(instant.timestamp())


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
