"""What a client asks for when a meeting repeats: how often, or the dates that were agreed; parsed from a form."""

import re
from datetime import UTC, datetime
from typing import Literal

from django.http import QueryDict

from booking.api import YEARS, Booking, InvalidBooking, recurring_starts
from tenants.api import Tenant


def wanted_starts(sent: QueryDict, booking: Booking, tenant: Tenant) -> list[datetime]:
    """Return the starts of the series that is asked for, the held one first; [] where one date is wanted.

    `starts` are dates that were agreed after a refusal, and win over `repeat_every` and `repeat_count`. A date that
    cannot be read counts as not asked. Raises InvalidBooking for how many dates nobody can have.
    """
    most = booking.meeting.event_type.series_most
    if not most:
        return []
    agreed = [found for text in sent.getlist("starts")[:most] if (found := _instant(text))]
    if agreed:
        return agreed
    every, count = sent.get("repeat_every", ""), sent.get("repeat_count", "")
    if every not in _EVERY:
        return []
    if not (_COUNT.fullmatch(count) and 2 <= int(count) <= most):
        raise InvalidBooking(f"A series has 2 to {most} dates.", "repeat_count")
    unit, interval = _EVERY[every]
    first = booking.meeting.starts_at
    return list(
        recurring_starts(first, every=unit, interval=interval, count=int(count), zone=tenant.time_zone)
    )


_COUNT = re.compile(r"[0-9]{1,2}")
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
    return found.astimezone(UTC) if found.tzinfo and found.year in YEARS else None
