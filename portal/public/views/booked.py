"""A booking's own page: its progress, what was booked, what can still change. The token is the key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from booking.api import (
    Booking,
    BookingNotFound,
    Host,
    Progress,
    as_met,
    book_again_path,
    choices_of,
    event_uid,
    get_booking,
    is_manage_token,
    manage_token,
    progress,
    questions_of,
    series_url,
    text_consent,
    when,
)
from kernel.clock import now as read_clock
from portal.public.answers import LinkRenewed, SeeOther, client_page
from portal.public.calendars import build_calendar_file, build_calendar_links
from portal.public.forms import carried_answers
from portal.public.journey import build_alternatives, build_history, build_steps, build_when
from portal.public.picker import build_offer, common_zone
from portal.public.tenant import tenant_of
from portal.public.zones import zone_words
from portal.rates import check_rate
from tenants.api import Tenant

_MOVE_COOKIE = "holdfast_moved"
_MOVE_SECONDS = 600
_FINAL_PAGES = frozenset({"confirmed", "failed", "cancelled", "expired", "declined", "completed", "no_show"})


@require_safe
@client_page
def booked(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Show the booking as it is now; while it is under way, the page refreshes itself."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    if booking.status == Booking.Status.HELD:
        return SeeOther(reverse("public:details", args=[uid, token]))
    context = booked_context(booking, tenant_of(request), token=token, now=now)
    context |= progress_context(booking, progress(booking, now=now), token=token)
    page = booking.status if booking.status in _FINAL_PAGES else "under_way"
    return _private(render(request, f"public/booked/{page}.html", context))


@require_safe
@client_page
def booking_progress(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Return the four lines alone; once all is settled, tell htmx to load the page again."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    context = progress_context(booking, progress(booking, now=now), token=token)
    context |= {"uid": uid, "token": token}
    response = render(request, "public/_progress.html", context)
    if not context["is_under_way"]:
        response["HX-Refresh"] = "true"
    return _private(response)


@require_safe
@client_page
def calendar_file(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Return the confirmed meeting as an .ics file; the same UID as the invite, so nothing doubles."""
    now = read_clock()
    booking = find_booking(request, uid, token, now=now)
    if booking.status != Booking.Status.CONFIRMED:
        raise Http404
    text = build_calendar_file(
        uid=event_uid(booking.meeting.uid),
        sequence=booking.meeting.sequence,
        starts_at=booking.meeting.starts_at,
        ends_at=booking.meeting.ends_at,
        time_zone=_first_zone(booking),
        now=now,
        **_entry(booking, tenant_of(request)),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
    return _private(response)


def find_booking(request: HttpRequest, uid: str, token: str, *, now: datetime) -> Booking:
    """Return the booking that this address opens; an unknown uid and a wrong token are the same 404.

    Wrong ones are counted, so that guessing ends in 429.
    """
    try:
        booking = get_booking(uid)
    except BookingNotFound:
        booking = None
    if booking is None or not is_manage_token(booking, token):
        if booking is not None and _has_moved_here(request, booking):
            raise LinkRenewed(reverse("public:booking", args=[uid, manage_token(booking)]))
        check_rate(request, "manage", now=now)
        raise Http404
    return booking


def remember_move(response: HttpResponse, booking: Booking) -> None:
    """Let the browser that asked for a move follow it: a confirmed move makes every older link void.

    The cookie is signed, for this booking and the version that the move will give it, and lasts ten minutes.
    """
    ticket = signing.dumps([booking.uid, booking.manage_version + 1], salt=_MOVE_COOKIE)
    response.set_cookie(
        _MOVE_COOKIE,
        ticket,
        max_age=_MOVE_SECONDS,
        path=f"/b/{booking.uid}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _has_moved_here(request: HttpRequest, booking: Booking) -> bool:
    """Say whether this browser asked for the move that made its link void."""
    try:
        ticket = signing.loads(
            request.COOKIES.get(_MOVE_COOKIE, ""), salt=_MOVE_COOKIE, max_age=_MOVE_SECONDS
        )
    except signing.BadSignature:
        return False
    return bool(ticket == [booking.uid, booking.manage_version])


def booked_context(booking: Booking, tenant: Tenant, *, token: str, now: datetime) -> dict[str, Any]:
    """Return what every page of a booking shows: what, who, when, where, and the ways on."""
    meeting = booking.meeting
    hosts: Sequence[Host] = list(meeting.hosts.all())
    waits = booking.expires_at if booking.status == Booking.Status.PENDING else None
    host_zone = common_zone(hosts, otherwise=tenant.time_zone)
    is_coming = meeting.starts_at > now
    texts = text_consent(booking.pk)
    return {
        "tenant": tenant,
        "booking": booking,
        "uid": booking.uid,
        "token": token,
        "offer": build_offer(as_met(meeting), hosts),
        "series_at": series_url(booking.series) if booking.series else "",
        "rooms": list(meeting.resources.order_by("pk")),
        "when": build_when(
            meeting.starts_at, meeting.ends_at, time_zone=booking.time_zone, host_zone=host_zone
        ),
        "zone": zone_words(booking.time_zone, now),
        "is_coming": is_coming,
        "pending_until": when(waits, zone=booking.time_zone) if waits else "",
        "can_change": is_coming and booking.status == Booking.Status.CONFIRMED,
        "can_move": is_coming and booking.status == Booking.Status.CONFIRMED,
        "gets_texts": booking.status in Booking.LIVE and texts is not None and texts.withdrawn_at is None,
        "join_url": meeting.join_url if booking.status == Booking.Status.CONFIRMED else "",
        "calendar": build_calendar_links(
            starts_at=meeting.starts_at, ends_at=meeting.ends_at, **_entry(booking, tenant)
        ),
        "history": build_history(
            booking,
            list(booking.moves.all()),
            time_zone=booking.time_zone,
            texts_stopped_at=texts.withdrawn_at if texts else None,
        ),
        "pick_at": book_again_path(meeting),
    }


def progress_context(booking: Booking, found: Progress, *, token: str) -> dict[str, Any]:
    """Return the four lines, and with a failure the nearest times: to book with the same details, or to move to."""
    moving = found.move if found.move is not None and found.move.status == "held" else None
    stands = booking.status == Booking.Status.CONFIRMED
    failed_move = found.move if stands and found.move and found.move.status in ("failed", "expired") else None
    return {
        "progress": found,
        "steps": build_steps(found.lines),
        "is_under_way": not found.final or moving is not None,
        "looks_again_ms": 20_000
        if booking.status == Booking.Status.PENDING
        else 900,  # that waits for a person
        "moving": moving,
        "moving_to": build_when(
            moving.starts_at, moving.ends_at, time_zone=booking.time_zone, host_zone=booking.time_zone
        )
        if moving
        else None,
        "failed_move": failed_move,
        "alternatives": build_alternatives(found.alternatives, time_zone=booking.time_zone),
        **(_to_move(booking, token) if failed_move else _to_book(booking)),
    }


def _to_move(booking: Booking, token: str) -> dict[str, Any]:
    """Return what the nearest times need to move the booking there."""
    here = reverse("public:reschedule", args=[booking.uid, token])
    return {"post_to": here, "hidden": [("time_zone", booking.time_zone)], "pick_at": here}


def _to_book(booking: Booking) -> dict[str, Any]:
    """Return what the nearest times need to book again with the same details."""
    event_type = booking.meeting.event_type
    return {
        "post_to": reverse("public:hold", args=[event_type.slug]),
        "hidden": [
            ("time_zone", booking.time_zone),
            *choices_of(booking.meeting),
            ("name", booking.attendee_name),
            ("email", booking.attendee_email),
            ("guests", " ".join(booking.guests)),
            ("notes", booking.answers.get("notes", "")),
            *carried_answers(questions_of(event_type), booking.answers),
        ],
    }


def _first_zone(booking: Booking) -> str:
    """Return the zone in which the meeting takes place, as the invite says it: its first host's."""
    first = booking.meeting.hosts.order_by("meetinghost__position").first()
    return first.time_zone if first else "UTC"


def _entry(booking: Booking, tenant: Tenant) -> dict[str, str]:
    """Return the meeting's title, place and note as a calendar shows them."""
    meeting = booking.meeting
    return {
        "title": f"{meeting.event_type.title}, {tenant.name}",
        "location": meeting.join_url or meeting.location_detail,
        "details": f"Join: {meeting.join_url}" if meeting.join_url else "",
    }


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of every cache and every search engine."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
