"""The list of businesses, with their addresses and state; two queries whatever their number."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.staff.navigation import ENTRIES
from tenants.api import Tenant

_FACES = {"client_facing": "Client-facing", "company_wide": "Company-wide"}


@dataclass(frozen=True, slots=True)
class Row:
    """One business as staff see it: nothing of what it holds, only that and how it stands."""

    tenant: Tenant
    addresses: tuple[str, ...]
    face: str
    state: str
    tone: str


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show every business of the platform by name; sign-in is the platform's own."""
    businesses = Tenant.objects.filter(kind=Tenant.Kind.BUSINESS).order_by("name", "pk")
    rows = [_row(tenant) for tenant in businesses.prefetch_related("domains")]
    return render(request, "staff/home.html", {"rows": rows, "navigation": ENTRIES, "here": "businesses"})


def _row(tenant: Tenant) -> Row:
    state, tone = _state(tenant)
    domains = sorted(tenant.domains.all(), key=lambda domain: (not domain.is_primary, domain.domain))
    return Row(
        tenant=tenant,
        addresses=tuple(_address(domain.domain) for domain in domains),
        face=_FACES.get(tenant.mode, tenant.mode),
        state=state,
        tone=tone,
    )


def _address(domain: str) -> str:
    port = settings.HOLDFAST_PUBLIC_PORT
    shown = "" if port in (80, 443) else f":{port}"
    return f"{settings.HOLDFAST_PUBLIC_SCHEME}://{domain}{shown}/"


def _state(tenant: Tenant) -> tuple[str, str]:
    """Return the word of the state and its tone, the gravest first."""
    if tenant.suspended_at:
        return "Suspended", "bad"
    if tenant.paused_at:
        return "Paused", "warn"
    if tenant.ready_at is None:
        return "Being set up", "accent"
    return "Open", "good"
