"""Connecting a host's calendar account, and opening one of its calendars again later."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction

from audit.api import Actor, Json, record
from kernel import crypto
from providers.calendars.busy_rules import BusyRules
from providers.calendars.caldav import CalDavCalendar
from providers.calendars.dav_session import DavAccount, origin
from providers.calendars.discovery import FoundAccount, discover
from providers.calendars.feed import FeedCalendar
from providers.calendars.following import TwoWayCalendar
from providers.calendars.vendor_calendars import open_vendor_calendar, own_suffix
from providers.calendars.zones import known_zone, zone_named
from providers.models.calendars import Calendar, CalendarConnection
from providers.protocols import Rejected, Unauthorised
from tenants.api import current_tenant

OPERATOR = Actor("automation", "operator")  # a command, or the demo's seed: nobody is signed in


def connect_caldav(
    host_id: int,
    *,
    url: str,
    username: str,
    password: str,
    now: datetime,
    time_zone: str = "",
    addresses: Sequence[str] = (),
    actor: Actor = OPERATOR,
) -> CalendarConnection:
    """Sign in to a CalDAV server, find its calendars and keep the account, its password sealed. Signed.

    The first calendar becomes the conflict calendar and, if the host has none, the destination calendar.
    Connecting the same address and user name again renews the password and keeps what was chosen.
    `time_zone` (the host's; by default the tenant's) places all-day and floating times where the calendar has
    no zone of its own; `addresses` are the host's mail addresses, by which their own refusals are known.
    Raises Unauthorised, Unreachable, RateLimited, Rejected; never called inside a transaction.
    """
    url = _plain_url(url)
    zone = known_zone(time_zone) or current_tenant().time_zone
    found = discover(DavAccount(url=url, username=username, password=password))
    mail = list(dict.fromkeys([*found.addresses, *(address.lower() for address in addresses)]))
    with transaction.atomic():
        kept, is_new = CalendarConnection.objects.update_or_create(
            host_id=host_id,
            url=url,
            username=username,
            defaults={
                "sealed_password": crypto.seal(password.encode(), aad=_place(host_id, url, username)),
                "time_zone": zone,
                "addresses": mail,
                "status": CalendarConnection.Status.WORKING,
                "connected_at": now,
                "last_good_at": now,
                "last_error": "",
            },
        )
        keep_calendars(kept, found)
        action = "connect_calendar" if is_new else "renew_calendar"
        sign_connection(action, kept, actor, calendars=len(found.calendars))
    return kept


def sign_connection(action: str, kept: CalendarConnection, actor: Actor, **facts: Json) -> None:
    """Leave an entry of what was done to a connection: its server, never its account or its password."""
    server = urlsplit(kept.url).hostname or ""
    record(
        action,
        subject=f"calendar_connection:{kept.pk}",
        actor=actor,
        payload={"host": str(kept.host_id), "server": server, **facts},
        reversible="partial",
        because="A password is not kept in the ledger: connecting anew asks for it.",
    )


def failing_connections(host_id: int | None = None) -> tuple[CalendarConnection, ...]:
    """Return the connections that cannot be read now, of one host or of all, longest broken first. One query."""
    rows = CalendarConnection.objects.exclude(status=CalendarConnection.Status.WORKING)
    if host_id is not None:
        rows = rows.filter(host_id=host_id)
    return tuple(rows.order_by("last_good_at", "pk"))


def open_calendar(calendar: Calendar, *, timeout_seconds: float) -> TwoWayCalendar:
    """Return the client of a calendar (its connection and account loaded). Usable in any one thread.

    Raises Unauthorised where the sealed password or token cannot be opened, or a password would go to another server.
    """
    kept = calendar.connection
    if kept.account is not None:
        return open_vendor_calendar(calendar, timeout_seconds=timeout_seconds)
    rules = BusyRules(
        zone=zone_named(calendar.time_zone), own_suffix=own_suffix(), addresses=frozenset(kept.addresses)
    )
    if kept.kind == CalendarConnection.FEED:
        return FeedCalendar(opened_address(kept), rules=rules, timeout_seconds=timeout_seconds)
    if origin(calendar.url) != origin(kept.url):
        raise Unauthorised(
            "The calendar is not at the server that its password belongs to: connect it again."
        )
    account = opened_account(kept)
    return CalDavCalendar(account, url=calendar.url, rules=rules, timeout_seconds=timeout_seconds)


def opened_account(kept: CalendarConnection) -> DavAccount:
    """Return the account with its password in clear; raises Unauthorised where that cannot be opened."""
    try:
        place = _place(kept.host_id, kept.url, kept.username)
        password = crypto.open_sealed(bytes(kept.sealed_password), aad=place).decode()
    except crypto.CannotOpen as error:
        raise Unauthorised("The calendar's password cannot be opened: connect the calendar again.") from error
    return DavAccount(url=kept.url, username=kept.username, password=password)


def opened_address(kept: CalendarConnection) -> str:
    """Return the address of a published calendar in clear; raises Unauthorised where it cannot be opened."""
    try:
        place = feed_place(kept.host_id, kept.url)
        return crypto.open_sealed(bytes(kept.sealed_password), aad=place).decode()
    except crypto.CannotOpen as error:
        raise Unauthorised("The calendar's address cannot be opened: connect the calendar again.") from error


def password_place(kept: CalendarConnection) -> str:
    """Return what a connection's sealed password, or address, is bound to."""
    if kept.kind == CalendarConnection.FEED:
        return feed_place(kept.host_id, kept.url)
    return _place(kept.host_id, kept.url, kept.username)


def feed_place(host_id: int, url: str) -> str:
    """Return what a sealed address is bound to."""
    return f"calendar_feed/{host_id}/{url}"


def keep_calendars(kept: CalendarConnection, found: FoundAccount) -> None:
    """Store the calendars that were found, forget those that are gone, and choose where nothing is chosen."""
    kept.calendars.exclude(url__in=[each.url for each in found.calendars]).delete()
    for each in found.calendars:
        Calendar.objects.update_or_create(
            connection=kept,
            url=each.url,
            defaults={
                "host_id": kept.host_id,
                "name": each.name[:255],
                "time_zone": each.time_zone or kept.time_zone,
                "failed_at": None,
                "failed_words": "",
            },
        )
    first = found.calendars[0]
    if not kept.calendars.filter(reads_busy=True).exists():
        kept.calendars.filter(url=first.url).update(reads_busy=True)
    has_destination = Calendar.objects.filter(host_id=kept.host_id, is_destination=True).exists()
    if first.is_writable and not has_destination:
        kept.calendars.filter(url=first.url).update(is_destination=True)


def _plain_url(url: str) -> str:
    """Return the address without query and fragment. Raises Rejected for one that cannot be used."""
    origin(url.strip())
    parts = urlsplit(url.strip())
    if len(parts.path) > 300:
        raise Rejected("The calendar address is too long.")
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", ""))


def _place(host_id: int, url: str, username: str) -> str:
    """Return what the sealed password is bound to: moved to another host or server it cannot be opened."""
    scheme, name, port = origin(url)
    return f"calendar_connection/{host_id}/{scheme}://{name}:{port}/{username}"
