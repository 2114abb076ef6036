"""The job that brings a calendar up to now, and the clock's chore that asks for it where nobody called."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from jobs.api import Lease, handles
from kernel.clock import now as clock_now
from providers.calendars.syncing import SYNC_JOB, ask_for_sync, sync_calendar
from providers.models.calendars import Calendar, CalendarConnection
from providers.models.following import CalendarChannel, CalendarEntry
from providers.protocols import ProviderError

log = logging.getLogger(__name__)
POLL = timedelta(seconds=60)
POLL_FEED = timedelta(minutes=3)
POLL_BESIDE_PUSH = timedelta(minutes=10)


@handles(SYNC_JOB)
def perform_sync(ref: str, _lease: Lease) -> None:
    """Sync one calendar; a failure is written in the calendar, and the next poll tries again."""
    try:
        sync_calendar(int(ref), now=clock_now())
    except ProviderError as error:
        log.info("Calendar %s was not synced: %s", ref, error.message)


FOLLOWS_CALENDARS = "SELECT EXISTS (SELECT FROM providers_calendar WHERE reads_busy OR is_destination)"


def poll_calendars(*, now: datetime) -> int:
    """Ask for a sync of every calendar that is read or written, or that a host put a coming event of ours into, and
    was not synced for a minute, or, where the vendor calls us, for ten: a call may be lost. A published file is asked
    for every three minutes. Returns how many; one query when nothing is due.
    """
    live = CalendarChannel.objects.filter(calendar=OuterRef("pk"), expires_at__gt=now)
    put_there = CalendarEntry.objects.filter(calendar=OuterRef("pk"), put_by_owner=True, starts_at__gt=now)
    due = (
        Q(synced_at=None)
        | Q(synced_at__lt=now - POLL_BESIDE_PUSH)
        | Q(synced_at__lt=now - POLL_FEED, connection__kind=CalendarConnection.FEED)
        | (Q(synced_at__lt=now - POLL, is_called=False) & ~Q(connection__kind=CalendarConnection.FEED))
    )
    rows = (
        Calendar.objects.filter(connection__account__ended_at=None)
        .filter(Q(reads_busy=True) | Q(is_destination=True) | Exists(put_there))
        .annotate(is_called=Exists(live))
        .filter(due)
    )
    found = list(rows.values_list("pk", flat=True))
    if not found:
        return 0
    with transaction.atomic():
        return sum(ask_for_sync(pk, now=now) for pk in found)
