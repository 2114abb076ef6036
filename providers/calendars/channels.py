"""Push channels: opened for followed calendars, renewed before they end, and what is done when one calls.

Only where we can be called: over https, or by a simulated vendor. A lost call costs ten minutes (sync_job).
"""

import hashlib
import hmac
import logging
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from providers.calendars.following import FollowedCalendar
from providers.calendars.syncing import ask_for_sync
from providers.calendars.vendor_calendars import open_vendor_calendar
from providers.models.calendars import Calendar
from providers.models.following import CalendarChannel
from providers.oauth.vendors import vendor
from providers.protocols import ProviderError
from tenants.api import tenant_url

log = logging.getLogger(__name__)
PATH = "/hooks/calendars/"
RENEW_AHEAD = timedelta(days=1)
_MOST_AT_ONCE = 20
_TIMEOUT_SECONDS = 8.0


def renew_channels(*, now: datetime) -> int:
    """Prolong or open a channel for each followed calendar whose last one ends within a day; return for how many.

    Microsoft prolongs a subscription. Google cannot (guides/push, "Renew notification channels"): the new channel is
    opened first, then the old one is closed, so that in between two calls come and none is missed. Never in a
    transaction.
    """
    lasting = CalendarChannel.objects.filter(calendar=OuterRef("pk"), expires_at__gt=now + RENEW_AHEAD)
    rows = (
        Calendar.objects.filter(connection__account__isnull=False, connection__account__ended_at=None)
        .filter(Q(reads_busy=True) | Q(is_destination=True))
        .exclude(Exists(lasting))
        .select_related("connection__account")
    )
    return sum(
        _opened(calendar, now) for calendar in rows.order_by("pk")[:_MOST_AT_ONCE] if _can_be_called(calendar)
    )


CalendarCall = Literal["changed", "greeting", "ending", "ended"]


def hear_call(key: str, *, secret: str, says: CalendarCall, now: datetime) -> bool:
    """Take a vendor's call on a channel: a sync is asked for, once however often it calls. False for a stranger.

    "greeting": the channel is open, no more. "ending": it stops unless it is renewed, which the clock's next tick
    does; "ended": it was taken away, and the next tick opens another.
    """
    channel = CalendarChannel.objects.filter(key=key, expires_at__gt=now).first()
    if channel is None or not hmac.compare_digest(channel.token_hash, _hash(secret)):
        return False
    mine = CalendarChannel.objects.filter(pk=channel.pk)
    with transaction.atomic():
        if says == "ended":
            mine.delete()
        elif says == "ending":
            mine.update(expires_at=min(channel.expires_at, now + RENEW_AHEAD / 2))
        if says in ("changed", "ended"):
            mine.update(heard_at=now)
            ask_for_sync(channel.calendar_id, now=now)
    return True


def is_channel(key: str, *, now: datetime) -> bool:
    """Say whether this key is of a channel of ours that is open or being opened. One query."""
    return CalendarChannel.objects.filter(key=key, expires_at__gt=now).exists()


def close_channels(calendars: list[Calendar]) -> None:
    """End the channels of calendars that are about to be disconnected; what fails ends by itself in a week."""
    for calendar in calendars:
        for channel in calendar.channels.all():
            _close(calendar, channel)


def _opened(calendar: Calendar, now: datetime) -> bool:
    former = list(calendar.channels.all())
    try:
        client = open_vendor_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS)
        if _prolonged(client, former, now):
            return True
        _open(calendar, client, now)
    except ProviderError as error:
        log.info("No push channel for calendar %s: %s It is polled.", calendar.pk, error.message)
        return False
    for channel in former:
        _close(calendar, channel)
    return True


def _open(calendar: Calendar, client: FollowedCalendar, now: datetime) -> None:
    """Open a channel; its row is there first, because a vendor may call before it answers."""
    key, secret = uuid.uuid4().hex, secrets.token_urlsafe(32)
    made = CalendarChannel.objects.create(
        calendar=calendar, key=key, token_hash=_hash(secret), expires_at=now + RENEW_AHEAD / 2, created_at=now
    )
    address, until = tenant_url(None, f"{PATH}{key}/"), now + client.channel_lasts
    try:
        found = client.open_channel(key=key, secret=secret, address=address, expires_at=until)
    except ProviderError:
        CalendarChannel.objects.filter(pk=made.pk).delete()
        raise
    CalendarChannel.objects.filter(pk=made.pk).update(remote_id=found.remote_id, expires_at=found.expires_at)


def _prolonged(client: FollowedCalendar, channels: list[CalendarChannel], now: datetime) -> bool:
    """Let one of the channels that are not over live on, where the vendor can; False where none does."""
    for channel in channels:
        if channel.expires_at > now and channel.remote_id:
            until = client.prolong_channel(remote_id=channel.remote_id, expires_at=now + client.channel_lasts)
            if until is not None:
                CalendarChannel.objects.filter(pk=channel.pk).update(expires_at=until)
                return True
    return False


def _close(calendar: Calendar, channel: CalendarChannel) -> None:
    """End a channel at the vendor and forget it; one that cannot be ended calls in vain until it is over."""
    try:
        client = open_vendor_calendar(calendar, timeout_seconds=_TIMEOUT_SECONDS)
        client.close_channel(key=channel.key, remote_id=channel.remote_id)
    except ProviderError as error:
        log.info("Push channel %s was not closed: %s", channel.pk, error.message)
    CalendarChannel.objects.filter(pk=channel.pk).delete()


def _can_be_called(calendar: Calendar) -> bool:
    return settings.HOLDFAST_PUBLIC_SCHEME == "https" or vendor(calendar.connection.kind).is_simulated


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
