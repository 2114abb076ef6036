"""What a client asks for when a meeting repeats: how often, or the dates that were agreed; parsed from a form."""

from datetime import UTC, datetime
from typing import Literal

from django.http import QueryDict

from booking.api import Booking, recurring_starts
from tenants.api import Tenant


def wanted_starts(sent: QueryDict, booking: Booking, tenant: Tenant) -> list[datetime]:
    """Return the starts of the series that is asked for, the held one first; [] where one date is wanted.

    `starts` are dates that were agreed after a refusal, and win over `repeat_every` and `repeat_count`. What cannot be
    read counts as not asked.
    """
    most = booking.meeting.event_type.series_most
    if not most:
        return []
    agreed = [found for text in sent.getlist("starts")[:most] if (found := _instant(text))]
    if agreed:
        return agreed
    every, count = sent.get("repeat_every", ""), sent.get("repeat_count", "")
    if every not in _EVERY or not (count.isascii() and count.isdigit() and 2 <= int(count[:3]) <= most):
        return []
    unit, interval = _EVERY[every]
    first = booking.meeting.starts_at
    return list(
        recurring_starts(first, every=unit, interval=interval, count=int(count), zone=tenant.time_zone)
    )


_EVERY: dict[str, tuple[Literal["week", "month"], int]] = {
    "week": ("week", 1),
    "fortnight": ("week", 2),
    "month": ("month", 1),
}


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo and 2000 <= found.year < 2200 else None
