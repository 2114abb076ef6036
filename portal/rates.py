"""Public rate limits: how often one client address may do what, counted in PostgreSQL in the tenant's schema.

A fixed window per address and action, opened by its first request (accounts.count_attempt: one upsert in a
transaction of its own, exact across processes). IPv6 counts by /64, which is what one household gets. The
address is kept only as a keyed digest. With HOLDFAST_PUBLIC_RATE=off nothing is counted.
"""

import ipaddress
import logging
import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.api import Limit, count_attempt
from booking.api import CONTENTION_HEADER, is_pass
from kernel.errors import HoldfastError
from kernel.tenancy import current_schema
from tenants.api import Tenant

_log = logging.getLogger(__name__)
_MINUTE = timedelta(minutes=1)

LIMITS = {
    limit.action: limit
    for limit in (
        Limit("slots", 120, _MINUTE),  # reading what is open: a person who leafs through months
        Limit("hold", 20, _MINUTE),  # choosing a time on the page
        Limit("submit", 10, _MINUTE),  # sending the details on the page
        Limit("bookings", 10, _MINUTE),  # POST /api/v1/bookings without an API key
        Limit("manage", 60, _MINUTE),  # reading, cancelling, rescheduling one's own booking; wrong tokens too
        Limit("room_join", 30, _MINUTE),  # asking to come into a room, and reloading its page
        Limit("test", 10, _MINUTE),  # asking an outside system, or our own room, to prove that it works
        Limit("api_key", 600, _MINUTE),  # everything done with one API key
    )
}


class RateLimited(HoldfastError):
    """Too many requests in this window; `retry_after_seconds` is when the next one counts."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


def check_rate(request: HttpRequest, action: str, *, now: datetime, who: str | None = None) -> None:
    """Count this request as one `action` of `who` (default: the client's address); raises RateLimited.

    Call it before a transaction, never in one: the count must stay when the work is rolled back, and its row
    must not stay locked. A counter that cannot be written is logged and lets the request through.
    """
    if not settings.HOLDFAST_PUBLIC_RATE or _is_contention_test(request):
        return
    if connection.in_atomic_block:
        raise RuntimeError("check_rate must not run inside a transaction")
    limit = LIMITS[action]
    try:
        wait = count_attempt(limit, who=who or visitor_of(request), now=now)
    except (DatabaseError, InterfaceError):
        _log.exception("the counter of %s could not be written; the request goes on uncounted", action)
        connection.close_if_unusable_or_obsolete()
        return
    if wait is None:
        return
    seconds = max(1, math.ceil(wait.total_seconds()))
    raise RateLimited(
        f"More than {limit.attempts} requests of this kind in a minute. Try again in {seconds} seconds.",
        retry_after_seconds=seconds,
    )


def _is_contention_test(request: HttpRequest) -> bool:
    """Say whether a test of the contention lab asks, at a sandbox tenant: it measures the guard, not the limit."""
    tenant = getattr(request, "tenant", None)
    said = request.headers.get(CONTENTION_HEADER, "")
    return bool(said) and isinstance(tenant, Tenant) and is_pass(said, tenant=tenant)


def visitor_of(request: HttpRequest) -> str:
    """Return an opaque name for the client's address within this tenant: the same address, the same name."""
    return salted_hmac(
        "holdfast.rates", f"{current_schema()}|{client_network(request)}", algorithm="sha256"
    ).hexdigest()


def client_network(request: HttpRequest) -> str:
    """Return the client's IPv4 address or IPv6 /64, "unknown" where there is none (a Unix socket)."""
    said = client_address(request)
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def client_address(request: HttpRequest) -> str:
    """Return the address of who asks: the socket's, or the one that our outermost proxy saw.

    HOLDFAST_TRUSTED_PROXIES says how many proxies of ours stand in front; each appends the address that it
    saw to X-Forwarded-For, so the client is that many entries from the right. Entries further left are the
    client's own words and count for nothing.
    """
    socket = str(request.META.get("REMOTE_ADDR", ""))
    proxies = int(settings.HOLDFAST_TRUSTED_PROXIES)
    if proxies <= 0:
        return socket
    seen = [
        entry.strip()
        for entry in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if entry.strip()
    ]
    return seen[-min(proxies, len(seen))] if seen else socket
