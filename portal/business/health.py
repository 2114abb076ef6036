"""Health: what is wrong and what it costs clients, what the fixer would do, what was looked at, what was repaired."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from audit.api import runs
from booking.api import (
    ask_fixer,
    close_incident,
    dry_run,
    get_incident,
    repairs,
    start_check,
)
from booking.api import health as read_health
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page

_REPAIRS_SHOWN = 10


@require_safe
@portal_page(admins_only=True)
def health(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show how the business stands; `?fixer=dry-run` asks what the fixer would do now, and does nothing."""
    view = read_health(viewer.now)
    asked = request.GET.get("fixer") == "dry-run"
    context = {
        "viewer": viewer,
        "here": "health",
        "health": view,
        "sound": [probe for probe in view.probes if probe.state == "ok"],
        "unsound": [probe for probe in view.probes if probe.state != "ok" and probe.checked_at],
        "known_repairs": {repair.name for repair in repairs()},
        "is_dry_run": asked,
        "planned": dry_run(viewer.now) if asked else (),
        "repaired": runs(workflow="fixer", limit=_REPAIRS_SHOWN),
        "checks": runs(workflow="health_check", limit=1),
    }
    return render(request, "business/health.html", context)


@require_POST
@portal_page(admins_only=True)
def check_now(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Start a check by a job and go back (303); the page shows what it found when it has ended."""
    start_check("asked", now=viewer.now, actor=viewer.actor)
    messages.success(request, "The check runs. Reload in a few seconds to see what it found.")
    return see_other("business:health")


@require_POST
@portal_page(admins_only=True)
def repair_now(request: HttpRequest, viewer: Viewer, incident_id: int) -> HttpResponse:
    """Have the fixer repair an open incident by a job, and go back (303)."""
    incident = get_incident(incident_id)
    with transaction.atomic():
        asked = incident is not None and incident.state == "open" and ask_fixer(incident, now=viewer.now)
    if asked:
        messages.success(request, "The fixer is at it. What it does appears below, and in What ran.")
    else:
        messages.warning(
            request, "There is nothing to repair any more: the incident is closed, or needs a person."
        )
    return see_other("business:health")


@require_POST
@portal_page(admins_only=True)
def resolve(request: HttpRequest, viewer: Viewer, incident_id: int) -> HttpResponse:
    """Mark an incident as resolved by this user, signed, and go back (303)."""
    if close_incident(incident_id, now=viewer.now, by=viewer.actor):
        messages.success(request, "Marked as resolved. If the fault comes again, so does the incident.")
    else:
        messages.warning(request, "This incident was closed already.")
    return see_other("business:health")
