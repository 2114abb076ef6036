"""A host's hours: the week in a form, its effect on the coming two weeks beside it, the dates that differ."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from booking.api import (
    Host,
    Hours,
    InvalidHours,
    OpenDay,
    ScheduleView,
    Span,
    absences,
    business_holidays,
    holidays_between,
    holidays_of,
    hours_of,
    open_days,
    schedules_of,
    set_weekly_hours,
)
from portal.business.hours_form import DayRow, read_week, span_words, stored_rows, typed_rows
from portal.business.people import person_not_found
from portal.business.redirects import SeeOther
from portal.business.viewer import Viewer, portal_page

_DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day of the preview: its open spans in words, and as (offset, length) in minutes for the bar."""

    day: OpenDay
    words: tuple[str, ...]
    bars: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """Dates that follow each other with the same exception, both ends included."""

    first: date
    last: date
    words: tuple[str, ...]


@require_safe
@portal_page()
def own_hours(_: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Lead to the viewer's own hours; who takes no bookings is led to the people."""
    if viewer.user.host_id is None:
        return redirect("business:people")
    return redirect("business:hours", host_id=viewer.user.host_id)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page()
def hours(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Show a host's hours; POST stores the week (303), or shows it as typed with what is wrong."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    chosen = chosen_schedule(request)
    stored = hours_of(host, schedule_id=chosen)
    if request.method != "POST":
        return hours_page(request, viewer, host, stored, rows=stored_rows(stored.weekly))
    rows = typed_rows(request.POST)
    if request.POST.get("act", "save") != "save":
        act = request.POST["act"].split("_")
        focus_day = int(act[1]) if len(act) > 1 and act[1] in "0123456" and act[1] else None
        return hours_page(request, viewer, host, stored, rows=rows, is_draft=True, focus_day=focus_day)
    typed = read_week(rows)
    if typed is not None:
        try:
            changed = set_weekly_hours(host, typed, actor=viewer.actor, schedule_id=chosen)
        except InvalidHours as fault:
            rows[fault.weekday or 0].fault = fault.message
        else:
            said = (
                "The hours are saved. Meetings that are booked stand." if changed else "Nothing was changed."
            )
            messages.success(request, said)
            return back_to_hours(host, chosen)
    return hours_page(request, viewer, host, stored, rows=rows, status=422)


@require_POST
@portal_page()
def hours_preview(request: HttpRequest, viewer: Viewer, host_id: int) -> HttpResponse:
    """Return the two weeks as the typed hours would make them (htmx asks on each change)."""
    host = find_host(viewer, host_id)
    if host is None:
        return person_not_found(request, viewer)
    stored = hours_of(host, schedule_id=chosen_schedule(request))
    typed = read_week(typed_rows(request.POST))
    context = _preview(viewer, host, stored, typed)
    return render(request, "business/_hours_preview.html", {**context, "viewer": viewer})


def find_host(viewer: Viewer, host_id: int) -> Host | None:
    """Return the host if this user may set their hours: one's own, or everybody's as owner or admin."""
    if viewer.only_host not in (None, host_id):
        return None
    return Host.objects.filter(pk=host_id).first()


def chosen_schedule(request: HttpRequest) -> int | None:
    """Return the id of the schedule that the page or the form names; None is the default one."""
    asked = request.POST.get("schedule") or request.GET.get("schedule") or ""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None


def shown_schedule(schedules: list[ScheduleView], chosen: int | None) -> ScheduleView | None:
    """Return the chosen schedule of these, else the default one, which comes first."""
    return next((each for each in schedules if each.id == chosen), schedules[0] if schedules else None)


def back_to_hours(host: Host, schedule_id: int | None) -> HttpResponse:
    """Lead back to the hours of this schedule (303)."""
    query = f"?schedule={schedule_id}" if schedule_id is not None else ""
    return SeeOther(reverse("business:hours", kwargs={"host_id": host.pk}) + query)


def hours_page(
    request: HttpRequest,
    viewer: Viewer,
    host: Host,
    stored: Hours,
    *,
    rows: list[DayRow],
    is_draft: bool = False,
    focus_day: int | None = None,
    override: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the page; `override` is the form for dates as typed, with its fault."""
    week = read_week(rows) if is_draft else None
    context = {
        **_preview(viewer, host, stored, week),
        "viewer": viewer,
        "here": "people" if viewer.sees_everything else "hours",
        "host": host,
        "zone": stored.zone.replace("_", " "),
        "schedules": (all_schedules := schedules_of(host)),
        "schedule": shown_schedule(all_schedules, chosen_schedule(request)),
        "rows": rows,
        "week_days": [(row.weekday, row.name) for row in rows],
        "focus_day": focus_day,
        "is_wrong": status == 422 and override is None,
        "exceptions": exceptions(stored, today=_today(viewer, stored)),
        "override": override or {"kind": "closed"},
        "today": _today(viewer, stored),
    }
    return render(request, "business/hours.html", context, status=status)


def exceptions(stored: Hours, *, today: date) -> list[Differing]:
    """Return the dates from today on that differ, joined where they follow each other with the same hours."""
    found: list[Differing] = []
    for day in sorted(day for day in stored.overrides if day >= today):
        words = _words(stored.overrides[day])
        if found and found[-1].last + timedelta(days=1) == day and found[-1].words == words:
            found[-1] = Differing(found[-1].first, day, words)
        else:
            found.append(Differing(day, day, words))
    return found


def _preview(
    viewer: Viewer, host: Host, stored: Hours, week: tuple[tuple[Span, ...], ...] | None
) -> dict[str, object]:
    first = _today(viewer, stored)
    place = holidays_of(host.holiday_country, host.holiday_region, business=business_holidays())
    shown = replace(
        stored,
        weekly=stored.weekly if week is None else week,
        away=tuple(each.away for each in absences(host, since=first)),
        holidays=holidays_between(place, first, first + timedelta(days=_DAYS_SHOWN)) if place else {},
    )
    days = open_days(shown, first=first, count=_DAYS_SHOWN)
    bars = [
        DayBar(
            day=day,
            words=(*_words(day.spans), *day.why),
            bars=tuple((start, end - start) for start, end in day.spans),
        )
        for day in days
    ]
    changes = clock_changes(stored.zone, days)
    return {"days": bars, "is_unsaved": week is not None and week != stored.weekly, "clock_changes": changes}


def clock_changes(zone: str, days: list[OpenDay]) -> list[date]:
    """Return the dates of these on which the zone's clocks change."""
    tz = ZoneInfo(zone)
    noons = [
        (each.date, datetime(each.date.year, each.date.month, each.date.day, 12, tzinfo=tz)) for each in days
    ]
    return [day for (_, one), (day, other) in pairwise(noons) if one.utcoffset() != other.utcoffset()]


def _words(spans: tuple[Span, ...]) -> tuple[str, ...]:
    return tuple(span_words(span) for span in spans) or ("Closed",)


def _today(viewer: Viewer, stored: Hours) -> date:
    return viewer.now.astimezone(ZoneInfo(stored.zone)).date()
