"""Bookings and times in words, for What ran and for consequences; in the business's zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from booking.models import Booking
from tenants.api import current_tenant


def booking_sentence(booking: Booking) -> str:
    """Return e.g. "Ben Ode’s intro call"; a booking without an attendee yet is "a client’s …"."""
    return f"{booking.attendee_name or 'a client'}’s {lower_title(booking.meeting.event_type.title)}"


def lower_title(title: str) -> str:
    """Return words as they stand inside a sentence: "intro call", but "VAT review"."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def when(instant: datetime, *, zone: str | None = None) -> str:
    """Return e.g. "Tue 24 Nov 14:30 (Europe/Lisbon)"; the business's zone unless another is named."""
    name = zone or current_tenant().time_zone
    local = instant.astimezone(ZoneInfo(name))
    return f"{local:%a} {local.day} {local:%b %H:%M} ({name})"
