"""Today: what is next, whether anything needs me, what the automation did since I last looked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.api import note_visit
from audit.api import recent_runs
from booking.api import EventType, Meeting, coming_meetings, subjects_of_host
from portal.business import times
from portal.business.attention import needs, page_address
from portal.business.viewer import Viewer, portal_page
from providers.api import ROOM_OPENS_BEFORE, has_calendars
from tenants.api import tenant_url

_READ = 40
_SHOWN = 8
_SENTENCES = 5
_FIRST_LOOK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Coming:
    """One meeting ahead. `joins` says whether its link opens now; `opens_at` when it will."""

    meeting: Meeting
    uid: str
    client: str
    others: int
    joins: bool
    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class ComingDay:
    """The meetings of one day at the business."""

    date: date
    meetings: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to do before the first client comes; `address` "" where this user cannot do it."""

    words: str
    act: str
    address: str
    is_done: bool


@require_safe
@portal_page()
def today(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show the three answers; a host gets those about their own meetings. Notes that the user looked."""
    looked_at = note_visit(viewer.user, now=viewer.now)
    since = looked_at or viewer.now - _FIRST_LOOK
    subjects = None
    if viewer.only_host is not None:
        subjects = subjects_of_host(viewer.only_host, since=viewer.now - _FIRST_LOOK)
    coming = [
        as_coming(each, viewer)
        for each in coming_meetings(now=viewer.now, limit=_READ, host_id=viewer.only_host)
    ]
    wanting = needs(viewer, subjects=subjects)
    context = {
        "viewer": viewer,
        "here": "today",
        "date_words": times.long_day(viewer.today),
        "answer": answer(coming, viewer),
        "needs": wanting,
        "next": coming[0] if coming else None,
        "days": by_day(shown_of(coming[1:], viewer), viewer),
        "did": recent_runs(since=since, limit=_SENTENCES, subjects=subjects),
        "looked_at": looked_at,
        "steps": () if coming else first_steps(viewer),
        "page_address": tenant_url(viewer.tenant, "/"),
    }
    return render(request, "business/today.html", context)


def as_coming(meeting: Meeting, viewer: Viewer) -> Coming:
    """Return a meeting with what its row says: whose it is, and whether one can go in."""
    bookings = list(meeting.bookings.all())
    opens_at = meeting.starts_at - ROOM_OPENS_BEFORE if meeting.join_url else None
    return Coming(
        meeting=meeting,
        uid=bookings[0].uid,
        client=bookings[0].attendee_name,
        others=len(bookings) - 1,
        joins=opens_at is not None and opens_at <= viewer.now < meeting.ends_at,
        opens_at=opens_at,
    )


def answer(coming: Sequence[Coming], viewer: Viewer) -> str:
    """Return in one sentence what is next; pure."""
    if not coming:
        return "Nothing is booked yet."
    starts_at = coming[0].meeting.starts_at
    ours = [each for each in coming if _day_of(each, viewer) == viewer.today]
    if not ours:
        return f"No meeting today. The next is on {times.moment(starts_at, viewer.zone, viewer.today)}."
    count = "1 meeting" if len(ours) == 1 else f"{len(ours)} meetings"
    if starts_at <= viewer.now:
        return f"{count} today, one of them now."
    return f"{count} still to come today, the next {times.until(starts_at, viewer.now)}."


def shown_of(coming: Sequence[Coming], viewer: Viewer) -> Sequence[Coming]:
    """Return all of today's, and of later ones as many as fill the list."""
    ours = sum(_day_of(each, viewer) == viewer.today for each in coming)
    return coming[: max(ours, _SHOWN)]


def by_day(coming: Sequence[Coming], viewer: Viewer) -> list[ComingDay]:
    """Group meetings that follow each other by their date at the business."""
    return [
        ComingDay(on, tuple(rows)) for on, rows in groupby(coming, key=lambda each: _day_of(each, viewer))
    ]


def first_steps(viewer: Viewer) -> tuple[FirstStep, ...]:
    """Return what to do before the first client comes, each with whether it is done. Two queries."""
    types = EventType.objects.filter(active=True)
    hosts = types.exclude(hosts=None).values_list("hosts", flat=True)
    if viewer.only_host is not None:
        types, hosts = types.filter(hosts=viewer.only_host), hosts.filter(hosts=viewer.only_host)
    make = _mine("business:new_meeting_type", viewer)
    connect = _mine("business:connections", viewer)
    return (
        FirstStep("Have a meeting type that clients can book", "Create a meeting type", make, types.exists()),
        FirstStep("Connect a calendar, so that no time clashes", "Connect a calendar", connect, _any(hosts)),
    )


def _any(hosts: Collection[int]) -> bool:
    return bool(has_calendars(hosts))


def _mine(name: str, viewer: Viewer) -> str:
    return page_address(name) if viewer.sees_everything else ""


def _day_of(coming: Coming, viewer: Viewer) -> date:
    return coming.meeting.starts_at.astimezone(viewer.zone).date()
