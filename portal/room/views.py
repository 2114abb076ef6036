"""The room's page and its signalling. Both answer for exactly one meeting, which is what proves a link."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kernel.clock import now as read_clock
from portal.public.answers import client_page
from portal.public.forms import read_zone
from portal.public.journey import build_when
from portal.public.tenant import tenant_of
from portal.room.states import room_state
from providers.api import RoomNotFound, get_room, room_echo, room_mark

_PROBE_LENGTH = 200


@require_safe
@client_page
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the lobby: before it opens, open, or after the end; an unknown or cancelled room is a 404."""
    now = read_clock()
    tenant = tenant_of(request)
    try:
        room = get_room(token)
    except RoomNotFound:
        return _private(render(request, "room/gone.html", {"tenant": tenant}, status=404))
    zone = read_zone(request) or tenant.time_zone
    context = {
        "tenant": tenant,
        "room": room,
        "mark": room_mark(room.meeting_uid, room.starts_at),
        "state": room_state(opens_at=room.opens_at, closes_at=room.closes_at, now=now),
        "when": build_when(room.starts_at, room.ends_at, time_zone=zone, host_zone=tenant.time_zone),
        "opens": build_when(room.opens_at, room.opens_at, time_zone=zone, host_zone=zone),
        "refresh_seconds": _refresh_seconds(room.opens_at, now=now),
    }
    return _private(render(request, "room/page.html", context))


@require_safe
@client_page
def signal(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a probe: which meeting this is, in what state, and the nonce signed with the room's secret."""
    try:
        room = get_room(token)
    except RoomNotFound as error:
        return JsonResponse({"code": error.code}, status=404)
    nonce = request.GET.get("probe", "")
    if not nonce or len(nonce) > _PROBE_LENGTH:
        return JsonResponse({"code": "invalid_request"}, status=400)
    answer = {
        "meeting": room.meeting_uid,
        "starts_at": room.starts_at.isoformat(),
        "state": room_state(opens_at=room.opens_at, closes_at=room.closes_at, now=read_clock()),
        "echo": room_echo(room, nonce),
    }
    return _private(JsonResponse(answer))


def _refresh_seconds(opens_at: datetime, *, now: datetime) -> int:
    """Return when the lobby looks again: at the opening, at most a minute from now, at least five seconds."""
    return max(5, min(60, int((opens_at - now).total_seconds()) + 1))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the answer out of caches and search engines."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
