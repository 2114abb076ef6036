"""What a host may change of a meeting type that they offer, and what stays the business's."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from booking.core.limits import Limit
from booking.errors import EventTypeNotFound
from booking.models import EventType, EventTypeHost, EventTypeResource
from kernel.errors import HoldfastError
from tenants.api import current_tenant

if TYPE_CHECKING:
    from booking.offering import Offering

_OF_THE_BUSINESS = (
    "slug", "kind", "capacity", "active", "requires_approval", "approval_minutes", "series_most", "locked",
)  # fmt: skip


class EventTypeLocked(HoldfastError):
    """The business has locked this meeting type: its hosts may not change it."""


def check_host_may_edit(event_type: EventType, *, host_id: int) -> None:
    """Raise EventTypeNotFound for a type that the host does not offer, EventTypeLocked for a locked one. One query.

    What it says holds for as long as the caller keeps the event type's row locked.
    """
    if not EventTypeHost.objects.filter(event_type=event_type, host_id=host_id).exists():
        raise EventTypeNotFound("There is no such meeting type.")
    if event_type.locked:
        name = current_tenant().name
        raise EventTypeLocked(f"{name} has locked this meeting type. Ask an owner or admin to change it.")


def as_a_host_may(wanted: "Offering", *, stored: EventType) -> "Offering":
    """Return a host's wish with everything that is the business's as it is stored. Two queries.

    The business's are kind, seats, slug, hosts with their order, weights and schedules, rooms and equipment,
    limits, approval, dates at once, whether it is on offer, and the lock itself.
    """
    hosts = list(EventTypeHost.objects.filter(event_type=stored).order_by("pk"))
    resources = EventTypeResource.objects.filter(event_type=stored).order_by("pk")
    kept: dict[str, Any] = {name: getattr(stored, name) for name in _OF_THE_BUSINESS}
    return replace(
        wanted,
        **kept,
        hosts=tuple((row.host_id, row.priority) for row in hosts),
        weights=tuple((row.host_id, row.weight) for row in hosts),
        schedules=tuple((row.host_id, row.schedule_id) for row in hosts if row.schedule_id),
        resources=tuple(resources.values_list("resource_id", "need")),
        limits=tuple(Limit(*limit) for limit in stored.limits),
    )
