"""Choosing a time, and holding it."""

import contextlib
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.api import Actor
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Host,
    InvalidBooking,
    SlotRefused,
    away_notices,
    book,
    bookable_hosts,
    chosen,
    get_event_type,
    get_host,
    hold,
    manage_token,
    questions_of,
    submit,
)
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page, is_fragment
from portal.public.forms import DetailsForm, SlotForm, read_wish, read_zone
from portal.public.journey import build_alternatives
from portal.public.months import last_of_month
from portal.public.opening import find_opening
from portal.public.picker import Wish, away_words, build_offer, build_picker, common_zone
from portal.public.tenant import check_takes_bookings, tenant_of
from portal.public.zones import zone_words
from portal.rates import check_rate, visitor_of
from providers.api import texts_are_on


@require_safe
@client_page
def pick(request: HttpRequest, event: str) -> HttpResponse:
    """Show a month and a day's open times; `?month=&date=&time_zone=&host=`."""
    now = read_clock()
    tenant = tenant_of(request)
    check_takes_bookings(tenant)
    check_rate(request, "slots", now=now)
    event_type = get_event_type(event)
    wish = read_wish(request.GET, cookie_zone=read_zone(request))
    host, hosts = chosen_hosts(event_type, wish.host)
    return show_picker(
        request,
        as_wished(event_type, wish.duration, wish.location),
        stored=event_type,
        hosts=hosts,
        host=host,
        wish=wish,
        now=now,
        act=reverse("public:pick", args=[event_type.slug]),
        post_to=reverse("public:hold", args=[event_type.slug]),
        verb="Continue",
    )


@require_POST
@client_page
def hold_slot(request: HttpRequest, event: str) -> HttpResponse:
    """Hold the chosen start and lead to its details; a lost race is a page with the nearest open times.

    With the details already typed (from a page that had to refuse them once) it books in one go.
    """
    now = read_clock()
    check_takes_bookings(tenant_of(request))
    check_rate(request, "hold", now=now)
    event_type = get_event_type(event)
    form = SlotForm(request.POST)
    if not form.is_valid():
        return SeeOther(reverse("public:pick", args=[event_type.slug]))
    choices = {name: form.cleaned_data[name] for name in ("duration", "location") if form.cleaned_data[name]}
    event_type = as_wished(event_type, choices.get("duration"), choices.get("location", ""))
    host, hosts = chosen_hosts(event_type, form.cleaned_data["host"])
    start, zone = form.cleaned_data["start"], form.cleaned_data["time_zone"]
    offers_texts = "phone" in request.POST and texts_are_on()
    details = DetailsForm(request.POST, questions=questions_of(event_type), offers_texts=offers_texts)
    try:
        booking = _claim(request, event_type, start=start, zone=zone, host=host, details=details, now=now)
    except SlotRefused as refusal:
        context = {
            "tenant": tenant_of(request),
            "offer": build_offer(event_type, hosts),
            "refusal": refusal,
            "alternatives": build_alternatives(refusal.alternatives, time_zone=zone),
            "zone": zone_words(zone, now),
            "post_to": request.path,
            "hidden": [
                ("time_zone", zone),
                ("host", form.cleaned_data["host"]),
                *choices.items(),
                *details.sent(),
            ],
            "pick_at": f"{reverse('public:pick', args=[event_type.slug])}?{urlencode(choices)}".rstrip("?"),
        }
        return render(request, "public/refused.html", context, status=409)
    name = "public:details" if booking.status == Booking.Status.HELD else "public:booking"
    return SeeOther(reverse(name, args=[booking.uid, manage_token(booking)]))


def _claim(
    request: HttpRequest,
    event_type: EventType,
    *,
    start: datetime,
    zone: str,
    host: Host | None,
    details: DetailsForm,
    now: datetime,
) -> Booking:
    """Hold, or book when the details came along and are right. Raises SlotRefused."""
    visitor = visitor_of(request)
    actor = Actor(type="client", id=visitor)
    if details.is_valid() and details.phone_number():
        held = hold(event_type, start=start, time_zone=zone, now=now, actor=actor, visitor=visitor, host=host)
        with contextlib.suppress(InvalidBooking):  # it is held: its details are asked for once more
            return submit(
                held,
                attendee=Attendee(details.cleaned_data["name"], details.cleaned_data["email"]),
                guests=details.cleaned_data["guests"],
                answers=details.answers(),
                phone=details.phone_number(),
                now=now,
                actor=actor,
            )
        return held
    if details.is_valid():
        return book(
            event_type,
            start=start,
            time_zone=zone,
            attendee=Attendee(details.cleaned_data["name"], details.cleaned_data["email"]),
            guests=details.cleaned_data["guests"],
            answers=details.answers(),
            now=now,
            actor=actor,
            visitor=visitor,
            host=host,
            source="page",
        ).booking
    return hold(event_type, start=start, time_zone=zone, now=now, actor=actor, visitor=visitor, host=host)


def as_wished(event_type: EventType, duration: int | None, location: str) -> EventType:
    """Return the meeting type with the length and the place that were chosen; what is not on offer was not chosen."""
    try:
        return chosen(event_type, duration_minutes=duration, location=location)
    except InvalidBooking:
        return event_type


def chosen_hosts(event_type: EventType, slug: str) -> tuple[Host | None, list[Host]]:
    """Return the person whom the address names (None: nobody) and the hosts that come into question."""
    if slug:
        host = get_host(slug)
        return host, [host]
    return None, list(bookable_hosts(event_type))


def show_picker(
    request: HttpRequest,
    event_type: EventType,
    *,
    hosts: list[Host],
    host: Host | None,
    wish: Wish,
    now: datetime,
    act: str,
    post_to: str,
    verb: str,
    moving: object = None,
    leaving: int | None = None,
    stored: EventType | None = None,
) -> HttpResponse:
    """Render the picker, for a booking or for a move of one; the fragment alone when htmx asks."""
    tenant = tenant_of(request)
    host_zone = common_zone(hosts, otherwise=tenant.time_zone)
    opening = find_opening(
        event_type,
        month=wish.month,
        time_zone=wish.time_zone or host_zone,
        now=now,
        host=host,
        leaving=leaving,
    )
    offer = build_offer(event_type, hosts)
    picker = build_picker(
        offer,
        opening,
        wish=wish,
        host_zone=host_zone,
        now=now,
        act=act,
        post_to=post_to,
        verb=verb,
        event_type=stored,
    )
    notices = away_notices(
        event_type, hosts, first=max(opening.first, opening.today), last=last_of_month(opening.first)
    )
    away = away_words(notices, slug=event_type.slug, today=opening.today)
    template = "public/_picker.html" if is_fragment(request) else "public/pick.html"
    response = render(
        request,
        template,
        {"tenant": tenant, "picker": picker, "offer": offer, "moving": moving, "away": away},
    )
    response["Vary"] = "HX-Request, Cookie"
    return response
