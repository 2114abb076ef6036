"""What is coming, by meeting: for whoever asks "what is next?"; nothing here changes anything."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch

from booking.models import Booking, Meeting
from booking.signing import subject_of

_WITH_CLIENT = (Booking.Status.PENDING, Booking.Status.AWAITING_LINK, Booking.Status.CONFIRMED)


def coming_meetings(*, now: datetime, limit: int, host_id: int | None = None) -> tuple[Meeting, ...]:
    """Return meetings with a client that have not ended at `now`, soonest first; `host_id` narrows to a host.

    Each comes with its event type, hosts, and its live `bookings` (held ones without a client left out).
    Three queries, whatever the number of meetings.
    """
    live = Booking.objects.filter(status__in=_WITH_CLIENT).exclude(attendee_email="")
    rows = Meeting.objects.filter(ends_at__gt=now, released_at=None)
    rows = rows.filter(Exists(live.filter(meeting=OuterRef("pk"))))
    if host_id is not None:
        rows = rows.filter(meeting_hosts__host_id=host_id)
    rows = rows.select_related("event_type").prefetch_related(
        "hosts", Prefetch("bookings", live.order_by("pk"))
    )
    return tuple(rows.order_by("starts_at", "pk")[:limit])


def pending_bookings(*, now: datetime, limit: int, host_id: int | None = None) -> tuple[Booking, ...]:
    """Return bookings that wait for a host's approval, the nearest deadline first. One query."""
    rows = Booking.objects.filter(status=Booking.Status.PENDING, expires_at__gt=now)
    if host_id is not None:
        rows = rows.filter(meeting__meeting_hosts__host_id=host_id)
    return tuple(rows.select_related("meeting__event_type").order_by("expires_at", "pk")[:limit])


def subjects_of_host(host_id: int, *, since: datetime) -> frozenset[str]:
    """Return the ledger's subjects of the host's meetings that ended at `since` or later, at most 2,000."""
    rows = Meeting.objects.filter(meeting_hosts__host_id=host_id, ends_at__gte=since).order_by("starts_at")
    return frozenset(subject_of(uid) for uid in rows.values_list("uid", flat=True)[:2000])
