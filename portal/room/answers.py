"""Answers of the room's addresses that a script reads: JSON, errors as {"code", "words"}, never cached."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.errors import HoldfastError
from providers.api import Room, RoomHeard, RoomParticipant, is_participant_here

View = Callable[..., HttpResponse]

_STATUS = {
    "not_found": 404,
    "unauthorized": 401,
    "forbidden": 403,
    "not_open": 403,
    "nobody_there": 409,
    "room_full": 409,
    "opened_elsewhere": 409,
    "door_crowded": 429,
    "rate_limited": 429,
    "busy": 503,
}
_AGAIN_SECONDS = 5


def room_answer(view: View) -> View:
    """Turn the domain's errors into JSON; no cookie is authority here, so CSRF asks for none."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return private(view(request, *args, **kwargs))
        except HoldfastError as error:
            return private(_refusal(error))
        except (OperationalError, InterfaceError):
            return private(_refusal(HoldfastError("The server is busy. Nothing was changed.", code="busy")))

    return answer


def private(response: HttpResponse) -> HttpResponse:
    """Keep the answer out of caches and search engines."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def heard_answer(room: Room, heard: RoomHeard, *, now: datetime, ice: list[Any] | None) -> dict[str, Any]:
    """Return an exchange's answer; `ice` only where it was asked for by somebody who is inside."""
    said: dict[str, Any] = {
        "me": me_answer(heard.me),
        "host_is_here": heard.host_is_here,
        "is_full": heard.is_full,
        "now": now.isoformat(),
        "closes_at": room.closes_at.isoformat(),
        "people": [_person(person, now=now) for person in heard.people],
        "door": [{"peer": person.peer, "name": person.name} for person in heard.door],
        "signals": [
            {
                "id": signal.pk,
                "from": signal.sender.peer,
                "epoch": signal.sender_epoch,
                "kind": signal.kind,
                "body": signal.body,
            }
            for signal in heard.signals
        ],
        "lines": [
            {
                "id": line.pk,
                "peer": line.peer,
                "name": line.name,
                "text": line.text,
                "at": line.said_at.isoformat(),
            }
            for line in heard.lines
        ],
    }
    return said if ice is None else {**said, "ice": ice}


def me_answer(me: RoomParticipant) -> dict[str, Any]:
    """Return what a participant may know of itself."""
    return {"peer": me.peer, "epoch": me.epoch, "name": me.name, "state": me.state, "is_host": me.is_host}


def _person(person: RoomParticipant, *, now: datetime) -> dict[str, Any]:
    return {
        "peer": person.peer,
        "epoch": person.epoch,
        "name": person.name,
        "is_host": person.is_host,
        "is_here": is_participant_here(person, now=now),
        "microphone": person.has_microphone,
        "camera": person.has_camera,
        "screen": person.shares_screen,
    }


def _refusal(error: HoldfastError) -> HttpResponse:
    status = _STATUS.get(error.code, 400)
    response = JsonResponse({"code": error.code, "words": error.message}, status=status)
    if status in (429, 503):
        response["Retry-After"] = str(error.fields.get("retry_after_seconds", _AGAIN_SECONDS))
    return response
