"""Our events in the hosts' destination calendars: find, write, delete; each idempotent by the event's UID.

Of calendars that are followed it is kept what we wrote (CalendarEntry), so that an echo is known from a change.
"""

from datetime import datetime

from providers.calendars.connections import open_calendar
from providers.calendars.following import OwnEvent
from providers.calendars.vendor_calendars import open_vendor_calendar
from providers.models.calendars import Calendar
from providers.models.following import CalendarChange, CalendarEntry
from providers.protocols import CalendarEvent, WrittenEvent

_TIMEOUT_SECONDS = 8.0


def find_event(host_id: int, uid: str) -> WrittenEvent | None:
    """Return where the host's destination calendar holds this UID; None if nowhere, or there is no calendar.

    Raises ProviderError; never called inside a transaction (nor are those below).
    """
    calendar = _destination(host_id)
    return open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).find(uid) if calendar else None


def event_is_somewhere(host_id: int, uid: str) -> bool:
    """Say whether any of the host's calendars holds this UID: its owner may have moved it. Raises ProviderError."""
    return any(
        open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).find(uid) is not None
        for calendar in _calendars(host_id)
    )


def write_event(host_id: int, event: CalendarEvent, *, now: datetime) -> WrittenEvent | None:
    """Create the event in the host's destination calendar, or bring it to this SEQUENCE; None without one.

    Twice the same event leaves one; an older SEQUENCE changes nothing. `now` is its DTSTAMP.
    """
    calendar = _destination(host_id)
    if calendar is None:
        return None
    written = open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).write(event, now=now)
    _remember(calendar, event, written, now)
    return written


def delete_event(host_id: int, uid: str) -> bool:
    """Remove the event from whichever of the host's calendars holds it; False if none did.

    All are looked at, because the destination may have been chosen anew since the event was written.
    """
    return any(_delete_from(calendar, uid) for calendar in _calendars(host_id))


def look_at_change(change: CalendarChange) -> OwnEvent | None:
    """Return the event of a change as its calendar holds it now; None where the calendar or our entry is gone.

    Raises ProviderError.
    """
    entry = CalendarEntry.objects.filter(calendar_id=change.calendar_id, uid=change.uid).first()
    calendar = _followed(change.calendar_id)
    if entry is None or calendar is None:
        return None
    return open_vendor_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).look(entry.remote_id)


def restore_event(change: CalendarChange, event: CalendarEvent, *, now: datetime) -> WrittenEvent | None:
    """Put the event of a change back as `event` says, whatever its owner made of it; None where it cannot be.

    Raises ProviderError.
    """
    calendar = _followed(change.calendar_id)
    if calendar is None:
        return None
    written = open_vendor_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).restore(event, now=now)
    _remember(calendar, event, written, now)
    return written


def _delete_from(calendar: Calendar, uid: str) -> bool:
    """Forget our entry first: what we delete ourselves is no change of the owner's. A failure brings it back."""
    entries = list(CalendarEntry.objects.filter(calendar=calendar, uid=uid))
    CalendarEntry.objects.filter(calendar=calendar, uid=uid).delete()
    try:
        return open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).delete(uid)
    except BaseException:
        CalendarEntry.objects.bulk_create(entries, ignore_conflicts=True)
        raise


def _remember(calendar: Calendar, event: CalendarEvent, written: WrittenEvent, now: datetime) -> None:
    if calendar.connection.account_id is None:
        return
    CalendarEntry.objects.update_or_create(
        calendar=calendar,
        uid=event.uid,
        defaults={
            "remote_id": written.href,
            "etag": written.etag,
            "starts_at": event.starts_at,
            "ends_at": event.ends_at,
            "written_at": now,
        },
    )


def _followed(calendar_id: int) -> Calendar | None:
    rows = Calendar.objects.select_related("connection__account").filter(pk=calendar_id)
    return rows.filter(connection__account__isnull=False).first()


def _calendars(host_id: int) -> list[Calendar]:
    rows = Calendar.objects.filter(host_id=host_id).select_related("connection__account")
    return list(rows.order_by("-is_destination", "id"))


def _destination(host_id: int) -> Calendar | None:
    calendars = Calendar.objects.filter(host_id=host_id, is_destination=True)
    return calendars.select_related("connection__account").first()
