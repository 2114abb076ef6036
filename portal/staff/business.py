"""One business as the platform sees it: facts, addresses, use, what ran about it, and what staff can do."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.api import Role, User, awaits_first_password, password_link
from audit.api import runs
from jobs.api import oldest_due_jobs
from kernel.tenancy import entered
from portal.business.viewer import Viewer, portal_page
from portal.staff.fleet import Row, row_of, used_by
from tenants.api import Tenant, subject_of


@require_safe
@portal_page(admins_only=True)
def business(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """Show one business; 404 inside the console for a name that nobody has."""
    tenant = find_business(slug)
    if tenant is None:
        return no_such_business(request, viewer)
    return render(request, "staff/business.html", page_of(tenant, viewer))


def page_of(tenant: Tenant, viewer: Viewer) -> dict[str, Any]:
    """Return what the business's page shows."""
    return {
        "viewer": viewer,
        "here": "businesses",
        "row": current_row(tenant, viewer.now),
        "runs": runs(subject=subject_of(tenant.schema_name), limit=10),
        "password_link": first_password_link(tenant),
    }


def current_row(tenant: Tenant, now: datetime) -> Row:
    """Return how one business stands now."""
    used = used_by([tenant.schema_name], now) if tenant.ready_at else {}
    due = oldest_due_jobs().get(tenant.schema_name)
    return row_of(tenant, used=used.get(tenant.schema_name), due=due, now=now)


def find_business(slug: str) -> Tenant | None:
    """Return the business of that link name."""
    found: Tenant | None = Tenant.objects.filter(slug=slug, kind=Tenant.Kind.BUSINESS).first()
    return found


def first_password_link(tenant: Tenant) -> str:
    """Return the link with which its first administrator chooses a password; "" once anybody has one.

    It is made anew at each look and good for three days: nothing to store, nothing to steal from us later.
    """
    if tenant.ready_at is None:
        return ""
    with entered(tenant.schema_name):
        people = list(User.objects.filter(role=Role.OWNER).order_by("pk"))
        waits = bool(people) and all(awaits_first_password(person) for person in people)
        return password_link(people[0]) if waits else ""


def no_such_business(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the console, with the way back."""
    context = {"viewer": viewer, "here": "businesses"}
    return render(request, "staff/not_found.html", context, status=404)
