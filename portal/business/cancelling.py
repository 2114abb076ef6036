"""Cancelling a booking from the portal: the page says what will happen, POST does it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from booking.api import cancel as cancel_booking
from kernel.errors import HoldfastError
from portal.business.booking import CANCELLABLE, booking_not_found, find_booking
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page

_LONGEST_REASON = 500


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def cancel(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Ask for the reason, then cancel (303); a booking that ended meanwhile is answered in words."""
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    reason, fault, status = "", "", 200
    if request.method == "POST":
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:_LONGEST_REASON]
        try:
            cancel_booking(booking, reason=reason, now=viewer.now, actor=viewer.actor)
        except HoldfastError as fact:
            fault, status = fact.message, 409
        else:
            return see_other("business:booking", uid=uid)
    context = {
        "viewer": viewer,
        "here": "bookings",
        "booking": booking,
        "reason": reason,
        "fault": fault,
        "is_open": booking.status in CANCELLABLE and booking.meeting.ends_at > viewer.now,
        "is_ahead": booking.meeting.starts_at > viewer.now,
        "is_alone": booking.meeting.seats_taken < 2,
    }
    return render(request, "business/cancel.html", context, status=status)
