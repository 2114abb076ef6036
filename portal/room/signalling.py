"""The room's addresses for its script: asking in, the door, the exchange of messages, leaving.

Authority is the ticket in the Authorization header, which one join handed to one page; it opens one room.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from kernel.clock import now as read_clock
from portal.rates import check_rate
from portal.room.answers import heard_answer, me_answer, private, room_answer
from portal.room.bodies import InvalidBody, read_body, read_number, read_said, read_text, read_ticket
from portal.room.hosting import check_pass
from portal.room.states import room_state
from providers.api import (
    Room,
    RoomNotFound,
    admit_participant,
    deny_participant,
    exchange_signals,
    get_room,
    ice_servers,
    join_room,
    leave_room,
    rejoin_room,
    remove_participant,
    room_echo,
    step_away,
)

_PROBE_LENGTH = 200
_DECISIONS: dict[str, Callable[..., None]] = {
    "admit": admit_participant,
    "deny": deny_participant,
    "remove": remove_participant,
}


@require_http_methods(["GET", "HEAD", "POST"])
@room_answer
def signal(request: HttpRequest, token: str) -> HttpResponse:
    """GET answers a probe of the link's proof; POST exchanges messages with the people inside."""
    if request.method != "POST":
        return _probe(request, token)
    now, room = read_clock(), get_room(token)
    body = read_body(request)
    heard = exchange_signals(room, ticket=read_ticket(request), said=read_said(body), now=now)
    wants_ice = body.get("ice") is True and heard.me.state == heard.me.State.ADMITTED
    ice = list(ice_servers(heard.me.peer, now=now)) if wants_ice else None
    return JsonResponse(heard_answer(room, heard, now=now, ice=ice))


@require_POST
@room_answer
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Ask to come in with a name, or go on with a ticket after a reload; a pass makes the joiner a host."""
    now, room = read_clock(), get_room(token)
    check_rate(request, "room_join", now=now)
    body, ticket = read_body(request), read_ticket(request)
    if ticket:
        return JsonResponse({"me": me_answer(rejoin_room(room, ticket=ticket, now=now))})
    given = read_text(body, "host_pass")
    if given:
        check_pass(given, room)
    joined = join_room(room, name=read_text(body, "name"), is_host=bool(given), now=now)
    return JsonResponse({"ticket": joined.ticket, "me": me_answer(joined.participant)}, status=201)


@require_POST
@room_answer
def door(request: HttpRequest, token: str) -> HttpResponse:
    """A host who is inside admits, denies or removes somebody."""
    now, room = read_clock(), get_room(token)
    body = read_body(request)
    decide = _DECISIONS.get(read_text(body, "decision"))
    if decide is None:
        raise InvalidBody("decision is admit, deny or remove.")
    decide(room, ticket=read_ticket(request), peer=read_text(body, "peer"), now=now)
    return JsonResponse({})


@require_POST
@room_answer
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Leave for good, or, when only the page closed ("away"), keep the place for a while."""
    now, room = read_clock(), get_room(token)
    body, ticket = read_body(request), read_ticket(request)
    if body.get("away") is True:
        step_away(room, ticket=ticket, epoch=read_number(body, "epoch"), now=now)
    else:
        leave_room(room, ticket=ticket)
    return JsonResponse({})


def _probe(request: HttpRequest, token: str) -> HttpResponse:
    """Answer which meeting this is, in what state, and the nonce signed with the room's secret."""
    try:
        room = get_room(token)
    except RoomNotFound as error:
        return JsonResponse({"code": error.code}, status=404)
    nonce = request.GET.get("probe", "")
    if not nonce or len(nonce) > _PROBE_LENGTH:
        return JsonResponse({"code": "invalid_request"}, status=400)
    return private(JsonResponse(_probed(room, nonce, now=read_clock())))


def _probed(room: Room, nonce: str, *, now: datetime) -> dict[str, Any]:
    return {
        "meeting": room.meeting_uid,
        "starts_at": room.starts_at.isoformat(),
        "state": room_state(opens_at=room.opens_at, closes_at=room.closes_at, now=now),
        "echo": room_echo(room, nonce),
    }
