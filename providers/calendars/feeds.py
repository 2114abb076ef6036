"""Connecting a calendar that is published as a file. Its address is kept sealed."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from audit.api import Actor
from kernel import crypto
from providers.calendars.connections import feed_place, keep_calendars, sign_connection
from providers.calendars.discovery import FoundAccount, FoundCalendar
from providers.calendars.feed import feed_address, fetch, fingerprint
from providers.calendars.zones import known_zone
from providers.models.calendars import CalendarConnection
from tenants.api import current_tenant


def connect_feed(
    host_id: int,
    *,
    address: str,
    now: datetime,
    time_zone: str = "",
    addresses: Sequence[str] = (),
    actor: Actor,
) -> CalendarConnection:
    """Read the file once and keep its address, sealed: it becomes a conflict calendar of the host's. Signed.

    `url` shows its server and a fingerprint. The same address again renews what is known of it. `time_zone` and
    `addresses` as for `connect_caldav`. Raises ProviderError; never called inside a transaction.
    """
    address = feed_address(address)
    feed = fetch(address)
    assert feed is not None
    there = urlsplit(address)
    url = f"{there.scheme}://{there.netloc}/#{fingerprint(address)}"
    zone = known_zone(time_zone) or current_tenant().time_zone
    name = feed.name or there.hostname or "Calendar"
    found = FoundCalendar(url=url, name=name, time_zone=feed.time_zone, is_writable=False)
    with transaction.atomic():
        kept, is_new = CalendarConnection.objects.update_or_create(
            host_id=host_id,
            url=url,
            defaults={
                "kind": CalendarConnection.FEED,
                "username": name[:254],
                "sealed_password": crypto.seal(address.encode(), aad=feed_place(host_id, url)),
                "time_zone": zone,
                "addresses": [each.lower() for each in addresses],
                "status": CalendarConnection.Status.WORKING,
                "connected_at": now,
                "last_good_at": now,
                "last_error": "",
            },
        )
        keep_calendars(kept, FoundAccount(calendars=(found,), addresses=()))
        sign_connection("connect_calendar" if is_new else "renew_calendar", kept, actor, calendars=1)
    return kept
