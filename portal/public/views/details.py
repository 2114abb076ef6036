"""Who comes: the held time, its countdown and the form that books it."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.api import Actor
from booking.api import (
    Attendee,
    Booking,
    InvalidBooking,
    SeriesRefused,
    SlotRefused,
    book_again_path,
    book_series,
    choices_of,
    of_meeting,
    questions_of,
    release,
    series_token,
    submit,
    when,
)
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.forms import DetailsForm
from portal.public.journey import build_alternatives, build_countdown
from portal.public.repeats import wanted_starts
from portal.public.tenant import tenant_of
from portal.public.views.booked import booked_context, find_booking
from portal.public.zones import zone_words
from portal.rates import check_rate
from providers.api import texts_are_on


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def details(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Ask for the details of a held booking; sent, they start the booking and lead to its page."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    here = SeeOther(reverse("public:booking", args=[uid, token]))
    if booking.status != Booking.Status.HELD:
        return here
    asked = questions_of(booking.meeting.event_type)
    form = DetailsForm(request.POST or None, questions=asked, offers_texts=texts_are_on())
    if request.method == "POST":
        check_rate(request, "submit", now=now)
        if form.is_valid():
            try:
                starts = wanted_starts(request.POST, booking, tenant_of(request))
                if starts:
                    return _book_series(booking, form, starts, now=now)
                submit(
                    booking,
                    attendee=Attendee(form.cleaned_data["name"], form.cleaned_data["email"]),
                    guests=form.cleaned_data["guests"],
                    answers=form.answers(),
                    phone=form.phone_number(),
                    now=now,
                    actor=Actor(type="client", id=booking.uid),
                )
                return here
            except InvalidBooking as fault:
                form.add_error(form.field_of(fault.field), fault.message)
            except SeriesRefused as refusal:
                return _series_refused(request, booking, form, refusal, starts=starts, token=token)
            except SlotRefused as refusal:
                return _refused(request, booking, form, refusal)
    context = booked_context(booking, tenant_of(request), token=token, now=now)
    context |= {
        "form": form,
        "series_most": booking.meeting.event_type.series_most,
        "repeat_every": request.POST.get("repeat_every", ""),
        "repeat_count": request.POST.get("repeat_count", "2"),
        "countdown": build_countdown(booking.expires_at or now, now=now, time_zone=booking.time_zone),
    }
    return render(request, "public/details.html", context, status=422 if form.errors else 200)


@require_http_methods(["POST"])
@client_page
def release_hold(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Give the held time back, and lead to the picker; a booking that was sent meanwhile stands."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    release(booking, now=now, actor=Actor(type="client", id=booking.uid))
    return SeeOther(book_again_path(booking.meeting))


def _book_series(
    booking: Booking, form: DetailsForm, starts: list[datetime], *, now: datetime
) -> HttpResponse:
    """Book every date with the host whose time is held, and lead to the series' page; raises SeriesRefused."""
    hosts = list(booking.meeting.hosts.all()[:2])
    booked = book_series(
        of_meeting(booking.meeting),
        starts=starts,
        time_zone=booking.time_zone,
        attendee=Attendee(form.cleaned_data["name"], form.cleaned_data["email"]),
        guests=form.cleaned_data["guests"],
        answers=form.answers(),
        phone=form.phone_number(),
        now=now,
        actor=Actor(type="client", id=booking.uid),
        visitor=booking.visitor,
        host=hosts[0] if len(hosts) == 1 else None,
        source="page",
        instead_of=booking,
    )
    return SeeOther(reverse("public:series", args=[booked.series.uid, series_token(booked.series)]))


def _series_refused(
    request: HttpRequest,
    booking: Booking,
    form: DetailsForm,
    refusal: SeriesRefused,
    *,
    starts: list[datetime],
    token: str,
) -> HttpResponse:
    """Show every date, open or not, and the nearest times for each that is not; the hold stands."""
    taken = {each.start: each for each in refusal.taken}
    zone = booking.time_zone
    context = {
        "tenant": tenant_of(request),
        "uid": booking.uid,
        "token": token,
        "taken_count": len(taken),
        "hidden": form.sent(),
        "dates": [
            {
                "words": when(start, zone=zone),
                "value": start.isoformat(),
                "taken": start in taken,
                "alternatives": [
                    (slot.start.isoformat(), when(slot.start, zone=zone))
                    for slot in taken[start].alternatives
                ]
                if start in taken
                else [],
            }
            for start in starts
        ],
    }
    return render(request, "public/series_refused.html", context, status=409)


def _refused(request: HttpRequest, booking: Booking, form: DetailsForm, refusal: SlotRefused) -> HttpResponse:
    """Say that the time is gone, and offer the nearest ones; what was typed travels along."""
    context = {
        "tenant": tenant_of(request),
        "refusal": refusal,
        "alternatives": build_alternatives(refusal.alternatives, time_zone=booking.time_zone),
        "zone": zone_words(booking.time_zone, booking.meeting.starts_at),
        "post_to": reverse("public:hold", args=[booking.meeting.event_type.slug]),
        "hidden": [("time_zone", booking.time_zone), *choices_of(booking.meeting), *form.sent()],
        "pick_at": book_again_path(booking.meeting),
    }
    return render(request, "public/refused.html", context, status=409)
