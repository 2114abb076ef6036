"""Test the link: the proof of the confirmation runs again, now, and the page says how it went."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from booking.api import Booking, LinkTrial, progress, try_link
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page, is_fragment
from portal.public.tenant import tenant_of
from portal.public.views.booked import booked_context, find_booking, progress_context
from portal.rates import check_rate
from portal.wait import waiting_places


@require_POST
@client_page
def test_link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Try the link and show the booking's page with the outcome; the part alone when htmx asks.

    Changes nothing, so a reload may try again; counted per booking, and bounded like every wait of this
    process for itself.
    """
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    check_rate(request, "test", now=now, who=f"booking:{booking.uid}")
    context = booked_context(booking, tenant_of(request), token=token, now=now)
    if not context["join_url"]:
        return SeeOther(reverse("public:booking", args=[uid, token]))
    context["trial"] = _tried(booking, now=now)
    if is_fragment(request):
        return render(request, "public/_link_test.html", context)
    context |= progress_context(booking, progress(booking, now=now), token=token)
    return render(request, "public/booked/confirmed.html", context)


def _tried(booking: Booking, *, now: datetime) -> LinkTrial:
    """Try the link, unless too many wait already: the built-in room's proof is answered by this process."""
    places = waiting_places()
    if not places.acquire(blocking=False):
        words = "Many links are being tested at this moment. Try again in a few seconds."
        return LinkTrial(is_joinable=None, words=words)
    try:
        return try_link(booking, now=now)
    finally:
        places.release()


test_link.__test__ = False  # type: ignore[attr-defined]  # a page, not one of pytest's
