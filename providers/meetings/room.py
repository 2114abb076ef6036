"""The built-in room: a meeting link that needs no vendor, made in our database and proven over HTTP.

The proof visits the link as a person would, through the one transport that may reach our own address: the
page must be there and say which meeting and start it is for, and its signalling must echo an HMAC of a fresh
nonce under the room's secret, so no other page and no cache can answer in its place.
"""

import hashlib
import hmac
import json
import re
import secrets
from datetime import datetime, timedelta
from html import unescape

from django.db import connection

from kernel.errors import HoldfastError
from kernel.http import GuardedClient, HttpError, own_address_client
from providers.models import Room
from providers.protocols import JsonScalar, MeetingLink, MeetingRequest, NotJoinable, Proof, Rejected
from tenants.api import is_own_host, tenant_url

OPENS_BEFORE = timedelta(minutes=10)
TIMEOUT_SECONDS = 5.0
_META = re.compile(r"<meta\s[^>]*?name=\"holdfast-room\"[^>]*?content=\"([^\"]*)\"", re.IGNORECASE)


class RoomNotFound(HoldfastError):
    """There is no such room, or it was cancelled: both answer alike."""

    code = "not_found"


class BuiltInRoom:
    """Rooms of the current tenant. `create` and `cancel` are one statement each, idempotent by key."""

    kind = "built_in_room"
    has_link = True

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:
        """Return the room of this key, made now if it is new.

        Raises Rejected when the key's room was cancelled or belongs to another meeting or time: a changed
        meeting asks with a new key.
        """
        Room.objects.bulk_create(
            [
                Room(
                    key=request.key,
                    token=secrets.token_urlsafe(24),
                    meeting_uid=request.meeting_uid,
                    title=request.title[:255],
                    starts_at=request.starts_at,
                    ends_at=request.ends_at,
                    opens_at=request.starts_at - OPENS_BEFORE,
                    closes_at=request.ends_at,
                    secret=_new_secret(),
                    created_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        room = Room.objects.get(key=request.key)
        if room.cancelled_at is not None:
            raise Rejected("This room was cancelled and does not come back.")
        if (room.meeting_uid, room.starts_at) != (request.meeting_uid, request.starts_at):
            raise Rejected("This key already has a room for another meeting or time.")
        return _link(room)

    def find(self, key: str) -> MeetingLink | None:
        """Return the live room of this key, or None. One query."""
        room = Room.objects.filter(key=key, cancelled_at=None).first()
        return _link(room) if room else None

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Visit the room's page and probe its signalling; raises NotJoinable with the reason in words.

        Never inside a transaction: the web process that answers must not wait for our locks.
        """
        if connection.in_atomic_block:
            raise RuntimeError("A room is never proven inside a database transaction.")
        room = Room.objects.filter(key=link.key, cancelled_at=None).first()
        if room is None:
            raise NotJoinable("The room of this meeting does not exist any more.")
        nonce = secrets.token_urlsafe(18)
        try:
            with own_address_client(timeout_seconds=TIMEOUT_SECONDS, is_own_host=is_own_host) as client:
                _check_page(client, link.url, request)
                state = _check_signal(client, link.url, request, nonce=nonce, echo=room_echo(room, nonce))
        except HttpError as error:
            raise NotJoinable(f"The room's page does not answer: {error.message}", transient=True) from error
        evidence: dict[str, JsonScalar] = {"kind": self.kind, "meeting": request.meeting_uid}
        evidence |= {"status": 200, "state": state, "nonce": nonce}
        return Proof(checked_at=now, url=link.url, evidence=evidence)

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Close the room for good; its link answers "not found" from now on."""
        return Room.objects.filter(key=key, cancelled_at=None).update(cancelled_at=now) == 1

    def is_of_host(self, key: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return False: whoever hosts, the room is the platform's."""
        return False


def get_room(token: str) -> Room:
    """Return the live room of a link's token; raises RoomNotFound, for a cancelled one too."""
    room = None if "\0" in token else Room.objects.filter(token=token, cancelled_at=None).first()
    if room is None:
        raise RoomNotFound("There is no meeting at this address.")
    return room


def remove_room(key: str) -> None:
    """Forget a key's room altogether: for the health check's own only, a meeting's room is cancelled."""
    Room.objects.filter(key=key).delete()


def room_echo(room: Room, nonce: str) -> str:
    """Return the signalling's answer to a probe: HMAC-SHA256 of the nonce under the room's secret, hex."""
    return hmac.new(bytes(room.secret), nonce.encode(), hashlib.sha256).hexdigest()


def room_mark(meeting_uid: str, starts_at: datetime) -> str:
    """Return the content of the page's <meta name="holdfast-room" content="…">: its meeting and start."""
    return f"{meeting_uid}|{starts_at.isoformat()}"


def _new_secret() -> bytes:
    return secrets.token_bytes(32)


def _link(room: Room) -> MeetingLink:
    url = tenant_url(None, f"/room/{room.token}/")
    return MeetingLink(kind=BuiltInRoom.kind, key=room.key, url=url, data={"token": room.token})


def _check_page(client: GuardedClient, url: str, request: MeetingRequest) -> None:
    """Raise NotJoinable unless the page is there and is this meeting's."""
    answer = client.get(url)
    if answer.status_code != 200:
        raise NotJoinable(f"The room's page answers with {answer.status_code}.", transient=True)
    marks = [unescape(mark) for mark in _META.findall(answer.text)]
    if len(marks) != 1:
        raise NotJoinable("The room's page is not a room's page.", transient=True)
    if not _is_mark_of(marks[0], request):
        raise NotJoinable("The room's page is for another meeting or another time.")


def _is_mark_of(mark: str, request: MeetingRequest) -> bool:
    uid, _, start = mark.partition("|")
    return uid == request.meeting_uid and _is_same_instant(start, request.starts_at)


def _check_signal(client: GuardedClient, url: str, request: MeetingRequest, *, nonce: str, echo: str) -> str:
    """Raise NotJoinable unless the signalling answers for this meeting with the echo; return its state."""
    answer = client.get(f"{url}signal", params={"probe": nonce})
    if answer.status_code != 200:
        raise NotJoinable(f"The room's signalling answers with {answer.status_code}.", transient=True)
    try:
        said = json.loads(answer.content)
    except ValueError as error:
        raise NotJoinable("The room's signalling answers rubbish.", transient=True) from error
    if not isinstance(said, dict):
        raise NotJoinable("The room's signalling answers rubbish.", transient=True)
    if not hmac.compare_digest(str(said.get("echo")).encode(), echo.encode()):
        raise NotJoinable("The room's signalling did not prove that it is this room.")
    if said.get("meeting") != request.meeting_uid:
        raise NotJoinable("The room's signalling is for another meeting.")
    if not _is_same_instant(str(said.get("starts_at")), request.starts_at):
        raise NotJoinable("The room's signalling is for another time.")
    return str(said.get("state"))[:40]


def _is_same_instant(text: str, instant: datetime) -> bool:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return False
    return read.tzinfo is not None and read == instant
