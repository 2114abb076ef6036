"""Dates that differ from the week: closed, away, or open at other hours; and back to the week again."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from booking.api import YEARS, InvalidHours, booked_between, hours_of, remove_override, set_override
from portal.business.hours import back_to_hours, chosen_schedule, find_host, hours_page
from portal.business.hours_form import read_spans, stored_rows
from portal.business.people import person_not_found
from portal.business.viewer import Viewer, portal_page


@require_POST
@portal_page()
def add_override(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Store other hours, or none, for one date or a range of them (303); what is wrong is said in place."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    data = request.POST
    typed: dict[str, object] = {
        "first": data.get("first", ""),
        "last": data.get("last", ""),
        "kind": "open" if data.get("kind") == "open" else "closed",
        "stretches": list(zip(data.getlist("opens"), data.getlist("closes"), strict=False))[:4],
    }
    chosen = chosen_schedule(request)
    stored = hours_of(host, schedule_id=chosen)
    try:
        first, last = read_dates(data.get("first", ""), data.get("last", ""))
        spans = read_spans(typed["stretches"]) if typed["kind"] == "open" else ()  # type: ignore[arg-type]  # made above
        if typed["kind"] == "open" and not spans:
            raise InvalidHours("Write the hours of these days, or choose closed.")
        set_override(host, first, last, spans, actor=viewer.actor, schedule_id=chosen)
    except InvalidHours as fault:
        rows = stored_rows(stored.weekly)
        faulty = {**typed, "fault": fault.message}
        return hours_page(request, viewer, host, stored, rows=rows, override=faulty, status=422)
    messages.success(request, "The dates are saved.")
    if booked := booked_between(host, first, last, zone=stored.zone):
        stands = "meeting stands" if booked == 1 else "meetings stand"
        messages.warning(request, f"{booked} booked {stands} on these dates. Move or cancel in Bookings.")
    return back_to_hours(host, chosen)


@require_POST
@portal_page()
def delete_override(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Let the week count again on these dates (303)."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    chosen = chosen_schedule(request)
    try:
        first, last = read_dates(request.POST.get("first", ""), request.POST.get("last", ""))
        remove_override(host, first, last, actor=viewer.actor, schedule_id=chosen)
        messages.success(request, "The usual hours count again on these dates.")
    except InvalidHours as fault:
        messages.error(request, fault.message)
    return back_to_hours(host, chosen)


def read_dates(first: str, last: str) -> tuple[date, date]:
    """Return the range; without a last day it is one day. Raises InvalidHours."""
    try:
        begins = date.fromisoformat(first)
        ends = date.fromisoformat(last) if last.strip() else begins
    except ValueError:
        raise InvalidHours("Choose the date, or the first and the last one.") from None
    if begins.year not in YEARS or ends.year not in YEARS:
        raise InvalidHours("Choose dates of this century.")
    return begins, ends
