"""A series' own page: its dates, each with its own page; what lies ahead is cancelled at once. The token is the key."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.api import Actor
from booking.api import (
    Booking,
    BookingNotFound,
    Series,
    cancel_rest,
    get_series,
    is_series_token,
    manage_url,
    series_bookings,
    wants_texts,
)
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.forms import CancelForm
from portal.public.journey import build_when
from portal.public.picker import build_offer
from portal.public.tenant import tenant_of
from portal.rates import check_rate

_WORDS = {
    "awaiting_link": "Being confirmed",
    "confirmed": "Confirmed",
    "cancelled": "Cancelled",
    "failed": "Not booked",
    "completed": "Took place",
    "no_show": "Missed",
}


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def series(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Show every date with its state and its page; POST cancels what lies ahead (303)."""
    now = read_clock()
    found = _opened(request, uid, token, now=now)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and (form.is_valid() or not request.POST):
        check_rate(request, "submit", now=now)
        reason = form.cleaned_data["reason"].strip() if form.is_bound else ""
        cancel_rest(found, reason=reason, now=now, actor=Actor(type="client", id=found.uid))
        return SeeOther(reverse("public:series", args=[uid, token]))
    bookings = list(series_bookings(found))
    ahead = [
        each for each in bookings if each.status == Booking.Status.CONFIRMED and each.meeting.starts_at > now
    ]
    first = bookings[0]
    context = {
        "tenant": tenant_of(request),
        "offer": build_offer(found.event_type, list(first.meeting.hosts.all())),
        "dates": [_date(each) for each in bookings],
        "ahead": len(ahead),
        "stop_texts_at": reverse("public:stop_series_texts", args=[uid, token])
        if gets_texts(bookings)
        else "",
        "form": form,
    }
    response = render(request, "public/series.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def find_series(request: HttpRequest, uid: str, token: str, *, now: datetime) -> list[Booking]:
    """Return the bookings of the series that this address opens, soonest first; anything wrong is the same 404."""
    return list(series_bookings(_opened(request, uid, token, now=now)))


def gets_texts(bookings: list[Booking]) -> bool:
    """Say whether texts about any of these are still to come. One query a date, until one is found."""
    return any(each.status in Booking.LIVE and wants_texts(each.pk) for each in bookings)


def _opened(request: HttpRequest, uid: str, token: str, *, now: datetime) -> Series:
    try:
        found = get_series(uid)
    except BookingNotFound:
        found = None
    if found is None or not is_series_token(found, token):
        check_rate(request, "manage", now=now)
        raise Http404
    return found


def _date(booking: Booking) -> dict[str, object]:
    meeting = booking.meeting
    return {
        "when": build_when(
            meeting.starts_at, meeting.ends_at, time_zone=booking.time_zone, host_zone=booking.time_zone
        ),
        "status": _WORDS.get(booking.status, booking.get_status_display()),
        "is_live": booking.status in Booking.LIVE,
        "page": manage_url(booking),
    }
