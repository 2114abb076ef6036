"""Keeping what calendars said: busy times swapped in one transaction, and the connection's state in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from providers.calendars.busy_rules import Interval
from providers.models.calendars import BusyTime, Calendar, CalendarConnection


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one calendar said: its busy `intervals`, or None and the reason in `words`."""

    intervals: tuple[Interval, ...] | None = None
    words: str = ""
    is_sign_in_refused: bool = False


def store_readings(
    calendars: Sequence[Calendar],
    readings: dict[int, Reading],
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    is_whole: bool,
) -> None:
    """Swap the busy times that overlap [start, end) for what was read at `now`, in one transaction.

    `is_whole`: the reading replaces the whole index, which now covers [start, end). A calendar that somebody
    read later than `now` keeps that: two refreshes at once are harmless. Five statements.
    """
    good = {each.id: reading for each in calendars if (reading := readings[each.id]).intervals is not None}
    with transaction.atomic():
        locked = _locked(calendars)
        swapped = [key for key, row in locked.items() if key in good and not _read_later(row, now)]
        _forget(swapped, start, end, is_whole=is_whole)
        BusyTime.objects.bulk_create(
            BusyTime(calendar_id=key, starts_at=starts_at, ends_at=ends_at)
            for key in swapped
            for starts_at, ends_at in good[key].intervals or ()
        )
        for key, row in locked.items():
            row.failed_at = None if key in good else now
            row.failed_words = readings[key].words
            if is_whole and key in swapped:
                row.read_at, row.covers_from, row.horizon = now, start, end
        fields = ["failed_at", "failed_words", "read_at", "covers_from", "horizon"]
        Calendar.objects.bulk_update(locked.values(), fields)
        _note_connections(locked, readings, now)


def _locked(calendars: Sequence[Calendar]) -> dict[int, Calendar]:
    """Lock the calendars and their connections, always in the same order: two refreshes never deadlock."""
    rows = Calendar.objects.filter(id__in=[each.id for each in calendars]).select_related("connection")
    return {row.id: row for row in rows.order_by("connection_id", "id").select_for_update()}


def _forget(calendar_ids: list[int], start: datetime, end: datetime, *, is_whole: bool) -> None:
    """Delete the busy times of calendars, all or those that overlap [start, end), in one statement.

    In SQL, because Django reads all rows first and deletes them by hundreds wherever anybody listens to
    `post_delete`, as django-tenants does for every model.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM providers_busytime WHERE calendar_id = ANY(%s::bigint[])"
            " AND (%s OR (starts_at < %s AND ends_at > %s))",
            [calendar_ids, is_whole, end, start],
        )


def _read_later(row: Calendar, now: datetime) -> bool:
    return row.read_at is not None and row.read_at > now


def _note_connections(locked: dict[int, Calendar], readings: dict[int, Reading], now: datetime) -> None:
    """Say in the connections how it went: working, or failing with the words of the first failure."""
    states = CalendarConnection.Status
    connections = {row.connection_id: row.connection for row in locked.values()}
    for kept in connections.values():
        kept.status, kept.last_error = states.WORKING, ""
    for key, row in locked.items():
        reading, kept = readings[key], connections[row.connection_id]
        if reading.intervals is None and not kept.last_error:
            kept.status = states.UNAUTHORISED if reading.is_sign_in_refused else states.FAILING
            kept.last_failed_at, kept.last_error = now, reading.words
    for kept in connections.values():
        if kept.status == states.WORKING:
            kept.last_good_at = now
    fields = ["status", "last_good_at", "last_failed_at", "last_error"]
    CalendarConnection.objects.bulk_update(connections.values(), fields)
