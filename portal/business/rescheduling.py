"""Rescheduling from the portal: the open times of a week, choosing one starts the move."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from booking.api import Booking, Slot, SlotPage, SlotRefused, of_meeting
from booking.api import move as move_booking
from booking.api import slots as open_slots
from kernel.errors import HoldfastError
from portal.business.booking import booking_not_found, can_move, find_booking
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page
from portal.public.forms import InstantField
from portal.public.months import parse_day

_WEEK = timedelta(days=7)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def reschedule(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Offer the open times of one week; POST starts the move (303), or shows why not and what is near."""
    booking = find_booking(uid, viewer)
    if booking is None:
        return booking_not_found(request, viewer)
    alternatives: tuple[Slot, ...] = ()
    fault, status = "", 200
    if request.method == "POST":
        fault, alternatives = _move(booking, request.POST.get("start", ""), viewer)
        if not fault:
            return see_other("business:booking", uid=uid)
        status = 409
    context = {
        **_week(booking, request.GET.get("week", ""), viewer),
        "viewer": viewer,
        "here": "bookings",
        "booking": booking,
        "fault": fault,
        "alternatives": alternatives,
        "is_open": can_move(booking, viewer),
    }
    return render(request, "business/reschedule.html", context, status=status)


def _move(booking: Booking, start: str, viewer: Viewer) -> tuple[str, tuple[Slot, ...]]:
    """Start the move; return why it was refused in words (empty: it runs) and the nearest open times."""
    try:
        chosen = InstantField().clean(start)
    except ValidationError:
        return "Choose one of the times below.", ()
    try:
        move_booking(booking, start=chosen, now=viewer.now, actor=viewer.actor)
    except SlotRefused as refusal:
        return refusal.message, refusal.alternatives
    except HoldfastError as fact:
        return fact.message, ()
    return "", ()


def _week(booking: Booking, asked: str, viewer: Viewer) -> dict[str, object]:
    """Return the open times of the asked week, its neighbours, and what is withheld, for the page."""
    first = _first_day(asked, booking, viewer)
    hosts = list(booking.meeting.hosts.all())
    is_seat = booking.meeting.is_session  # goes to any session, whoever holds it
    page: SlotPage = open_slots(
        of_meeting(booking.meeting),
        first=first,
        last=first + _WEEK - timedelta(days=1),
        time_zone=viewer.zone.key,
        now=viewer.now,
        host=hosts[0] if len(hosts) == 1 and not is_seat else None,
        leaving=None if is_seat else booking.meeting.pk,
    )
    days = [(day, _others(page, day, booking)) for day in (first + timedelta(days=n) for n in range(7))]
    return {
        "days": days,
        "any_open": any(slots for _, slots in days),
        "notices": page.notices,
        "last_day": first + _WEEK - timedelta(days=1),
        "first_day": first,
        "previous": first - _WEEK if first > viewer.today else None,
        "next": first + _WEEK,
    }


def _others(page: SlotPage, day: date, booking: Booking) -> tuple[Slot, ...]:
    """Return the open times of a day but the one that the booking has already."""
    return tuple(slot for slot in page.days.get(day, ()) if slot.start != booking.meeting.starts_at)


def _first_day(asked: str, booking: Booking, viewer: Viewer) -> date:
    """Return the first day to show: the asked one, else the day of the booking, never one before today."""
    latest = max(booking.meeting.event_type.bookable_dates(viewer.today)[1], viewer.today + timedelta(days=7))
    first = parse_day(asked) or booking.meeting.starts_at.astimezone(viewer.zone).date()
    return max(viewer.today, min(first, latest))
