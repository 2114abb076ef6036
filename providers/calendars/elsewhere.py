"""An event of ours that its owner took into another calendar is the same event: it is followed there from then on.

The calendar that it left tells it as deleted. Google keeps its id (reference/events/move), which is made of our UID;
Microsoft gives it another (graph/outlook-immutable-id) and keeps our extended property; CalDAV keeps the UID.
"""

import logging
from datetime import datetime

from django.db import transaction

from providers.calendars.connections import open_calendar
from providers.calendars.syncing import note_owners_changes
from providers.models.calendars import Calendar, CalendarConnection
from providers.models.following import CalendarChange, CalendarEntry, VendorMeeting
from providers.protocols import ProviderError

log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 8.0


def follow_elsewhere(change: CalendarChange, *, now: datetime) -> bool:
    """Look for a deleted event in its host's other calendars and follow it there; False where none holds it.

    Another time that it was given on the way is noted as a change there. A calendar of the same account that cannot
    be asked raises ProviderError; one of another account is passed over. Never in a transaction.
    """
    entry = CalendarEntry.objects.filter(calendar_id=change.calendar_id, uid=change.uid).first()
    if entry is None:
        return False
    for calendar in _others(change):
        try:
            client = open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS)
            found = client.find(change.uid)
            event = client.look(found.href) if found else None
        except ProviderError as error:
            if calendar.connection_id == change.calendar.connection_id:
                raise
            log.info("Calendar %s was passed over: %s", calendar.pk, error.message)
            continue
        if event is None or event.is_deleted:
            continue
        _follow_there(entry, calendar, event.remote_id, now)
        note_owners_changes(calendar, [event], now=now)
        CalendarEntry.objects.filter(pk=entry.pk).update(etag=event.etag)
        return True
    return False


def _others(change: CalendarChange) -> list[Calendar]:
    """Return the host's other calendars, those of the same account first; a published file holds no event of ours."""
    rows = Calendar.objects.filter(host_id=change.host_id).exclude(pk=change.calendar_id)
    rows = rows.exclude(connection__kind=CalendarConnection.FEED).select_related("connection__account")
    return sorted(rows, key=lambda row: (row.connection_id != change.calendar.connection_id, row.pk))


def _follow_there(entry: CalendarEntry, calendar: Calendar, remote_id: str, now: datetime) -> None:
    """Let entry and link say the other calendar; the time stays the one that we gave the event."""
    with transaction.atomic():
        CalendarEntry.objects.filter(calendar=calendar, uid=entry.uid).delete()
        CalendarEntry.objects.filter(pk=entry.pk).update(
            calendar=calendar, remote_id=remote_id, written_at=now, put_by_owner=True
        )
        meeting_uid = entry.uid.partition("@")[0]
        links = VendorMeeting.objects.filter(calendar_id=entry.calendar_id, meeting_uid=meeting_uid)
        links.update(calendar=calendar)
