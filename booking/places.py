"""What the guard is asked for: a start and who could take it, in the shapes that its SQL functions read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from booking.attendees import Request
from booking.catalog import catalog
from booking.core.approval import approval_seconds
from booking.core.round_robin import HostLoad, choice_order
from booking.core.slots import OpenStart
from booking.limits import limits_in_force, limits_to_keep
from booking.models import Booking, EventType
from kernel.ids import new_uid
from providers.api import has_calendars, has_webhook_endpoints
from tenants.api import current_tenant


@dataclass(frozen=True)
class Place:
    """What is to be taken: a start, and who could take it (sets of hosts, best first)."""

    event_type: EventType
    start: datetime
    alternatives: list[list[int]]
    visitor: str
    source: str
    keys: tuple[str, str] | None = None
    limits: list[dict[str, Any]] | None = None  # as `limits_of` says; None: not looked up yet
    connected: "Connected | None" = (
        None  # as `connected_to` says; None: not looked up, or not known beforehand
    )


@dataclass(frozen=True)
class Connected:
    """Whether the hosts who may come to a place have calendars, and whether the business's programs are told."""

    calendars: bool
    programs: bool


@dataclass(frozen=True)
class Wanted:
    """The booking that shall have the place: its status, its deadline in seconds (None: confirmed, so none), and who
    it is for."""

    uid: str
    time_zone: str
    status: str
    seconds: int | None
    request: Request | None = None


def first_status(event_type: EventType, start: datetime, *, now: datetime, source: str) -> tuple[str, int]:
    """Return the status of a booking that has its attendee, and its deadline in seconds.

    `pending` where a host has to approve it; what the business books itself in the portal needs no approval.
    """
    if event_type.requires_approval and source != Booking.Source.PORTAL:
        return "pending", approval_seconds(
            approval_minutes=event_type.approval_minutes,
            start=int(start.timestamp()),
            now=int(now.timestamp()),
        )
    return "awaiting_link", settings.HOLDFAST_LINK_SECONDS


def meeting_values(event_type: EventType, start: datetime) -> dict[str, Any]:
    """Return a new meeting of this type at that start, as the guard takes it."""
    return {
        "uid": new_uid(),
        "event_type": event_type.pk,
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(minutes=event_type.duration_minutes)).isoformat(),
        "capacity": event_type.capacity,
        "location_kind": event_type.location_kind,
        "location_detail": event_type.location_detail,
    }


def limits_at(
    event_type: EventType,
    start: datetime | Sequence[datetime],
    host_ids: Iterable[int],
    *,
    minutes: int | None = None,
) -> list[dict[str, Any]]:
    """Return the limits that meetings of this type at that start (or those starts) meet, as the guard takes them;
    often none."""
    hosts = catalog().hosts
    return limits_to_keep(
        limits_in_force(event_type, [hosts[each] for each in sorted(host_ids) if each in hosts]),
        starts=[start] if isinstance(start, datetime) else start,
        minutes=event_type.duration_minutes if minutes is None else minutes,
        zone=current_tenant().time_zone,
    )


def limits_of(place: Place) -> list[dict[str, Any]]:
    """Return the limits that a place meets, as the guard takes them: those it holds, or looked up."""
    if place.limits is not None:
        return place.limits
    hosts = {each for choice in place.alternatives for each in choice}
    return limits_at(place.event_type, place.start, hosts)


def connected_to(alternatives: Iterable[Iterable[int]]) -> Connected | None:
    """Return what is connected whichever of these sets of hosts is taken; None if some have calendars, others not."""
    with_some = {bool(has_calendars(choice)) for choice in alternatives}
    return Connected(with_some.pop(), has_webhook_endpoints()) if len(with_some) == 1 else None


def booking_values(place: Place, wanted: Wanted) -> dict[str, Any]:
    """Return the booking that shall have the place, as the guard takes it."""
    request = wanted.request
    return {
        "uid": wanted.uid,
        "status": wanted.status,
        "seconds": wanted.seconds,
        "time_zone": wanted.time_zone,
        "source": place.source,
        "visitor": place.visitor,
        "name": request.attendee.name if request else "",
        "email": request.attendee.email if request else "",
        "guests": list(request.guests) if request else [],
        "answers": dict(request.answers or {}) if request else {},
    }


def blocked_range(event_type: EventType, start: datetime) -> tuple[datetime, datetime]:
    """Return what a meeting of this type blocks: start to end with buffers, half-open."""
    return (
        start - timedelta(minutes=event_type.buffer_before_minutes),
        start + timedelta(minutes=event_type.duration_minutes + event_type.buffer_after_minutes),
    )


def host_choices(event_type: EventType, opened: OpenStart) -> list[list[int]]:
    """Return the sets of hosts, rooms and equipment to try, best first, all of one size.

    The hosts in the order of `_hosts_in_order`; each with all that is needed, and one of the rooms to choose from.
    """
    rooms: list[list[int]] = [[room] for room in opened.room_ids] or [[]]
    return [
        [*hosts, *opened.needed, *room] for hosts in _hosts_in_order(event_type, opened) for room in rooms
    ]


def _hosts_in_order(event_type: EventType, opened: OpenStart) -> list[list[int]]:
    if event_type.kind == EventType.Kind.COLLECTIVE:
        return [list(opened.host_ids)]
    if len(opened.host_ids) == 1:
        return [[opened.host_ids[0]]]
    known = {load.host_id: load for load in _loads(event_type, opened.host_ids)}
    unknown = HostLoad(0, 0, 1, 0, None)  # of a type that is not stored: a preview
    loads = [known.get(pk, replace(unknown, host_id=pk)) for pk in opened.host_ids]
    return [[host_id] for host_id in choice_order(loads)]


def _loads(event_type: EventType, host_ids: Sequence[int]) -> list[HostLoad]:
    """Return what these hosts have had of this type in the last FAIR_DAYS: what is to come and what is over, as limits
    count it (used_v1); what was called off or came to nothing does not count."""
    with connection.cursor() as cursor:
        cursor.execute(_LOADS, {"event_type": event_type.pk, "days": FAIR_DAYS, "hosts": list(host_ids)})
        return [HostLoad(*row) for row in cursor.fetchall()]


FAIR_DAYS = 30
# Each half by an index, whatever the history: what is to come by booking_meeting_session, what is over by
# booking_meeting_start, for what was booked in these days and is over has started in them.
_LOADS = """
    WITH counted AS (
        SELECT id, created_at FROM booking_meeting WHERE event_type_id = %(event_type)s AND released_at IS NULL
        UNION ALL
        SELECT m.id, m.created_at
        FROM booking_meeting m CROSS JOIN LATERAL (
            SELECT FROM booking_booking b WHERE b.meeting_id = m.id AND b.status IN ('completed', 'no_show') LIMIT 1
        ) AS took_place
        WHERE m.event_type_id = %(event_type)s AND m.released_at IS NOT NULL
            AND m.starts_at > now() - make_interval(days => %(days)s)
    )
    SELECT e.host_id, e.priority, e.weight, count(c.id), (extract(epoch FROM max(c.created_at)) * 1000000)::bigint
    FROM booking_eventtypehost e
    LEFT JOIN (counted AS m CROSS JOIN LATERAL (
        SELECT host_id FROM booking_meetinghost WHERE meeting_id = m.id OFFSET 0) AS h  -- by its index, one by one
    ) AS c ON c.host_id = e.host_id AND c.created_at > now() - make_interval(days => %(days)s)
    WHERE e.event_type_id = %(event_type)s AND e.host_id = ANY (%(hosts)s::bigint[])
    GROUP BY e.host_id, e.priority, e.weight
"""
