"""Our events in the hosts' destination calendars: find, write, delete; each idempotent by the event's UID.

What we wrote is kept (CalendarEntry), so that an echo is known from a change of the owner's.
"""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from providers.calendars.connections import open_calendar
from providers.calendars.following import OwnEvent
from providers.models.calendars import Calendar
from providers.models.following import CalendarChange, CalendarEntry
from providers.protocols import CalendarEvent, ProviderError, WrittenEvent

log = logging.getLogger(__name__)
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


def event_is_as_written(host_id: int, uid: str, *, starts_at: datetime, ends_at: datetime) -> bool | None:
    """Say whether we last wrote this event with this time into the host's calendars; None: it was never written, or
    their connection is newer. One query."""
    entries = CalendarEntry.objects.filter(calendar__host_id=host_id, uid=uid)
    times = list(entries.values_list("starts_at", "ends_at"))
    return all(time == (starts_at, ends_at) for time in times) if times else None


def write_event(host_id: int, event: CalendarEvent, *, now: datetime) -> WrittenEvent | None:
    """Create the event in the host's destination calendar, or bring it to this SEQUENCE; None without one.

    Twice the same event leaves one; an older SEQUENCE changes nothing. `now` is its DTSTAMP. Where the destination
    was chosen anew since it was written, it leaves the calendar where it was; one that its owner put elsewhere stays.
    """
    calendar = _chosen_by_owner(host_id, event.uid) or _destination(host_id)
    if calendar is None:
        return None
    written = open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).write(event, now=now)
    _remember(calendar, event, written, now)
    _leave_others(calendar, event.uid)
    return written


def delete_event(host_id: int, uid: str, *, kept_by: Collection[int] = ()) -> bool:
    """Remove the event from whichever of the host's calendars holds it; False if none did.

    All are looked at, because the destination may have been chosen anew since the event was written. A calendar in
    which one of the hosts `kept_by` has it, too, keeps it: two of them may write into the same one.
    """
    theirs = Q(is_destination=True) | Q(entries__uid=uid)
    kept = set(Calendar.objects.filter(theirs, host_id__in=kept_by).values_list("url", flat=True))
    CalendarEntry.objects.filter(calendar__host_id=host_id, calendar__url__in=kept, uid=uid).delete()
    return any(_delete_from(each, uid) for each in _calendars(host_id) if each.url not in kept)


def look_at_change(change: CalendarChange) -> OwnEvent | None:
    """Return the event of a change as its calendar holds it now; None where the calendar or our entry is gone.

    Raises ProviderError.
    """
    entry = CalendarEntry.objects.filter(calendar_id=change.calendar_id, uid=change.uid).first()
    calendar = _calendar(change.calendar_id)
    if entry is None or calendar is None:
        return None
    return open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).look(entry.remote_id)


def restore_event(change: CalendarChange, event: CalendarEvent, *, now: datetime) -> WrittenEvent | None:
    """Put the event of a change back as `event` says, whatever its owner made of it; None where it cannot be.

    Raises ProviderError.
    """
    calendar = _calendar(change.calendar_id)
    if calendar is None:
        return None
    written = open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS).restore(event, now=now)
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


def _leave_others(calendar: Calendar, uid: str) -> None:
    """Take the event out of the host's other calendars that we wrote it to; what fails is tried by the next write."""
    others = Calendar.objects.filter(host_id=calendar.host_id, entries__uid=uid).exclude(pk=calendar.pk)
    for other in others.select_related("connection__account"):
        try:
            _delete_from(other, uid)
        except ProviderError as error:
            log.info("An event was left behind in calendar %s: %s", other.pk, error.message)


def _remember(calendar: Calendar, event: CalendarEvent, written: WrittenEvent, now: datetime) -> None:
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


def _calendar(calendar_id: int) -> Calendar | None:
    return Calendar.objects.select_related("connection__account").filter(pk=calendar_id).first()


def _calendars(host_id: int) -> list[Calendar]:
    rows = Calendar.objects.filter(host_id=host_id).select_related("connection__account")
    return list(rows.order_by("-is_destination", "id"))


def _chosen_by_owner(host_id: int, uid: str) -> Calendar | None:
    rows = Calendar.objects.filter(host_id=host_id, entries__uid=uid, entries__put_by_owner=True)
    return rows.select_related("connection__account").first()


def _destination(host_id: int) -> Calendar | None:
    calendars = Calendar.objects.filter(host_id=host_id, is_destination=True)
    return calendars.select_related("connection__account").first()
