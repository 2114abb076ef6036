"""Changing a booking: cancel it, move it. GET shows, POST acts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.api import Actor
from booking.api import Booking, SlotRefused, move, of_meeting
from booking.api import cancel as cancel_booking
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.forms import CancelForm, SlotForm, read_wish, read_zone
from portal.public.journey import build_alternatives
from portal.public.tenant import check_takes_bookings, tenant_of
from portal.public.views.booked import booked_context, find_booking, remember_move
from portal.public.views.pick import show_picker
from portal.public.zones import zone_words
from portal.rates import check_rate


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def cancel(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Ask whether to cancel, and why; sent, the time is free at once."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    here = SeeOther(reverse("public:booking", args=[uid, token]))
    context = booked_context(booking, tenant_of(request), token=token, now=now)
    if not context["can_change"]:
        return here
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        check_rate(request, "submit", now=now)
        cancel_booking(
            booking,
            reason=form.cleaned_data["reason"].strip(),
            now=now,
            actor=Actor(type="client", id=booking.uid),
        )
        return here
    return render(request, "public/cancel.html", context | {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def reschedule(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Offer the same picker for another time; the old one stays blocked until the new one is confirmed."""
    now = read_clock()
    tenant = tenant_of(request)
    booking = find_booking(request, uid, token, now=now)
    context = booked_context(booking, tenant, token=token, now=now)
    if not context["can_move"]:
        return SeeOther(reverse("public:booking", args=[uid, token]))
    check_takes_bookings(tenant)
    if request.method == "POST":
        return _move(request, booking, context, token=token)
    check_rate(request, "slots", now=now)
    event_type = of_meeting(booking.meeting)
    hosts = list(booking.meeting.hosts.all())
    is_seat = booking.meeting.is_session
    stays = event_type.kind != "collective" and len(hosts) == 1 and not is_seat
    here = reverse("public:reschedule", args=[uid, token])
    return show_picker(
        request,
        event_type,
        hosts=hosts,
        host=hosts[0] if stays else None,
        wish=read_wish(request.GET, cookie_zone=read_zone(request) or booking.time_zone),
        now=now,
        act=here,
        post_to=here,
        verb="Move here",
        moving=context,
        leaving=None if is_seat else booking.meeting_id,
    )


def _move(request: HttpRequest, booking: Booking, context: dict[str, object], *, token: str) -> HttpResponse:
    """Move to the chosen start; a refusal leaves the booking as it was, and says so."""
    now = read_clock()
    here = reverse("public:booking", args=[booking.uid, token])
    form = SlotForm(request.POST)
    if not form.is_valid():
        return SeeOther(request.path)
    check_rate(request, "hold", now=now)
    zone = form.cleaned_data["time_zone"]
    try:
        move(
            booking,
            start=form.cleaned_data["start"],
            now=now,
            actor=Actor(type="client", id=booking.uid),
        )
    except SlotRefused as refusal:
        more = {
            "refusal": refusal,
            "alternatives": build_alternatives(refusal.alternatives, time_zone=zone),
            "zone": zone_words(zone, now),
            "post_to": request.path,
            "hidden": [("time_zone", zone)],
            "pick_at": request.path,
            "stays": context["when"],
        }
        return render(request, "public/refused.html", context | more, status=409)
    response = SeeOther(here)
    remember_move(response, booking)
    return response
