"""Reassigning from the portal: who is free then, and what happens; POST hands the meeting over."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from booking.api import Booking, has_hosts_own_link, reassign, reassignable_hosts
from kernel.errors import HoldfastError
from portal.business.booking import booking_not_found, can_move, find_booking
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def reassign_booking(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Offer the hosts who are free then; POST starts the handover (303), or says why not (409)."""
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    hosts = reassignable_hosts(booking, viewer.now)
    fault, status = "", 200
    if request.method == "POST":
        host = next((each for each in hosts if each.slug == request.POST.get("host")), None)
        if host is None:
            fault, status = "Choose one of the hosts who are free then." if hosts else "", 409
        else:
            try:
                reassign(booking, host=host, now=viewer.now, actor=viewer.actor)
            except HoldfastError as fact:
                fault, status = fact.message, 409
            else:
                return _handed_over(request, viewer, booking, host.name)
    context = {
        "viewer": viewer,
        "here": "bookings",
        "booking": booking,
        "hosts": hosts,
        "fault": fault,
        "is_open": can_move(booking, viewer),
        "new_link": bool(hosts) and has_hosts_own_link(booking.meeting),
    }
    return render(request, "business/reassign.html", context, status=status)


def _handed_over(request: HttpRequest, viewer: Viewer, booking: Booking, name: str) -> HttpResponse:
    """Lead to the booking; a host to the list, because the booking will not be theirs to see."""
    messages.success(
        request,
        f"{name} gets {booking.attendee_name}’s meeting once everything is in place; until then nothing changes.",
    )
    if viewer.sees_everything:
        return see_other("business:booking", uid=booking.uid)
    return see_other("business:bookings")
