"""One booking: who, when, where with the proof of its link, what ran for it, what was sent."""

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.api import runs
from booking.api import Booking, BookingNotFound, get_booking, progress, subjects_of
from portal.business.viewer import Viewer, portal_page
from providers.api import messages

_RUNS_SHOWN = 50
CANCELLABLE = frozenset({"confirmed"})  # what waits for its link ends by itself within its deadline


@require_safe
@portal_page()
def booking(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Show a booking; it refreshes itself while the automation still works on it."""
    found = find_booking(uid, viewer)
    if found is None:
        return booking_not_found(request, viewer)
    state = progress(found, now=viewer.now)
    context = {
        "viewer": viewer,
        "here": "bookings",
        "booking": found,
        "progress": state,
        "is_moving": not state.final,
        "can_cancel": found.status in CANCELLABLE and found.meeting.ends_at > viewer.now,
        "can_reschedule": can_move(found, viewer),
        "runs": runs(limit=_RUNS_SHOWN, subject=subjects_of(found)),
        "messages_sent": messages(booking_uid=found.uid),
    }
    return render(request, "business/booking.html", context)


def find_booking(uid: str, viewer: Viewer) -> Booking | None:
    """Return the booking if it exists and the viewer may see it; both "no" look the same from outside."""
    try:
        found = get_booking(uid)
    except BookingNotFound:
        return None
    prefetch_related_objects([found.meeting], "hosts")
    hosts = {host.pk for host in found.meeting.hosts.all()}
    return found if viewer.only_host is None or viewer.only_host in hosts else None


def can_move(booking: Booking, viewer: Viewer) -> bool:
    """Say whether a reschedule makes sense; booking.api.move has the last word."""
    return booking.status == Booking.Status.CONFIRMED and booking.meeting.starts_at > viewer.now


def booking_not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the portal, with the way back."""
    context = {"viewer": viewer, "here": "bookings", "what": "booking"}
    return render(request, "business/not_found.html", context, status=404)
