"""Who asks, and may they: an API key, the holder of a manage token, or anybody.

A request without credentials is 401 before anything is looked up; one whose token opens nothing is the same
404 whether the booking exists or not, so nobody learns which uids do.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts.api import ApiKey, find_api_key
from audit.api import Actor
from booking.api import Booking, BookingNotFound, get_booking, is_former_token, is_manage_token
from kernel.errors import HoldfastError
from portal.rates import check_rate, visitor_of
from tenants.api import Tenant, current_tenant

READ = "bookings:read"
WRITE = "bookings:write"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=:-]{1,200}")
_UID = re.compile(r"[a-z0-9]{1,40}")


class Unauthorized(HoldfastError):
    """No credentials, or an API key that is not alive."""

    code = "unauthorized"


class Forbidden(HoldfastError):
    """The API key lacks the scope, or the business's page is not open to everyone."""

    code = "forbidden"


class NothingHere(HoldfastError):
    """No booking, or none that this token opens: said in the same words."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `actor` for the ledger, `visitor` for the cap on live holds; `reads`: a key that may read bookings."""

    actor: Actor
    visitor: str
    reads: bool = False


def check_caller(request: HttpRequest, *, action: str, scope: str | None, now: datetime) -> Caller:
    """Return who calls an endpoint that is open to all; raises RateLimited, Unauthorized, Forbidden.

    An API key counts by its own limit and needs `scope`; an Authorization that is no live key is refused,
    since whoever sends one believes that it counts.
    """
    token = _bearer(request)
    key = find_api_key(token) if token else None
    if key is not None:
        return _key_caller(request, key, scope=scope, now=now)
    visitor = visitor_of(request)
    check_rate(request, action, who=visitor, now=now)
    if token is not None:
        raise Unauthorized(
            "This API key is not known here, or was revoked. Leave Authorization out, or use a live key."
        )
    if current_tenant().access != Tenant.Access.EVERYONE:
        raise Forbidden("This business's page is not open to everyone. Send an API key of the business.")
    return Caller(actor=Actor("client", "anonymous"), visitor=visitor)


def check_booking_caller(
    request: HttpRequest, uid: str, *, scope: str, now: datetime
) -> tuple[Booking, Actor]:
    """Return the booking that `uid` and the request's token or key open together, and who acts on it.

    The token stands in `Authorization: Bearer …` or, manage tokens only, in `?token=`.
    Raises RateLimited, Unauthorized, Forbidden, NothingHere.
    """
    token, actor = check_token_or_key(request, scope=scope, now=now)
    booking = _booking(uid)
    if actor is None and not is_manage_token(booking, token):
        raise nothing_here()
    return booking, actor or Actor("client", booking.uid)


def check_token_or_key(request: HttpRequest, *, scope: str, now: datetime) -> tuple[str, Actor | None]:
    """Return the request's token, and the API key's actor if it is a live key; the caller knows what a token opens.

    Raises RateLimited, Unauthorized, Forbidden; NothingHere for what cannot be a token.
    """
    token = _bearer(request)
    key = find_api_key(token) if token else None
    if key is not None:
        return "", _key_caller(request, key, scope=scope, now=now).actor
    check_rate(request, "manage", now=now)
    if token is None:
        token = request.GET.get("token", "") or None
    if token is None:
        raise Unauthorized(
            "Send the manage token of this booking (the last part of its manage_url) or an API key "
            "as `Authorization: Bearer …`."
        )
    if not _TOKEN.fullmatch(token):
        raise nothing_here()
    return token, None


def check_key_caller(request: HttpRequest, uid: str, *, scope: str, now: datetime) -> tuple[Booking, Actor]:
    """Return the booking and the API key that acts on it; a manage token does not open this.

    Raises RateLimited, Unauthorized, Forbidden, NothingHere.
    """
    token = _bearer(request)
    key = find_api_key(token) if token else None
    if key is None:
        check_rate(request, "manage", now=now)
        raise Unauthorized("Send an API key of the business as `Authorization: Bearer …`.")
    actor = _key_caller(request, key, scope=scope, now=now).actor
    return _booking(uid), actor


def follows_move(request: HttpRequest, uid: str, *, now: datetime) -> Booking | None:
    """Return the booking whose reschedule of a moment ago made this request's manage token void; else None.

    Asked after `check_booking_caller` has refused (and counted) the request: it may read what became of the move.
    """
    token = _bearer(request) or request.GET.get("token", "")
    if not _UID.fullmatch(uid) or not _TOKEN.fullmatch(token):
        return None
    try:
        booking = get_booking(uid)
    except BookingNotFound:
        return None
    return booking if is_former_token(booking, token, now=now) else None


def _key_caller(request: HttpRequest, key: ApiKey, *, scope: str | None, now: datetime) -> Caller:
    check_rate(request, "api_key", who=f"api_key:{key.pk}", now=now)
    if scope is not None and scope not in key.scopes:
        raise Forbidden(f"This API key lacks the scope {scope}. Use one that has it.")
    return Caller(Actor("api_key", str(key.pk)), f"api_key:{key.pk}", reads=READ in key.scopes)


def _booking(uid: str) -> Booking:
    if not _UID.fullmatch(uid):
        raise nothing_here()
    try:
        return get_booking(uid)
    except BookingNotFound:
        raise nothing_here() from None


def nothing_here() -> NothingHere:
    """Return the one answer for what is not here and for what this token does not open."""
    return NothingHere(
        "No booking answers to this address and token. Use the manage_url that came with the booking."
    )


def _bearer(request: HttpRequest) -> str | None:
    """Return the bearer token, "" for an Authorization that is none, None without the header."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, token = str(header).partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and _TOKEN.fullmatch(token) else ""
