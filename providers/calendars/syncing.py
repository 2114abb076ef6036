"""Following a calendar: bring its index up to now, and notice what its owner did to our events.

`sync_calendar` asks only for what changed since its token. If nothing did, the index is as good as read now; if
something did, the whole window is read again and swapped in one transaction: no change can be merged wrongly.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from jobs.api import enqueue, unfinished
from providers.calendars.connections import open_calendar
from providers.calendars.following import OwnEvent, SyncTokenExpired, TwoWayCalendar
from providers.calendars.index_store import Reading, store_readings
from providers.models.calendars import Calendar
from providers.models.following import CalendarChange, CalendarEntry
from providers.protocols import ProviderError, Unauthorised

SYNC_JOB = "sync_calendar"
CHANGED_JOB = "calendar_changed"
BEHIND, AHEAD = timedelta(days=2), timedelta(days=62)
_WHOLE_AGAIN = timedelta(hours=12)
_WRITING = timedelta(minutes=2)  # a write may end that long after the time it is noted with
_TIMEOUT_SECONDS = 8.0


def sync_calendar(calendar_id: int, *, now: datetime) -> bool:
    """Bring one calendar up to `now`; True when it was read whole, False when nothing had changed.

    One request when nothing changed. A failure is written in the calendar and its connection, and raised:
    Unauthorised, Unreachable, RateLimited, Rejected. Never in a transaction.
    """
    calendar = Calendar.objects.select_related("connection__account").filter(pk=calendar_id).first()
    if calendar is None:
        return False
    Calendar.objects.filter(pk=calendar.pk).update(synced_at=now)
    try:
        client = open_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS)
        return _synced(calendar, client, now)
    except ProviderError as error:
        _note_failure(calendar, error, now)
        raise


def ask_for_sync(calendar_id: int, *, now: datetime) -> bool:
    """Enqueue a sync unless one waits already, in the caller's transaction; False when one did."""
    if unfinished(SYNC_JOB, str(calendar_id)):
        return False
    enqueue(SYNC_JOB, ref=str(calendar_id), now=now)
    return True


def _synced(calendar: Calendar, client: TwoWayCalendar, now: datetime) -> bool:
    """The token is kept last: what was told but not noted is told again."""
    events: tuple[OwnEvent, ...] = ()
    if _may_ask_for_changes(calendar, now):
        try:
            changes = client.changes(calendar.sync_token)
        except SyncTokenExpired:
            changes = None
        if changes is not None:
            events = changes.events
            if not changes.is_changed:
                events = (*events, *_gone(calendar, client, events, now, since=calendar.synced_at))
                note_owners_changes(calendar, events, now=now)
                _touch(calendar, changes.sync_token, now)
                return False
    start, end = now - BEHIND, now + AHEAD
    whole = client.whole(start=start, end=end)
    if calendar.reads_busy:
        reading = {calendar.pk: Reading(intervals=whole.intervals)}
        store_readings([calendar], reading, start=start, end=end, now=now, is_whole=True)
    note_owners_changes(calendar, [*events, *whole.own, *_gone(calendar, client, whole.own, now)], now=now)
    Calendar.objects.filter(pk=calendar.pk).update(sync_token=whole.sync_token, resynced_at=now)
    return True


def _may_ask_for_changes(calendar: Calendar, now: datetime) -> bool:
    """A token, and an index that still reaches far enough ahead; twice a day everything is read anew."""
    if not calendar.sync_token or calendar.resynced_at is None:
        return False
    if now - calendar.resynced_at > _WHOLE_AGAIN:
        return False
    return not calendar.reads_busy or (calendar.horizon is not None and calendar.failed_at is None)


def _touch(calendar: Calendar, sync_token: str, now: datetime) -> None:
    """Say that the index is as of `now`, unless somebody read it later or chose it away meanwhile."""
    with transaction.atomic():
        rows = Calendar.objects.select_for_update().filter(pk=calendar.pk)
        kept = rows.first()
        if kept is None:
            return
        values: dict[str, object] = {"sync_token": sync_token}
        if kept.read_at is not None and kept.read_at <= now:
            values["read_at"] = now
        rows.update(**values)
        if calendar.reads_busy:
            type(calendar.connection).objects.filter(pk=calendar.connection_id).update(
                status="working", last_good_at=now, last_error=""
            )


def _note_failure(calendar: Calendar, error: ProviderError, now: datetime) -> None:
    if not calendar.reads_busy:
        return
    reading = Reading(words=error.message, is_sign_in_refused=isinstance(error, Unauthorised))
    store_readings([calendar], {calendar.pk: reading}, start=now, end=now, now=now, is_whole=True)


def _gone(
    calendar: Calendar,
    client: TwoWayCalendar,
    seen: Iterable[OwnEvent],
    now: datetime,
    *,
    since: datetime | None = None,
) -> list[OwnEvent]:
    """Look for our coming events that were not shown, all, or those that were written `since` the last sync.

    A token may have expired over a deletion; and where tokens are made of what the calendar holds, as Git's are, an
    event that we wrote and its owner deleted between two syncs has changed nothing.
    """
    shown = {event.remote_id for event in seen}
    coming = CalendarEntry.objects.filter(
        calendar=calendar, starts_at__gt=now, starts_at__lt=now + AHEAD - BEHIND, written_at__lt=now
    )
    if since is not None:
        coming = coming.filter(written_at__gt=since - _WRITING)
    missing = [entry for entry in coming if entry.remote_id not in shown]
    found = [client.look(entry.remote_id) for entry in missing]
    return [event for event in found if event is not None]


def note_owners_changes(calendar: Calendar, events: Iterable[OwnEvent], *, now: datetime) -> int:
    """Write what the owner did to our events, with the job that answers it; return how many are new.

    An echo of what we wrote (the etag, or the very time) is none, nor is one that was noted before.
    """
    by_id = {event.remote_id: event for event in events}
    entries = CalendarEntry.objects.filter(calendar=calendar, remote_id__in=by_id)
    changes = [
        change for entry in entries if (change := _change(calendar, entry, by_id[entry.remote_id], now))
    ]
    if not changes:
        return 0
    new = 0
    with transaction.atomic():
        for change in changes:
            kept, is_new = CalendarChange.objects.get_or_create(
                calendar=calendar,
                uid=change.uid,
                kind=change.kind,
                etag=change.etag,
                starts_at=change.starts_at,
                defaults={"host_id": change.host_id, "ends_at": change.ends_at, "seen_at": now},
            )
            if is_new:
                new += 1
                enqueue(CHANGED_JOB, ref=str(kept.pk), now=now)
    return new


def _change(
    calendar: Calendar, entry: CalendarEntry, event: OwnEvent, now: datetime
) -> CalendarChange | None:
    if event.etag == entry.etag:
        return None
    made = CalendarChange(
        host_id=calendar.host_id, calendar=calendar, uid=entry.uid, etag=event.etag, seen_at=now
    )
    if (
        event.is_deleted
    ):  # most tell no version of it: then it is the one that we wrote, so each is noted once
        made.kind, made.etag = CalendarChange.Kind.DELETED, event.etag or entry.etag
        return made
    if event.starts_at is None or event.ends_at is None:
        return None
    if (event.starts_at, event.ends_at) == (entry.starts_at, entry.ends_at):
        return None
    made.kind, made.starts_at, made.ends_at = CalendarChange.Kind.MOVED, event.starts_at, event.ends_at
    return made
