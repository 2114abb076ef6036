"""One booking: who, when, where with the proof of its link, what ran for it, what was sent."""

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.api import runs
from booking.api import (
    Booking,
    BookingNotFound,
    EventType,
    Meeting,
    can_mark_no_show,
    get_booking,
    progress,
    subjects_of,
    wants_texts,
    way_words,
)
from portal.business.happenings import happenings
from portal.business.viewer import Viewer, portal_page
from providers.api import ROOM_OPENS_BEFORE, messages, texts

_RUNS_SHOWN = 50
CANCELLABLE = frozenset({"confirmed"})  # what waits for its link ends by itself within its deadline


@require_safe
@portal_page()
def booking(request: HttpRequest, viewer: Viewer, uid: str) -> HttpResponse:
    """Show a booking; it refreshes itself while the automation still works on it."""
    found = find_booking(uid, viewer)
    if found is None:
        return booking_not_found(request, viewer)
    state = progress(found, now=viewer.now)
    subjects = subjects_of(found)
    sent = messages(booking_uid=found.uid)
    texted = texts(booking_uid=found.uid)
    context = {
        "viewer": viewer,
        "here": "bookings",
        "booking": found,
        "progress": state,
        "is_moving": not state.final and found.status != Booking.Status.PENDING,  # that waits for a person
        "can_decide": found.status == Booking.Status.PENDING
        and (found.expires_at or viewer.now) > viewer.now,
        "can_cancel": found.status in CANCELLABLE and found.meeting.ends_at > viewer.now,
        "can_reschedule": can_move(found, viewer),
        "can_reassign": can_move(found, viewer) and _has_other_hosts(found),
        "can_mark_no_show": can_mark_no_show(found, viewer.now),
        "can_send_again": any(
            each.to_address == found.attendee_email and each.state in ("sent", "failed") for each in sent
        ),
        "rooms": list(found.meeting.resources.order_by("pk")),
        "fallback": _fallback_words(found.meeting),
        "joins": _joins(found, viewer),
        "happenings": happenings(
            found.uid, subjects=subjects, runs=runs(limit=_RUNS_SHOWN, subject=subjects)
        ),
        "messages_sent": sent,
        "texts_sent": texted,
        "gets_texts": bool(texted) and wants_texts(found.pk),
    }
    return render(request, "business/booking.html", context)


def find_booking(uid: str, viewer: Viewer) -> Booking | None:
    """Return the booking if it exists and the viewer may see it; both "no" look the same from outside."""
    try:
        found = get_booking(uid)
    except BookingNotFound:
        return None
    prefetch_related_objects([found.meeting], "hosts")
    hosts = {host.pk for host in found.meeting.hosts.all()}
    return found if viewer.only_host is None or viewer.only_host in hosts else None


def _has_other_hosts(booking: Booking) -> bool:
    event_type = booking.meeting.event_type
    is_shared = event_type.kind != EventType.Kind.COLLECTIVE
    own = [host.pk for host in booking.meeting.hosts.all()]
    return is_shared and event_type.hosts.filter(active=True).exclude(pk__in=own).exists()


def _fallback_words(meeting: Meeting) -> str:
    """Return how people meet where the first way did not work; "" where it did, or nothing was made yet."""
    if not meeting.join_url or meeting.link_kind == meeting.location_kind:
        return ""
    return f"In {way_words(meeting.link_kind)}: {way_words(meeting.location_kind)} did not work"


def _joins(booking: Booking, viewer: Viewer) -> bool:
    """Say whether the link opens now for its host."""
    meeting = booking.meeting
    is_open = meeting.starts_at - ROOM_OPENS_BEFORE <= viewer.now < meeting.ends_at
    return is_open and bool(meeting.join_url) and booking.status == Booking.Status.CONFIRMED


def can_move(booking: Booking, viewer: Viewer) -> bool:
    """Say whether a reschedule makes sense; booking.api.move has the last word."""
    return booking.status == Booking.Status.CONFIRMED and booking.meeting.starts_at > viewer.now


def booking_not_found(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Answer 404 inside the portal, with the way back."""
    context = {"viewer": viewer, "here": "bookings", "what": "booking"}
    return render(request, "business/not_found.html", context, status=404)
