"""Who is in a room: asking to come in, being let in, staying, leaving. Bounded, and forgotten with the room.

Every change takes the room's row lock first, so four places are four and rows of one room come in one order.
"""

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from kernel.errors import HoldfastError
from providers.meetings.room import RoomNotFound
from providers.models import Room, RoomLine, RoomParticipant, RoomSignal

ROOM_PLACES = 4  # a full mesh: each browser sends its picture to every other one
DOOR_PLACES = 10
NAME_LENGTH = 60
AWAY_AFTER = timedelta(seconds=15)  # shown as away
GONE_AFTER = timedelta(seconds=45)  # the place is free for somebody else
FORGOTTEN_AFTER = timedelta(minutes=10)

State = RoomParticipant.State


class RoomNotOpen(HoldfastError):
    """The room opens later, or the meeting is over."""

    code = "not_open"


class DoorCrowded(HoldfastError):
    """Too many people wait at this door already."""

    code = "door_crowded"


class RoomFull(HoldfastError):
    """All places are taken."""

    code = "room_full"


class NotInside(HoldfastError):
    """The ticket is not one of this room, or it is forgotten."""

    code = "unauthorized"


class NotTheHost(HoldfastError):
    """Only a host who is inside decides who comes in."""

    code = "forbidden"


class NobodyThere(HoldfastError):
    """The person left, or the decision was already made otherwise."""

    code = "nobody_there"


@dataclass(frozen=True)
class RoomMedia:
    """What a participant sends now."""

    has_microphone: bool = False
    has_camera: bool = False
    shares_screen: bool = False


NO_MEDIA = RoomMedia()


@dataclass(frozen=True)
class RoomJoined:
    """A participant and the ticket that speaks for it; the ticket is told once and stored nowhere."""

    participant: RoomParticipant
    ticket: str


def join_room(room: Room, *, name: str, is_host: bool, now: datetime) -> RoomJoined:
    """Put a person at the door, or inside if this is a host and a place is free.

    `is_host` is the caller's own finding, never the browser's word. Raises RoomNotOpen, DoorCrowded, and
    HoldfastError for a name that is empty.
    """
    shown = clean_name(name)
    if not shown:
        raise HoldfastError("Say your name, so that the host knows who asks to come in.")
    ticket = secrets.token_urlsafe(24)
    with transaction.atomic():
        locked = lock_room(room, now=now)
        waiting = locked.participants.filter(state=State.WAITING, seen_at__gt=now - GONE_AFTER)
        if not is_host and waiting.count() >= DOOR_PLACES:
            raise DoorCrowded("Many people wait at this door already. Try again in a minute.")
        goes_in = is_host and places_left(locked, now=now) > 0
        participant = RoomParticipant.objects.create(
            room=locked,
            peer=secrets.token_hex(8),
            ticket_hash=_hash(ticket),
            name=shown,
            is_host=is_host,
            state=State.ADMITTED if goes_in else State.WAITING,
            joined_at=now,
            admitted_at=now if goes_in else None,
            seen_at=now,
            window_at=now,
            expires_at=locked.closes_at,
        )
    return RoomJoined(participant, ticket)


def rejoin_room(room: Room, *, ticket: str, now: datetime) -> RoomParticipant:
    """Go on in a page that was opened anew: same place, next epoch; what was said to the old page is dropped.

    Raises RoomNotOpen and NotInside.
    """
    with transaction.atomic():
        lock_room(room, now=now)
        participant = participant_of(room, ticket)
        RoomSignal.objects.filter(Q(sender=participant) | Q(recipient=participant)).delete()
        participant.epoch += 1
        participant.sent_number = 0
        settle(participant, now=now)
        participant.save(update_fields=["epoch", "sent_number", "state", "admitted_at", "seen_at"])
    return participant


def admit_participant(room: Room, *, ticket: str, peer: str, now: datetime) -> None:
    """Let somebody in who waits; again is no fault. Raises NotTheHost, NobodyThere, RoomFull."""
    with transaction.atomic():
        locked, other = _decided(room, ticket=ticket, peer=peer, now=now)
        if other.state == State.ADMITTED:
            return
        if other.state != State.WAITING:
            raise NobodyThere("This person does not wait any more.")
        if places_left(locked, now=now) <= 0:
            raise RoomFull(f"The room is full: {ROOM_PLACES} people at most. Somebody has to leave first.")
        other.state, other.admitted_at = State.ADMITTED, now
        other.save(update_fields=["state", "admitted_at"])


def deny_participant(room: Room, *, ticket: str, peer: str, now: datetime) -> None:
    """Turn away somebody who waits, and forget the name. Raises NotTheHost, NobodyThere."""
    with transaction.atomic():
        _, other = _decided(room, ticket=ticket, peer=peer, now=now)
        if other.state != State.WAITING:
            raise NobodyThere("This person does not wait any more.")
        _put_out(other, State.DENIED)


def remove_participant(room: Room, *, ticket: str, peer: str, now: datetime) -> None:
    """Put somebody out, and forget the name; a host is not put out. Raises NotTheHost, NobodyThere."""
    with transaction.atomic():
        _, other = _decided(room, ticket=ticket, peer=peer, now=now)
        if other.is_host:
            raise NotTheHost("A host cannot be removed by another host.")
        if other.state != State.ADMITTED:
            raise NobodyThere("This person is not inside any more.")
        _put_out(other, State.REMOVED)


def leave_room(room: Room, *, ticket: str) -> bool:
    """Forget a participant at once; its lines stay until the room closes. False if it was not there."""
    deleted, _ = RoomParticipant.objects.filter(room=room, ticket_hash=_hash(ticket)).delete()
    return deleted > 0


def step_away(room: Room, *, ticket: str, epoch: int, now: datetime) -> bool:
    """Show a participant as away at once (its page was closed); the place is kept for a while.

    Only the newest page may say so: a reload's farewell can arrive after its return.
    """
    mine = RoomParticipant.objects.filter(room=room, ticket_hash=_hash(ticket), epoch=epoch)
    return mine.update(seen_at=now - AWAY_AFTER) == 1


def participant_of(room: Room, ticket: str, *, lock: bool = True) -> RoomParticipant:
    """Return the participant of this room whose ticket it is; raises NotInside for any other."""
    rows = RoomParticipant.objects.select_for_update() if lock else RoomParticipant.objects
    found = rows.filter(room=room, ticket_hash=_hash(ticket)).first()
    if found is None:
        raise NotInside("This place in the room is not known any more. Ask to come in again.")
    return found


def settle(participant: RoomParticipant, *, now: datetime) -> None:
    """Note that the participant is here; one who was gone while others took the places waits again.

    Under the room's lock. Changes the object only: the caller saves it.
    """
    was_gone = participant.seen_at <= now - GONE_AFTER
    if participant.state == State.ADMITTED and was_gone and places_left(participant.room, now=now) <= 0:
        participant.state, participant.admitted_at = State.WAITING, None
    participant.seen_at = now


def places_left(room: Room, *, now: datetime) -> int:
    """Return how many more may come in; who was gone too long counts no more."""
    inside = RoomParticipant.objects.filter(room=room, state=State.ADMITTED, seen_at__gt=now - GONE_AFTER)
    return ROOM_PLACES - inside.count()


def lock_room(room: Room, *, now: datetime) -> Room:
    """Return the room, locked, if it is open; raises RoomNotFound or RoomNotOpen."""
    locked = Room.objects.select_for_update().filter(pk=room.pk, cancelled_at=None).first()
    if locked is None:
        raise RoomNotFound("There is no meeting at this address.")
    check_open(locked, now=now)
    return locked


def check_open(room: Room, *, now: datetime) -> None:
    """Raise RoomNotOpen outside [opens_at, closes_at)."""
    if now < room.opens_at:
        raise RoomNotOpen("The room is not open yet.")
    if now >= room.closes_at:
        raise RoomNotOpen("This meeting has ended.")


def clean_name(name: str) -> str:
    """Return a name as it is shown: one line, no control or direction characters, at most 60 long."""
    kept = "".join(" " if sign.isspace() else sign for sign in name if _is_shown(sign))
    return " ".join(kept.split())[:NAME_LENGTH].strip()


MAY_PRUNE = """
    SELECT EXISTS (SELECT FROM providers_roomsignal) OR EXISTS (SELECT FROM providers_roomline)
        OR EXISTS (SELECT FROM providers_roomparticipant)
"""


def prune_rooms(*, now: datetime) -> int:
    """Delete what expired in the current tenant: signals, participants (names), chat; return how many rows."""
    over = Q(expires_at__lte=now) | Q(room__closes_at__lte=now) | Q(room__cancelled_at__isnull=False)
    gone = [
        RoomSignal.objects.filter(over).delete()[0],
        RoomParticipant.objects.filter(over | Q(seen_at__lte=now - FORGOTTEN_AFTER)).delete()[0],
        RoomLine.objects.filter(over).delete()[0],
    ]
    return sum(gone)


def _decided(room: Room, *, ticket: str, peer: str, now: datetime) -> tuple[Room, RoomParticipant]:
    """Return the locked room and the person whom a host who is inside decides about."""
    locked = lock_room(room, now=now)
    host = participant_of(locked, ticket, lock=False)
    if not host.is_host or host.state != State.ADMITTED:
        raise NotTheHost("Only the host decides who comes in.")
    other = RoomParticipant.objects.select_for_update().filter(room=locked, peer=peer).first()
    if other is None:
        raise NobodyThere("This person has left.")
    return locked, other


def _put_out(other: RoomParticipant, state: str) -> None:
    other.state, other.name = state, ""
    other.save(update_fields=["state", "name"])
    RoomSignal.objects.filter(Q(sender=other) | Q(recipient=other)).delete()


def _is_shown(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()
