"""Reading bookings for pages and the API; nothing here changes anything.

Event types and hosts come from the catalog, which all threads share: read them, change none of them.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from booking.catalog import catalog
from booking.errors import BookingNotFound, EventTypeNotFound, HostNotFound
from booking.models import Booking, EventType, Host
from tenants.api import current_tenant

PAGE_SIZE = 50


@dataclass(frozen=True)
class BookingPage:
    """One page of bookings, soonest first; `total` over all pages."""

    rows: tuple[Booking, ...]
    total: int
    page: int
    pages: int


def offered_event_types() -> list[EventType]:
    """Return the meeting types on offer, in their order."""
    return [each for each in catalog().event_types.values() if each.active]


def get_event_type(slug: str) -> EventType:
    """Return the meeting type on offer at that slug; raises `EventTypeNotFound`."""
    found = catalog().event_types.get(slug)
    if found is None or not found.active:
        raise EventTypeNotFound("There is no such meeting type.")
    return found


def bookable_hosts(event_type: EventType | None = None) -> list[Host]:
    """Return the active hosts, of one event type or of all, in their order."""
    offered = catalog()
    if event_type is None:
        return [each for each in offered.hosts.values() if each.active]
    return sorted(offered.bookable(event_type.pk), key=lambda each: (each.position, each.pk))


def get_host(slug: str) -> Host:
    """Return the active host of that slug; raises `HostNotFound`."""
    found = next((each for each in bookable_hosts() if each.slug == slug), None)
    if found is None:
        raise HostNotFound("There is nobody of that name here.")
    return found


def get_booking(uid: str) -> Booking:
    """Return a booking with its meeting and event type; raises `BookingNotFound`."""
    found = Booking.objects.select_related("meeting__event_type").filter(uid=uid).first()
    if found is None:
        raise BookingNotFound("There is no such booking.")
    return found


def bookings(
    *,
    search: str = "",
    status: str | None = None,
    first: date | None = None,
    last: date | None = None,
    host_id: int | None = None,
    with_host: str = "",
    event_type: str = "",
    page: int = 1,
    latest_first: bool = False,
) -> BookingPage:
    """Return a page of submitted bookings by start, soonest first unless asked; local dates. Three queries.

    `host_id` is the one host whose bookings may be seen at all; `with_host` and `event_type` are slugs
    that narrow further.
    """
    rows = (
        Booking.objects.select_related("meeting__event_type")
        .prefetch_related("meeting__hosts")
        .exclude(attendee_email="")
    )
    if status:
        rows = rows.filter(status=status)
    if search.strip():
        wanted = search.strip()
        rows = rows.filter(
            Q(attendee_name__icontains=wanted)
            | Q(attendee_email__icontains=wanted)
            | Q(uid=wanted)
            | Q(meeting__event_type__title__icontains=wanted)
        )
    if host_id is not None:
        rows = rows.filter(meeting__hosts=host_id)
    if with_host:
        rows = rows.filter(meeting__hosts__slug=with_host)
    if event_type:
        rows = rows.filter(meeting__event_type__slug=event_type)
    if first:
        rows = rows.filter(meeting__starts_at__gte=_midnight(first))
    if last:
        rows = rows.filter(meeting__starts_at__lt=_midnight(last + timedelta(days=1)))
    total = rows.count()
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    begin = (page - 1) * PAGE_SIZE
    order = ("-meeting__starts_at", "-pk") if latest_first else ("meeting__starts_at", "pk")
    found = rows.order_by(*order)[begin : begin + PAGE_SIZE]
    return BookingPage(rows=tuple(found), total=total, page=page, pages=pages)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(current_tenant().time_zone))
