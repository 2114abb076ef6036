"""The fleet: every business, the one whose clients are harmed most first. Numbers and states, nobody's records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.api import Usage, usage
from jobs.api import oldest_due_jobs, owner_job_waits_since
from portal.business.viewer import Viewer, portal_page
from tenants.api import Tenant, address_of

_FACES = {"client_facing": "Client-facing", "company_wide": "Company-wide"}
LATE = timedelta(seconds=60)
NO_OWNER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class State:
    """How a business stands: one word with its tone, what it means for its clients, and its rank of harm (0: worst)."""

    word: str
    tone: str
    words: str
    harm: int


@dataclass(frozen=True, slots=True)
class Row:
    """One business as staff see it: that it is there, and how it stands."""

    tenant: Tenant
    addresses: tuple[str, ...]
    face: str
    state: State
    usage: Usage | None
    waits_since: datetime | None  # of its oldest job that is due


@require_safe
@portal_page(admins_only=True)
def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show every business of the platform, worst first. Five statements, two more for each hundred businesses."""
    rows = fleet(viewer.now)
    waits_since = owner_job_waits_since()
    late = [row.waits_since for row in rows if _is_late(row.waits_since, viewer.now)]
    context = {
        "viewer": viewer,
        "here": "businesses",
        "rows": rows,
        "harmed": sum(row.state.tone == "bad" for row in rows),
        "late": len(late),
        "late_since": min(late, default=None),
        "no_owner": waits_since is not None and viewer.now - waits_since > NO_OWNER,
    }
    return render(request, "staff/fleet.html", context)


def fleet(now: datetime) -> list[Row]:
    """Return every business by harm to its clients, then by name."""
    found = list(
        Tenant.objects.filter(kind=Tenant.Kind.BUSINESS).order_by("name", "pk").prefetch_related("domains")
    )
    used = used_by([tenant.schema_name for tenant in found if tenant.ready_at], now)
    due = oldest_due_jobs()
    rows = [
        row_of(tenant, used=used.get(tenant.schema_name), due=due.get(tenant.schema_name), now=now)
        for tenant in found
    ]
    return sorted(rows, key=lambda row: row.state.harm)


def used_by(schemas: list[str], now: datetime) -> dict[str, Usage]:
    """Return what they use; nothing at all where one of them was dropped at this very moment."""
    try:
        return usage(schemas, now=now)
    except DatabaseError:
        return {}


def row_of(tenant: Tenant, *, used: Usage | None, due: datetime | None, now: datetime) -> Row:
    """Return a business's row."""
    domains = sorted(tenant.domains.all(), key=lambda domain: (not domain.is_primary, domain.domain))
    return Row(
        tenant=tenant,
        addresses=tuple(address_of(domain.domain, "/") for domain in domains),
        face=_FACES.get(tenant.mode, tenant.mode),
        state=state_of(tenant, used=used, due=due, now=now),
        usage=used,
        waits_since=due,
    )


def _is_late(due: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return due is not None and now - due > LATE


def state_of(tenant: Tenant, *, used: Usage | None, due: datetime | None, now: datetime) -> State:
    """Return how a business stands, the gravest fact first. What somebody decided harms less than what broke."""
    if tenant.ready_at is None:
        return State("Being set up", "accent", "Its page is not open yet.", 3)
    if tenant.suspended_at:
        return State("Suspended", "bad", "Clients cannot book; the portal is read-only.", 2)
    if used and used.open_incidents:
        many = used.open_incidents > 1
        return State(
            "Incidents", "bad", f"{used.open_incidents} incident{'s' if many else ''} open in its Health.", 0
        )
    if _is_late(due, now):
        minutes = int((now - due).total_seconds() // 60)
        return State(
            "Behind", "bad", f"Its oldest job has waited for {minutes} min: confirmations are late.", 1
        )
    if used and not used.hosts:
        return State("No host", "warn", "Nobody can be booked: it has no active host.", 4)
    if tenant.paused_at:
        return State("Paused", "warn", "It has paused new bookings itself.", 5)
    return State("Open", "good", "", 7 if tenant.sandbox else 6)
