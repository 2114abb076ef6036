"""The `data` of the webhooks about a booking (confirmed, cancelled, rescheduled, reassigned); JSON values only.

The field names are those of API v1. They carry the attendee's data: a webhook is the business's own program.
"""

from datetime import UTC, datetime
from typing import Any

from booking.messages.facts import BookingFacts, CancelledBy, HostFacts


def booking_confirmed(facts: BookingFacts) -> dict[str, Any]:
    """Return the data of booking.confirmed."""
    return _booking(facts, status="confirmed")


def booking_cancelled(facts: BookingFacts, *, by: CancelledBy, reason: str) -> dict[str, Any]:
    """Return the data of booking.cancelled: who did it, and why."""
    return {**_booking(facts, status="cancelled"), "cancelled_by": by, "reason": reason}


def booking_rescheduled(
    facts: BookingFacts, *, previous_starts_at: datetime, previous_ends_at: datetime
) -> dict[str, Any]:
    """Return the data of booking.rescheduled: the new time, and the old one under `previous`."""
    previous = {"start": _instant(previous_starts_at), "end": _instant(previous_ends_at)}
    return {**_booking(facts, status="confirmed"), "previous": previous}


def booking_reassigned(facts: BookingFacts, *, before: HostFacts) -> dict[str, Any]:
    """Return the data of booking.reassigned: the new hosts, and the former one under `previous`."""
    return {**_booking(facts, status="confirmed"), "previous": {"host": _host(before)}}


def _booking(facts: BookingFacts, *, status: str) -> dict[str, Any]:
    return {
        "uid": facts.booking_uid,
        "status": status,
        "event_type": facts.event_type,
        "title": facts.title,
        "start": _instant(facts.starts_at),
        "end": _instant(facts.ends_at),
        "time_zone": facts.attendee_zone,
        "attendee": {"name": facts.attendee.name, "email": facts.attendee.email},
        "guests": list(facts.guests),
        "answers": dict(facts.answers),
        "hosts": [_host(host) for host in facts.hosts],
        "location": {"kind": facts.location_kind, "detail": facts.location_detail},
        "meeting_url": facts.join_url or None,
        "manage_url": facts.manage_url,
        "sequence": facts.sequence,
    }


def _host(host: HostFacts) -> dict[str, str]:
    return {"name": host.name, "email": host.email}


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
