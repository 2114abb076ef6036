"""No more texts: the client takes the consent back, for one booking or every date of a series. GET shows, POST acts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.api import Actor
from booking.api import Booking, withdraw_text_consent
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.tenant import tenant_of
from portal.public.views.booked import booked_context, find_booking
from portal.public.views.series import find_series, gets_texts
from portal.rates import check_rate


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def stop_texts(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Ask whether texts about a booking shall stop; sent, none leaves any more."""
    booking = find_booking(request, uid, token, now=read_clock())
    context = booked_context(booking, tenant_of(request), token=token, now=read_clock())
    here = reverse("public:booking", args=[uid, token])
    return _asked(request, [booking], context if context["gets_texts"] else None, here=here)


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def stop_series_texts(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """The same for every date of a series at once."""
    bookings = find_series(request, uid, token, now=read_clock())
    context = {"tenant": tenant_of(request), "dates": len(bookings)} if gets_texts(bookings) else None
    return _asked(request, bookings, context, here=reverse("public:series", args=[uid, token]))


def _asked(
    request: HttpRequest, bookings: list[Booking], context: dict[str, Any] | None, *, here: str
) -> HttpResponse:
    """Show the question, or do it and lead back; where nothing is to be stopped, lead back at once."""
    now = read_clock()
    if context is None:
        return SeeOther(here)
    if request.method == "POST":
        check_rate(request, "submit", now=now)
        withdraw_text_consent(bookings, now=now, actor=Actor(type="client", id=bookings[0].uid))
        return SeeOther(here)
    return render(request, "public/stop_texts.html", context | {"here": here})
