"""The list of meeting types: what is offered, in which order; copy, hide, show, delete."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import (
    EventType,
    EventTypeBooked,
    EventTypeNotFound,
    booked_count,
    delete_event_type,
    duplicate_event_type,
    offer_event_type,
    place_event_type,
)
from portal.business.meeting_type import event_type_not_found, find_event_type
from portal.business.meeting_type_form import KINDS
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.public.words import duration_words, more_places_words, people_words, place_words
from tenants.api import tenant_url


@dataclass(frozen=True, slots=True)
class Row:
    """A meeting type in the list, in words; `warning` says why clients find no time in it."""

    event_type: EventType
    kind: str
    duration: str
    place: str
    more_places: str
    hosts: str
    address: str
    warning: str


@require_safe
@portal_page()
def meeting_types(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show every meeting type in the order in which clients see them; to a host those that they offer."""
    shown = EventType.objects.order_by("position", "pk").prefetch_related("event_type_hosts__host")
    if viewer.only_host is not None:
        shown = shown.filter(event_type_hosts__host_id=viewer.only_host)
    found = list(shown)
    root = tenant_url(viewer.tenant, "/book/")
    context = {
        "viewer": viewer,
        "here": "meeting_types",
        "rows": [_row(event_type, root) for event_type in found],
        "hidden_count": sum(not event_type.active for event_type in found),
    }
    return render(request, "business/meeting_types.html", context)


@require_POST
@portal_page(admins_only=True)
def place(request: HttpRequest, viewer: Viewer, event_type_id: int) -> HttpResponse:
    """Move a meeting type one place up or down (303)."""
    try:
        place_event_type(event_type_id, up=request.POST.get("to") == "up", actor=viewer.actor)
    except EventTypeNotFound:
        return event_type_not_found(request, viewer)
    return see_other("business:meeting_types")


@require_POST
@portal_page(admins_only=True)
def offer(request: HttpRequest, viewer: Viewer, event_type_id: int) -> HttpResponse:
    """Hide a meeting type from clients, or show it again (303)."""
    offered = request.POST.get("offered") == "yes"
    try:
        changed = offer_event_type(event_type_id, offered=offered, actor=viewer.actor)
    except EventTypeNotFound:
        return event_type_not_found(request, viewer)
    now = (
        "is open: clients can book it."
        if offered
        else "is hidden. Meetings that are booked stay as they are."
    )
    messages.success(request, f"“{changed.title}” {now}")
    return see_other("business:meeting_types")


@require_POST
@portal_page(admins_only=True)
def duplicate(request: HttpRequest, viewer: Viewer, event_type_id: int) -> HttpResponse:
    """Make a hidden copy and open it in the form (303)."""
    try:
        copy = duplicate_event_type(event_type_id, actor=viewer.actor)
    except EventTypeNotFound:
        return event_type_not_found(request, viewer)
    messages.success(request, "This is the copy. It is hidden until you open it.")
    return see_other("business:meeting_type", event_type_id=copy.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def delete(request: HttpRequest, viewer: Viewer, event_type_id: int) -> HttpResponse:
    """Say what deleting means; POST does it, for one that was never booked (303)."""
    found = find_event_type(event_type_id)
    if found is None:
        return event_type_not_found(request, viewer)
    status = 200
    if request.method == "POST":
        try:
            delete_event_type(event_type_id, actor=viewer.actor)
        except EventTypeBooked:
            status = 409
        else:
            messages.success(request, f"“{found.title}” is deleted.")
            return see_other("business:meeting_types")
    context = {
        "viewer": viewer,
        "here": "meeting_types",
        "event_type": found,
        "booked": booked_count(found.pk),
    }
    return render(request, "business/meeting_type_delete.html", context, status=status)


def _row(event_type: EventType, root: str) -> Row:
    rows = [row for row in event_type.event_type_hosts.all() if row.host.active]
    kind = KINDS[event_type.kind][0]
    seats = f", {event_type.capacity} seats" if event_type.kind == "group" else ""
    return Row(
        event_type=event_type,
        kind=f"{kind}{seats}",
        duration=duration_words(event_type.duration_minutes),
        place=place_words(event_type),
        more_places=more_places_words(event_type),
        hosts=people_words([row.host.name for row in rows]),
        address=f"{root}{event_type.slug}/",
        warning="" if rows else "No host takes it, so clients find no time.",
    )
