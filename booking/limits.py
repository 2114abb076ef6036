"""Limits of an event type and of its hosts: what is used of them, and what the guard must keep. Both count by the
database's own function (used_v2, booking/sql/limits_v2.sql), so the page and the guard cannot count differently.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection

from booking.core.intervals import Interval
from booking.core.limits import Limit, Limited, Used, checked_limits, intervals_to_count, period_of
from booking.models import EventType, Host

Limits = tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class LimitsInForce:
    """The limits that a meeting of an event type meets: the type's own, and those of its hosts by id."""

    event_type_id: int | None
    of_event_type: Limits = ()
    of_hosts: Mapping[int, Limits] = field(default_factory=dict)

    @property
    def exist(self) -> bool:
        """Is there any limit at all?"""
        return bool(self.of_event_type) or any(self.of_hosts.values())


def limits_in_force(event_type: EventType, hosts: Iterable[Host]) -> LimitsInForce:
    """Return the limits of an event type and of those of its hosts who have any."""
    of_hosts = {host.pk: checked_limits(host.limits) for host in hosts if host.limits}
    return LimitsInForce(event_type.pk, checked_limits(event_type.limits), of_hosts)


def limited(
    limits: LimitsInForce, *, between: Interval, zone: str, leaving: int | None = None
) -> tuple[Limited, dict[int, Limited]]:
    """Return the event type's limits, and its hosts', with what is used of the periods that meet `between`.

    `leaving` is a meeting that does not count: it is to be moved. One query, none where there are no limits.
    """
    asked: list[tuple[int | None, int | None, Interval]] = []
    if limits.event_type_id is not None:  # one that is not stored has used nothing
        asked += [
            (limits.event_type_id, None, each) for each in _periods(limits.of_event_type, between, zone)
        ]
    asked += [
        (None, host_id, each)
        for host_id, of_host in limits.of_hosts.items()
        for each in _periods(of_host, between, zone)
    ]
    used = _used(asked, leaving=leaving) if asked else {}
    return (
        Limited(limits.of_event_type, used.get(None, {})),
        {host_id: Limited(of_host, used.get(host_id, {})) for host_id, of_host in limits.of_hosts.items()},
    )


def limits_to_keep(
    limits: LimitsInForce, *, starts: Iterable[datetime], minutes: int, zone: str
) -> list[dict[str, object]]:
    """Return what check_limits_v1 asks of meetings of so many minutes at these starts; [] without limits."""
    adds: defaultdict[tuple[int | None, Limit, Interval], int] = defaultdict(int)
    of_all = [(None, limits.of_event_type), *limits.of_hosts.items()]
    for start in starts:
        for host_id, of_one in of_all:
            for limit in of_one:
                period = period_of(int(start.timestamp()), period=limit.period, zone=zone)
                adds[host_id, limit, period] += 1 if limit.unit == "meetings" else minutes
    return [
        {
            "event_type": limits.event_type_id if host_id is None else None,
            "host": host_id,
            "starts": _instant(period[0]).isoformat(),
            "ends": _instant(period[1]).isoformat(),
            "unit": limit.unit,
            "most": limit.most,
            "adds": added,
        }
        for (host_id, limit, period), added in adds.items()
    ]


def _periods(limits: Limits, between: Interval, zone: str) -> list[Interval]:
    return sorted(intervals_to_count(limits, between=between, zone=zone))


def _used(
    asked: Sequence[tuple[int | None, int | None, Interval]], *, leaving: int | None
) -> dict[int | None, dict[Interval, Used]]:
    """Return what is used by period, under the host's id, or None for the event type."""
    found: defaultdict[int | None, dict[Interval, Used]] = defaultdict(dict)
    event_types, hosts, periods = zip(*asked, strict=True)
    starts, ends = zip(*periods, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _USED,
            [
                list(event_types), list(hosts), list(starts), list(ends),
                [] if leaving is None else [leaving],
            ],
        )  # fmt: skip
        for host_id, start, end, meetings, minutes in cursor.fetchall():
            found[host_id][start, end] = Used(meetings, minutes)
    return found


_USED = """
    SELECT a.host, a.starts, a.ends, u.meetings, u.minutes
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS a (event_type, host, starts, ends)
    CROSS JOIN LATERAL used_v1(a.event_type, a.host, to_timestamp(a.starts), to_timestamp(a.ends), %s::bigint[]) AS u
"""


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
