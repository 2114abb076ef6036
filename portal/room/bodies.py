"""What the room's page sends, read strictly: JSON of known size and shape, or InvalidBody in words."""

import json
from typing import Any

from django.http import HttpRequest

from kernel.errors import HoldfastError
from providers.api import OutgoingSignal, RoomMedia, RoomSaid

BODY_BYTES = 200_000
SIGNALS_AT_ONCE = 40
LINES_AT_ONCE = 5
_BIGGEST = 2**53


class InvalidBody(HoldfastError):
    """What was sent is not what the room's page sends."""


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the request's JSON object; raises InvalidBody when it is too large or something else."""
    raw = request.body
    if len(raw) > BODY_BYTES:
        raise InvalidBody("Too much was sent at once.")
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidBody("A JSON object is expected.") from error
    if not isinstance(body, dict):
        raise InvalidBody("A JSON object is expected.")
    return body


def read_ticket(request: HttpRequest) -> str:
    """Return the ticket of the Authorization header ("Bearer …"), "" without one."""
    scheme, _, ticket = request.headers.get("Authorization", "").partition(" ")
    return ticket.strip() if scheme == "Bearer" else ""


def read_text(body: dict[str, Any], name: str) -> str:
    """Return a text, "" if it is missing."""
    value = body.get(name, "")
    if not isinstance(value, str) or not _is_storable(value):
        raise InvalidBody(f"{name} is a text.")
    return value


def read_number(body: dict[str, Any], name: str) -> int:
    """Return a whole number from 0, which is also what a missing one is."""
    value = body.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _BIGGEST:
        raise InvalidBody(f"{name} is a whole number.")
    return value


def read_said(body: dict[str, Any]) -> RoomSaid:
    """Return what a browser says in one exchange."""
    return RoomSaid(
        epoch=read_number(body, "epoch"),
        after=read_number(body, "after"),
        line_after=read_number(body, "line_after"),
        media=_media(body),
        signals=[_signal(each) for each in _objects(body, "signals", SIGNALS_AT_ONCE)],
        lines=[
            (read_number(each, "number"), read_text(each, "text"))
            for each in _objects(body, "lines", LINES_AT_ONCE)
        ],
    )


def _is_storable(text: str) -> bool:
    """Say whether PostgreSQL can keep the text: no NUL, no lone surrogate (JSON allows both)."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _signal(each: dict[str, Any]) -> OutgoingSignal:
    return OutgoingSignal(
        number=read_number(each, "number"),
        to=read_text(each, "to"),
        to_epoch=read_number(each, "to_epoch"),
        kind=read_text(each, "kind"),
        body=read_text(each, "body"),
    )


def _media(body: dict[str, Any]) -> RoomMedia:
    media = body.get("media", {})
    if not isinstance(media, dict):
        raise InvalidBody("media is an object.")
    return RoomMedia(
        has_microphone=media.get("microphone") is True,
        has_camera=media.get("camera") is True,
        shares_screen=media.get("screen") is True,
    )


def _objects(body: dict[str, Any], name: str, at_most: int) -> list[dict[str, Any]]:
    items = body.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidBody(f"{name} is a list of objects.")
    if len(items) > at_most:
        raise InvalidBody(f"At most {at_most} {name} at once.")
    return items
