"""What the guard is asked for: a start and who could take it, in the shapes that its SQL functions read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from booking.attendees import Request
from booking.catalog import catalog
from booking.core.approval import approval_seconds
from booking.core.slots import OpenStart
from booking.limits import limits_in_force, limits_to_keep
from booking.models import Booking, EventType, MeetingHost
from kernel.ids import new_uid
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


@dataclass(frozen=True)
class Wanted:
    """The booking that shall have the place: its status, its deadline in seconds, and who it is for."""

    uid: str
    time_zone: str
    status: str
    seconds: int
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
    event_type: EventType, start: datetime, host_ids: Iterable[int], *, minutes: int | None = None
) -> list[dict[str, Any]]:
    """Return the limits that a meeting of this type at that start meets, as the guard takes them; often none."""
    hosts = catalog().hosts
    return limits_to_keep(
        limits_in_force(event_type, [hosts[each] for each in sorted(host_ids) if each in hosts]),
        starts=[start],
        minutes=event_type.duration_minutes if minutes is None else minutes,
        zone=current_tenant().time_zone,
    )


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
    last = dict(
        MeetingHost.objects.filter(
            host_id__in=opened.host_ids, meeting__event_type=event_type, meeting__released_at=None
        )
        .values_list("host_id")
        .annotate(last=Max("meeting__created_at"))
    )
    never = datetime.min.replace(tzinfo=UTC)
    order = {host_id: position for position, host_id in enumerate(opened.host_ids)}
    return [
        [host_id]
        for host_id in sorted(opened.host_ids, key=lambda each: (last.get(each, never), order[each]))
    ]
