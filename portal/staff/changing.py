"""Suspend, resume, delete: what staff can do to a business. Each is a run in What ran."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.staff.business import current_row, find_business, no_such_business
from tenants.api import NotChanged, NotDeletable, Tenant, delete_business
from tenants.api import resume as resume_business
from tenants.api import suspend as suspend_business


@require_POST
@portal_page(admins_only=True)
def suspend(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """Suspend the business, and show it (303)."""
    tenant = find_business(slug)
    if tenant is None:
        return no_such_business(request, viewer)
    try:
        suspend_business(tenant, actor=viewer.actor, now=viewer.now)
    except NotChanged as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{tenant.name} is suspended. Its clients are told so on its page.")
    return see_other("staff:business", slug=slug)


@require_POST
@portal_page(admins_only=True)
def resume(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """Resume the business, and show it (303)."""
    tenant = find_business(slug)
    if tenant is None:
        return no_such_business(request, viewer)
    try:
        resume_business(tenant, actor=viewer.actor, now=viewer.now)
    except NotChanged as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"{tenant.name} takes bookings again.")
    return see_other("staff:business", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def delete(request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
    """Say what deleting means and ask for the business's name; POST starts the run and leads to it (303)."""
    tenant = find_business(slug)
    if tenant is None:
        return no_such_business(request, viewer)
    fault = ""
    if request.method == "POST":
        try:
            run = delete_business(
                tenant, typed=request.POST.get("name", ""), actor=viewer.actor, now=viewer.now
            )
        except NotDeletable as refused:
            fault = refused.message
        else:
            return see_other("business:run", run_id=run.pk)
    return _confirm(request, viewer, tenant, fault=fault)


def _confirm(request: HttpRequest, viewer: Viewer, tenant: Tenant, *, fault: str) -> HttpResponse:
    context = {
        "viewer": viewer,
        "here": "businesses",
        "row": current_row(tenant, viewer.now),
        "fault": fault,
        "typed": request.POST.get("name", ""),
    }
    return render(request, "staff/delete.html", context, status=400 if fault else 200)
