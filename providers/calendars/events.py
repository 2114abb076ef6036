"""Our events in the hosts' destination calendars: find, write, delete; each idempotent by the event's UID."""

from datetime import datetime

from providers.calendars.connections import open_calendar
from providers.models.calendars import Calendar
from providers.protocols import CalendarEvent, WrittenEvent

_TIMEOUT_SECONDS = 8.0


def find_event(host_id: int, uid: str) -> WrittenEvent | None:
    """Return where the host's destination calendar holds this UID; None if nowhere, or there is no calendar.

    Raises ProviderError; never called inside a transaction (nor are the two below).
    """
    calendar = _destination(host_id)
    return open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).find(uid) if calendar else None


def event_is_somewhere(host_id: int, uid: str) -> bool:
    """Say whether any of the host's calendars holds this UID: its owner may have moved it. Raises ProviderError."""
    calendars = Calendar.objects.filter(host_id=host_id).select_related("connection")
    return any(
        open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).find(uid) is not None
        for calendar in list(calendars.order_by("-is_destination", "id"))
    )


def write_event(host_id: int, event: CalendarEvent, *, now: datetime) -> WrittenEvent | None:
    """Create the event in the host's destination calendar, or bring it to this SEQUENCE; None without one.

    Twice the same event leaves one; an older SEQUENCE changes nothing. `now` is its DTSTAMP.
    """
    calendar = _destination(host_id)
    return (
        open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).write(event, now=now) if calendar else None
    )


def delete_event(host_id: int, uid: str) -> bool:
    """Remove the event from whichever of the host's calendars holds it; False if none did.

    All are looked at, because the destination may have been chosen anew since the event was written.
    """
    calendars = Calendar.objects.filter(host_id=host_id).select_related("connection")
    return any(
        open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).delete(uid)
        for calendar in list(calendars.order_by("-is_destination", "id"))
    )


def _destination(host_id: int) -> Calendar | None:
    calendars = Calendar.objects.filter(host_id=host_id, is_destination=True)
    return calendars.select_related("connection").first()
