"""Book for a client: meeting type, host, place, an open time, who comes. One form that never loses what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from booking.api import (
    Attendee,
    Booking,
    EventType,
    InvalidBooking,
    Slot,
    SlotRefused,
    book,
    choices_of,
    chosen,
    questions_of,
)
from kernel.errors import HoldfastError
from kernel.ids import new_uid
from portal.business.booking import find_booking
from portal.business.open_times import Offer, OpenTimes, open_times, read_offer
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.public.forms import DetailsForm, InstantField
from portal.public.words import place_choices
from portal.public.zones import is_zone, zone_groups


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was booked, and the nearest open times."""

    words: str
    alternatives: tuple[Slot, ...] = ()


class ClientForm(DetailsForm):
    """Who comes, as a user writes it down for them."""

    name = forms.CharField(max_length=120, error_messages={"required": "Write the client’s name."})
    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": "Write the client’s e-mail address: the confirmation and the link go there.",
            "invalid": "This is not an e-mail address. It looks like name@example.com.",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def new_booking(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the form; `act=book` books and leads to the booking (303), any other POST shows it again as typed.

    A lost race is a 409 with the nearest open times, a fault in a field a 422 beside the field.
    """
    typed: Mapping[str, Any] = request.POST if request.method == "POST" else _typed(request, viewer)
    offer = read_offer(typed, viewer)
    zone = typed.get("time_zone", "")
    zone = zone if is_zone(zone) else viewer.zone.key
    asked = questions_of(offer.event_type) if offer.event_type else ()
    places = place_choices(offer.event_type) if offer.event_type else ()
    location = _location(typed, places)
    form = ClientForm(typed, questions=[replace(question, required=False) for question in asked])
    wants_to_book = typed.get("act") == "book"
    start, refusal, status = _start(typed), None, 200
    if wants_to_book:
        if offer.event_type is None or start is None:
            refusal, status = Refusal("Choose a time below; what you typed is kept."), 422
        elif location is None:
            refusal, status = Refusal("This place is not on offer any more. Choose where below."), 422
        elif not form.is_valid():
            status = 422
        else:
            wanted = chosen(offer.event_type, location=location)
            done = _book(wanted, offer, form, viewer, start=start, zone=zone, key=_key(typed))
            if isinstance(done, Booking):
                return see_other("business:booking", uid=done.uid)
            refusal, status = done, 409 if done else 422
    times = open_times(offer, viewer, week=typed.get("week", ""))
    context = {
        "viewer": viewer,
        "here": "bookings",
        "offer": offer,
        "places": places,
        "location": location,
        "form": form,
        "shows_faults": wants_to_book,
        "zone": zone,
        "zones": zone_groups(viewer.now),
        "start": _chosen(start, times, refusal),
        "times": times,
        "refusal": refusal,
        "key": new_uid(),
    }
    return render(request, "business/new_booking.html", context, status=status)


def _book(
    event_type: EventType,
    offer: Offer,
    form: DetailsForm,
    viewer: Viewer,
    *,
    start: datetime,
    zone: str,
    key: str | None,
) -> Booking | Refusal | None:
    """Book; None when a field of the form was refused by the domain (the form says which)."""
    try:
        return book(
            event_type,
            start=start,
            time_zone=zone,
            attendee=Attendee(form.cleaned_data["name"], form.cleaned_data["email"]),
            guests=form.cleaned_data["guests"],
            answers=form.answers(),
            now=viewer.now,
            actor=viewer.actor,
            visitor=f"user:{viewer.user.pk}",
            host=offer.host,
            idempotency_key=key,
            source=Booking.Source.PORTAL,
        ).booking
    except SlotRefused as refused:
        return Refusal(refused.message, refused.alternatives)
    except InvalidBooking as fault:
        form.add_error(form.field_of(fault.field), fault.message)
        return None
    except HoldfastError as fact:
        return Refusal(fact.message)


def _typed(request: HttpRequest, viewer: Viewer) -> dict[str, str]:
    """Return what the address asks for; `like` names a booking whose client, meeting type and place are taken over."""
    typed = {name: request.GET.get(name, "") for name in ("event_type", "host", "week", "location")}
    known = find_booking(request.GET["like"], viewer) if request.GET.get("like", "").isalnum() else None
    if known is None:
        return typed
    typed["event_type"] = typed["event_type"] or known.meeting.event_type.slug
    if typed["event_type"] == known.meeting.event_type.slug:
        typed["location"] = typed["location"] or dict(choices_of(known.meeting)).get("location", "")
    return typed | {
        "name": known.attendee_name,
        "email": known.attendee_email,
        "time_zone": known.time_zone,
    }


def _location(typed: Mapping[str, Any], places: tuple[tuple[str, str], ...]) -> str | None:
    """Return the key of the chosen place, or the first one's; "" where there is none to choose, None for one that is
    not on offer any more."""
    keys = [key for key, _ in places]
    asked = str(typed.get("location", "")) or next(iter(keys), "")
    return "" if not keys else asked if asked in keys else None


def _start(typed: Mapping[str, Any]) -> datetime | None:
    try:
        return InstantField(required=False).clean(typed.get("start", ""))  # type: ignore[no-any-return]
    except ValidationError:
        return None


def _key(typed: Mapping[str, Any]) -> str | None:
    """Return the form's own key: a second click on the button finds the booking of the first."""
    key = str(typed.get("key", ""))
    return f"portal:{key}" if key.isalnum() and len(key) <= 40 else None


def _chosen(start: datetime | None, times: OpenTimes, refusal: Refusal | None) -> str:
    """Return the start that stays checked: the chosen one, while it is open."""
    if start is None or start not in times.starts or (refusal and refusal.alternatives):
        return ""
    return start.astimezone(UTC).isoformat()
