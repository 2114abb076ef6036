"""Time off and limits of a host: out of office, public holidays, and how many meetings a day or a week may hold."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import (
    NO_HOLIDAYS,
    Host,
    InvalidAbsence,
    InvalidHours,
    InvalidLimits,
    Place,
    Span,
    UnknownPlace,
    absences,
    add_absence,
    booked_between,
    business_holidays,
    end_absence,
    place_words,
    set_business_holidays,
    set_host_holidays,
    set_host_limits,
)
from portal.business.hours import find_host
from portal.business.hours_form import read_spans, span_words
from portal.business.limits_form import limit_rows, read_limits
from portal.business.overrides import read_dates
from portal.business.people import person_not_found
from portal.business.places_form import place_choices, read_place
from portal.business.redirects import see_other
from portal.business.viewer import Viewer, portal_page


@require_safe
@portal_page()
def time_off(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Show when a host is away, whose holidays they keep, and their limits."""
    host = find_host(viewer, host_id)
    return _page(request, viewer, host) if host else person_not_found(request, viewer)


@require_POST
@portal_page()
def add_time_off(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Store an absence (303); what is wrong is said in place, and nothing typed is lost."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    data = request.POST
    typed = {name: data.get(name, "") for name in ("first", "last", "from", "until", "redirect")}
    try:
        first, last = read_dates(typed["first"], typed["last"])
        redirect = _others(host).get(typed["redirect"])
        part = _part(typed["from"], typed["until"])
        add_absence(host, first, last, part=part, redirect=redirect, now=viewer.now, actor=viewer.actor)
    except (InvalidAbsence, InvalidHours) as fault:
        return _page(request, viewer, host, typed={**typed, "fault": fault.message}, status=422)
    messages.success(request, "The absence is saved. Clients see no times then.")
    if booked := booked_between(host, first, last, zone=host.time_zone):
        stands = "meeting stands" if booked == 1 else "meetings stand"
        messages.warning(request, f"{booked} booked {stands} on these dates. Move or cancel in Bookings.")
    return see_other("business:time_off", host_id=host.pk)


@require_POST
@portal_page()
def end_time_off(request: HttpRequest, viewer: Viewer, host_id: int, absence_id: int) -> HttpResponse:
    """Delete an absence: the hours count again (303)."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    if end_absence(host, absence_id, actor=viewer.actor):
        messages.success(request, "The absence is deleted. The hours count again.")
    else:
        messages.error(request, "This absence was deleted already.")
    return see_other("business:time_off", host_id=host.pk)


@require_POST
@portal_page()
def host_holidays(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Choose whose public holidays a host keeps (303)."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    try:
        changed = set_host_holidays(host, *read_place(request.POST), actor=viewer.actor)
    except UnknownPlace as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "The holidays are saved." if changed else "Nothing was changed.")
    return see_other("business:time_off", host_id=host.pk)


@require_POST
@portal_page()
def host_limits(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Store a host's limits (303); what is wrong is said in place."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    try:
        changed = set_host_limits(host, read_limits(request.POST), actor=viewer.actor)
    except InvalidLimits as fault:
        return _page(request, viewer, host, limits=request.POST, limits_fault=fault.message, status=422)
    messages.success(
        request, "The limits are saved. What is booked stands." if changed else "Nothing was changed."
    )
    return see_other("business:time_off", host_id=host.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(admins_only=True)
def holidays(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show whose public holidays the business keeps; POST chooses (303)."""
    fault = ""
    if request.method == "POST":
        country, region = read_place(request.POST)
        try:
            place = Place(country, region) if country and country != NO_HOLIDAYS else None
            changed = set_business_holidays(place, actor=viewer.actor)
        except UnknownPlace as wrong:
            fault = wrong.message
        else:
            messages.success(request, "The holidays are saved." if changed else "Nothing was changed.")
            return see_other("business:holidays")
    kept = business_holidays() or Place("")
    context = {
        "viewer": viewer,
        "here": "people",
        "fault": fault,
        "choices": place_choices(kept.country, kept.region, today=viewer.today),
        "nobody": "None: every day of the week is a usual one",
    }
    return render(request, "business/holidays.html", context, status=422 if fault else 200)


def _part(start: str, end: str) -> Span | None:
    """Return the part of each day, None for whole days. Raises InvalidHours."""
    spans = read_spans([(start, end)])
    return spans[0] if spans else None


def _others(host: Host) -> dict[str, Host]:
    """Return who could be named instead, by short name."""
    return {each.slug: each for each in Host.objects.filter(active=True).exclude(pk=host.pk)}


def _page(
    request: HttpRequest,
    viewer: Viewer,
    host: Host,
    *,
    typed: dict[str, str] | None = None,
    limits: QueryDict | None = None,
    limits_fault: str = "",
    status: int = 200,
) -> HttpResponse:
    today = viewer.now.astimezone(ZoneInfo(host.time_zone)).date()
    business = business_holidays()
    context: dict[str, Any] = {
        "viewer": viewer,
        "here": "people" if viewer.sees_everything else "hours",
        "host": host,
        "today": today,
        "absences": [
            (each, span_words(each.part) if each.part else "") for each in absences(host, since=today)
        ],
        "others": _others(host).values(),
        "typed": typed or {},
        "choices": place_choices(host.holiday_country, host.holiday_region, today=today, business=business),
        "nobody": "None: holidays are working days",
        "business_place": place_words(business) if business else "",
        "limit_rows": limit_rows(host.limits, limits),
        "limits_fault": limits_fault,
    }
    return render(request, "business/time_off.html", context, status=status)
