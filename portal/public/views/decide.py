"""A host decides from the mail, without signing in: GET shows, POST acts. The token is the key."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from audit.api import Actor
from booking.api import (
    Booking,
    BookingNotFound,
    NotChangeable,
    approve,
    decline,
    get_booking,
    is_approval_token,
    of_meeting,
)
from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.journey import build_when
from portal.public.picker import build_offer
from portal.public.tenant import tenant_of
from portal.rates import check_rate

_LONGEST_REASON = 500


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def decide(request: HttpRequest, uid: str, host_id: int, token: str) -> HttpResponse:
    """Show the booking that waits, with its two buttons; POST approves or declines (303)."""
    now = read_clock()
    booking = _find(request, uid, host_id, token)
    host = booking.meeting.hosts.get(pk=host_id)
    fault = ""
    if request.method == "POST":
        check_rate(request, "submit", now=now)
        actor = Actor(type="user", id=str(host.user_id) if host.user_id else f"host:{host.pk}")
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:_LONGEST_REASON]
        try:
            if request.POST.get("act") == "approve":
                approve(booking, now=now, actor=actor)
            elif request.POST.get("act") == "decline":
                decline(booking, reason=reason, now=now, actor=actor)
            return SeeOther(reverse("public:decide", args=[uid, host_id, token]))
        except NotChangeable as fact:
            fault = fact.message
    meeting = booking.meeting
    context = {
        "tenant": tenant_of(request),
        "booking": booking,
        "host": host,
        "fault": fault,
        "offer": build_offer(of_meeting(meeting), list(meeting.hosts.all())),
        "when": build_when(
            meeting.starts_at, meeting.ends_at, time_zone=host.time_zone, host_zone=host.time_zone
        ),
        "is_waiting": booking.status == Booking.Status.PENDING and (booking.expires_at or now) > now,
    }
    response = render(request, "public/decide.html", context, status=409 if fault else 200)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _find(request: HttpRequest, uid: str, host_id: int, token: str) -> Booking:
    """Return the booking that this address opens; an unknown uid and a wrong token are the same 404, and counted."""
    try:
        booking = get_booking(uid)
    except BookingNotFound:
        booking = None
    if booking is None or not is_approval_token(booking, host_id, token):
        check_rate(request, "manage", now=read_clock())
        raise Http404
    return booking
