"""Acts on a booking that need no page of their own: no-show, its inverse, and a message sent once more."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from booking.api import Booking, mark_no_show, send_again, undo_no_show
from kernel.errors import HoldfastError
from portal.business.booking import booking_not_found, find_booking
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page


@require_POST
@portal_page()
def no_show(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Record that the client did not come (303); before the start, or in another status, 409 in words."""
    return _act(
        request, viewer, uid, lambda booking: mark_no_show(booking, now=viewer.now, actor=viewer.actor)
    )


@require_POST
@portal_page()
def came(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Record that the client did come after all (303); in another status 409 in words."""
    return _act(
        request, viewer, uid, lambda booking: undo_no_show(booking, now=viewer.now, actor=viewer.actor)
    )


@require_POST
@portal_page()
def send_message(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Send the client's latest message once more (303); when there is none, or it just left, 409 in words."""
    said = "The message is sent once more."
    return _act(
        request, viewer, uid, lambda booking: send_again(booking, now=viewer.now, actor=viewer.actor), said
    )


def _act(
    request: HttpRequest, viewer: Viewer, uid: str, act: Callable[[Booking], object], said: str = ""
) -> HttpResponse:
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    try:
        act(booking)
    except HoldfastError as fact:
        context = {"viewer": viewer, "here": "bookings", "booking": booking, "fault": fact.message}
        return render(request, "business/booking_refused.html", context, status=409)
    if said:
        messages.success(request, said)
    return see_other("business:booking", uid=uid)
