"""Bookings and times in words, for What ran and for consequences; in the business's zone."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.models import Booking
from tenants.api import current_tenant

_NAMED = 3  # of more hosts whose calendars cannot be read a page says how many they are


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


def withheld_words(names: Sequence[str]) -> tuple[str, ...]:
    """Return what whoever looks for times is told of hosts whose calendars cannot be read: a sentence for each, or one
    for all where they are too many to be named. Pure."""
    if len(names) > _NAMED:
        return (
            f"The calendars of {len(names)} people cannot be read right now, so their times are withheld.",
        )
    return tuple(
        f"{name}’s calendar cannot be read right now, so {name}’s times are withheld." for name in names
    )
