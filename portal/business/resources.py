"""Rooms and equipment: the list, a new one, and one that is renamed or taken out of use."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from booking.api import InvalidResource, edit_resource, make_resource, rooms_and_equipment
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def resources(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show every room and piece of equipment; POST makes one (303), or shows what was typed again."""
    name, kind, fault = "", "room", ""
    if request.method == "POST":
        name, kind = request.POST.get("name", ""), request.POST.get("kind", "")
        try:
            made = make_resource(name, kind=kind, actor=viewer.actor)
        except InvalidResource as fact:
            fault = fact.message
        else:
            messages.success(request, f"“{made.name}” can be chosen in every meeting type now.")
            return see_other("business:resources")
    return _page(request, viewer, name=name, kind=kind, fault=fault)


@require_POST
@portal_page(admins_only=True)
def resource(request: HttpRequest, viewer: Viewer, resource_id: int) -> HttpResponse:
    """Rename one, take it out of use or put it back (303); what cannot be stored is said in words."""
    name, active = request.POST.get("name", ""), request.POST.get("active") == "yes"
    try:
        changed = edit_resource(resource_id, name=name, active=active, actor=viewer.actor)
    except InvalidResource as fact:
        if fact.code == "not_found":
            context = {"viewer": viewer, "here": "meeting_types", "what": "room or piece of equipment"}
            return render(request, "business/not_found.html", context, status=404)
        return _page(request, viewer, wrong=resource_id, fault=fact.message)
    words = "is in use." if changed.active else "is out of use. Meetings that are booked keep it."
    messages.success(request, f"“{changed.name}” {words}")
    return see_other("business:resources")


def _page(
    request: HttpRequest,
    viewer: Viewer,
    *,
    name: str = "",
    kind: str = "room",
    fault: str = "",
    wrong: int | None = None,
) -> HttpResponse:
    context = {
        "viewer": viewer,
        "here": "meeting_types",
        "rows": rooms_and_equipment(),
        "name": name,
        "kind": kind,
        "fault": fault,
        "wrong": wrong,
    }
    return render(request, "business/resources.html", context, status=422 if fault else 200)
