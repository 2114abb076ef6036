"""A host's word on a booking that waits for it: approve at once, or decline with a reason."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from booking.api import approve as approve_booking
from booking.api import decline as decline_booking
from kernel.errors import HoldfastError
from portal.business.booking import booking_not_found, find_booking
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page

_LONGEST_REASON = 500


@require_POST
@portal_page()
def approve(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Approve a pending booking (303); one that waits no longer is answered in words."""
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    try:
        approve_booking(booking, now=viewer.now, actor=viewer.actor)
    except HoldfastError as fact:
        context = {"viewer": viewer, "here": "bookings", "booking": booking, "fault": fact.message}
        return render(request, "business/booking_refused.html", context, status=409)
    messages.success(request, "Approved. The client is told when everything is in place.")
    return see_other("business:booking", uid=uid)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def decline(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Ask for the reason, then decline (303); one that waits no longer is answered in words."""
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    reason, fault, status = "", "", 200
    if request.method == "POST":
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:_LONGEST_REASON]
        try:
            decline_booking(booking, reason=reason, now=viewer.now, actor=viewer.actor)
        except HoldfastError as fact:
            fault, status = fact.message, 409
        else:
            messages.success(request, "Declined. The time is free, and the client is told.")
            return see_other("business:booking", uid=uid)
    context = {
        "viewer": viewer,
        "here": "bookings",
        "booking": booking,
        "reason": reason,
        "fault": fault,
        "is_open": booking.status == "pending",
    }
    return render(request, "business/decline.html", context, status=status)
