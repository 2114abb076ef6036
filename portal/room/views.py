"""The room's page. It answers for exactly one meeting, which is what proves a link."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kernel.clock import now as read_clock
from portal.public.answers import SeeOther, client_page
from portal.public.forms import read_zone
from portal.public.journey import build_when
from portal.public.tenant import tenant_of
from portal.room.answers import private
from portal.room.hosting import host_pass
from portal.room.states import room_state
from providers.api import ROOM_PLACES, RoomNotFound, get_room, room_mark, turn_is_set


@require_safe
@client_page
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the room: before it opens, the lobby and the call, or after the end; unknown or cancelled is a 404.

    Opened with the session of a user who may host, the page carries the pass to join as host.
    """
    now = read_clock()
    tenant = tenant_of(request)
    try:
        room = get_room(token)
    except RoomNotFound:
        return private(render(request, "room/gone.html", {"tenant": tenant}, status=404))
    zone = read_zone(request) or tenant.time_zone
    state = room_state(opens_at=room.opens_at, closes_at=room.closes_at, now=now)
    context = {
        "tenant": tenant,
        "room": room,
        "mark": room_mark(room.meeting_uid, room.starts_at),
        "state": state,
        "when": build_when(room.starts_at, room.ends_at, time_zone=zone, host_zone=tenant.time_zone),
        "opens": build_when(room.opens_at, room.opens_at, time_zone=zone, host_zone=zone),
        "closes": build_when(room.closes_at, room.closes_at, time_zone=zone, host_zone=zone),
        "refresh_seconds": _refresh_seconds(room.opens_at, now=now),
        "host_pass": host_pass(request.user, room) if state != "ended" else "",
        "is_signed_in": request.user.is_authenticated,
        "turn_is_set": turn_is_set(),
        "is_relay_only": settings.HOLDFAST_ROOM_RELAY_ONLY,
        "places": ROOM_PLACES,
        "now": now,
    }
    return private(render(request, "room/page.html", context))


@require_safe
@client_page
@login_required
def host(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001  sign-in is what this address is for
    """Sign in, then go to the room; whether this user may host is for the room's page to find."""
    return SeeOther(reverse("room:page", args=[token]))


def _refresh_seconds(opens_at: datetime, *, now: datetime) -> int:
    """Return when the lobby looks again: at the opening, at most a minute from now, at least five seconds."""
    return max(5, min(60, int((opens_at - now).total_seconds()) + 1))
