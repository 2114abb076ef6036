"""Who may open a business's client pages: everyone, its signed-in members, or visitors of allowed mail domains.

What carries its own authority does not ask here: a manage link, a room's link, an API key.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts.api import User
from tenants.api import Tenant

VISITOR_COOKIE = "holdfast_visitor"
_VISITOR_SECONDS = 7 * 24 * 3600
_SALT = "holdfast.visitor"


class PageClosed(Exception):
    """This visitor may not open the page yet; `door` is where they can show who they are."""

    def __init__(self, door: str) -> None:
        super().__init__(door)
        self.door = door


def check_may_open(request: HttpRequest, tenant: Tenant) -> None:
    """Raise PageClosed unless this visitor may open the tenant's pages. No query where everyone may."""
    if not may_open(request, tenant):
        raise PageClosed(door_of(request, tenant))


def may_open(request: HttpRequest, tenant: Tenant) -> bool:
    """Say whether everyone may, or this visitor is a member, or has shown an address of an allowed domain."""
    if tenant.access == Tenant.Access.EVERYONE:
        return True
    if isinstance(request.user, User) and request.user.is_active:
        return True
    return (
        tenant.access == Tenant.Access.DOMAINS and verified_domain(request, tenant) in tenant.allowed_domains
    )


def door_of(request: HttpRequest, tenant: Tenant) -> str:
    """Return where to show who one is: the sign-in of members, or the code by mail; it leads back here."""
    name = "account_login" if tenant.access == Tenant.Access.MEMBERS else "public:access"
    wanted = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return f"{reverse(name)}?{urlencode({'next': wanted})}"


def verified_domain(request: HttpRequest, tenant: Tenant) -> str:
    """Return the domain of the address that this browser has shown here; "" without, too old, or elsewhere."""
    try:
        said = signing.loads(request.COOKIES.get(VISITOR_COOKIE, ""), salt=_SALT, max_age=_VISITOR_SECONDS)
    except signing.BadSignature:
        return ""
    is_here = isinstance(said, dict) and said.get("schema") == tenant.schema_name
    return str(said.get("domain", "")) if is_here else ""


def remember_visitor(response: HttpResponse, tenant: Tenant, address: str) -> None:
    """Let this browser in for a week, as long as the domain stays allowed; the address itself is not kept."""
    ticket = signing.dumps({"schema": tenant.schema_name, "domain": domain_of(address)}, salt=_SALT)
    response.set_cookie(
        VISITOR_COOKIE,
        ticket,
        max_age=_VISITOR_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def domain_of(address: str) -> str:
    """Return the domain of a mail address, in lower case."""
    return address.rpartition("@")[2].strip().lower()


def safe_next(request: HttpRequest, asked: str) -> str:
    """Return where to go on: an address of this host, otherwise the front door."""
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}
    )
    return asked if is_ours else "/"
