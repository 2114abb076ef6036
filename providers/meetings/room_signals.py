"""Signalling by short polls: one exchange says what a browser has to say and answers what is there for it.

Never waits. A message is a row to one recipient, deleted when the recipient's next exchange says that it was
read; a message repeated after a lost answer is known by its number and taken once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from kernel.errors import HoldfastError
from providers.meetings.room_people import (
    AWAY_AFTER,
    GONE_AFTER,
    NO_MEDIA,
    RoomMedia,
    State,
    check_open,
    lock_room,
    participant_of,
    places_left,
    settle,
)
from providers.models import Room, RoomLine, RoomParticipant, RoomSignal

BODY_LENGTHS = {"description": 32_000, "candidates": 12_000}
LINE_LENGTH = 1_000
LINES_KEPT = 300
PENDING_AT_MOST = 200
LEFT_THE_DOOR_AFTER = timedelta(seconds=90)  # browsers let a page in the background speak once a minute
SIGNAL_LIVES = timedelta(seconds=60)
WINDOW = timedelta(minutes=1)
WINDOW_ALLOWS = 400  # an exchange costs 1, each message 1, each line of chat 5


class TooMuch(HoldfastError):
    """More than a browser in a call ever says; `retry_after_seconds` is when it counts again."""

    code = "rate_limited"


class OpenedElsewhere(HoldfastError):
    """The same place was opened in a newer page; the older one stops."""

    code = "opened_elsewhere"


@dataclass(frozen=True)
class OutgoingSignal:
    """One message to a peer's page: `number` counts up per page of the sender."""

    number: int
    to: str
    to_epoch: int
    kind: str
    body: str


@dataclass(frozen=True)
class RoomSaid:
    """What a browser says in one exchange; `after` and `line_after` are the last ids that it has."""

    epoch: int
    after: int = 0
    line_after: int = 0
    media: RoomMedia = NO_MEDIA
    signals: Sequence[OutgoingSignal] = ()
    lines: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class RoomHeard:
    """What there is for a participant. Empty but for `me` and `host_is_here` while it is not admitted."""

    me: RoomParticipant
    host_is_here: bool
    is_full: bool
    people: Sequence[RoomParticipant] = ()
    door: Sequence[RoomParticipant] = ()
    signals: Sequence[RoomSignal] = ()
    lines: Sequence[RoomLine] = ()


def exchange_signals(room: Room, *, ticket: str, said: RoomSaid, now: datetime) -> RoomHeard:
    """Take what is said, answer what is there; about eight queries, no waiting.

    Raises RoomNotFound, RoomNotOpen, NotInside, OpenedElsewhere, TooMuch, and HoldfastError for a message
    that no browser of ours sends.
    """
    _check_shapes(said)
    check_open(room, now=now)
    before = participant_of(room, ticket, lock=False)
    speaks = bool(said.signals or said.lines)
    with transaction.atomic():
        if speaks or before.seen_at <= now - GONE_AFTER:
            lock_room(room, now=now)  # before the participant, as everywhere
        me = participant_of(room, ticket)
        if me.epoch != said.epoch:
            raise OpenedElsewhere("This call was opened in another tab or window, and goes on there.")
        _count(me, cost=1 + len(said.signals) + 5 * len(said.lines), now=now)
        settle(me, now=now)
        me.has_microphone, me.has_camera = said.media.has_microphone, said.media.has_camera
        me.shares_screen = said.media.shares_screen
        if me.state == State.ADMITTED and speaks:
            _take(me, said, now=now)
        me.save()
        me.signals.filter(pk__lte=said.after).delete()
    return _heard(me, said, now=now)


def _take(me: RoomParticipant, said: RoomSaid, *, now: datetime) -> None:
    """Store the messages that are new and whose recipient is inside with the page they were meant for."""
    inside = {
        other.peer: other
        for other in RoomParticipant.objects.filter(room=me.room, state=State.ADMITTED).exclude(pk=me.pk)
    }
    for signal in said.signals:
        other = inside.get(signal.to)
        if signal.number <= me.sent_number or other is None or other.epoch != signal.to_epoch:
            continue  # a repeat, or somebody who left or reloaded: the sender sees that in `people`
        if other.signals.count() >= PENDING_AT_MOST:
            raise TooMuch("Too many messages wait for one person.", retry_after_seconds=5)
        RoomSignal.objects.create(
            room=me.room,
            sender=me,
            recipient=other,
            sender_epoch=me.epoch,
            kind=signal.kind,
            body=signal.body,
            expires_at=now + SIGNAL_LIVES,
        )
    for number, text in said.lines:
        if number > me.sent_number:
            RoomLine.objects.create(
                room=me.room, peer=me.peer, name=me.name, text=text, said_at=now, expires_at=me.expires_at
            )
    numbers = [signal.number for signal in said.signals] + [number for number, _ in said.lines]
    me.sent_number = max([me.sent_number, *numbers])
    if said.lines:
        kept = RoomLine.objects.filter(room=me.room).order_by("-pk").values_list("pk", flat=True)
        RoomLine.objects.filter(room=me.room, pk__in=list(kept[LINES_KEPT:])).delete()


def _heard(me: RoomParticipant, said: RoomSaid, *, now: datetime) -> RoomHeard:
    present = list(
        RoomParticipant.objects.filter(room=me.room, seen_at__gt=now - LEFT_THE_DOOR_AFTER)
        .exclude(state__in=[State.DENIED, State.REMOVED])
        .order_by("joined_at", "pk")
    )
    inside = [each for each in present if each.state == State.ADMITTED and each.seen_at > now - GONE_AFTER]
    host_is_here = any(person.is_host and is_participant_here(person, now=now) for person in inside)
    is_full = places_left(me.room, now=now) <= 0
    if me.state != State.ADMITTED or me.admitted_at is None:
        return RoomHeard(me=me, host_is_here=host_is_here, is_full=is_full)
    waiting = [person for person in present if person.state == State.WAITING]
    signals = me.signals.filter(pk__gt=said.after, expires_at__gt=now).select_related("sender")
    lines = RoomLine.objects.filter(
        room=me.room, pk__gt=said.line_after, said_at__gte=me.admitted_at, expires_at__gt=now
    )
    return RoomHeard(
        me=me,
        host_is_here=host_is_here,
        is_full=is_full,
        people=[person for person in inside if person.pk != me.pk],
        door=waiting if me.is_host else (),
        signals=list(signals.order_by("pk")),
        lines=list(lines.order_by("pk")),
    )


def is_participant_here(person: RoomParticipant, *, now: datetime) -> bool:
    """Say whether the person's page spoke lately."""
    return person.seen_at > now - AWAY_AFTER


def _count(me: RoomParticipant, *, cost: int, now: datetime) -> None:
    """Count the exchange in the participant's window of a minute; raises TooMuch."""
    if me.window_at <= now - WINDOW:
        me.window_at, me.window_count = now, 0
    me.window_count += cost
    if me.window_count > WINDOW_ALLOWS:
        wait = int((me.window_at + WINDOW - now).total_seconds()) + 1
        raise TooMuch(
            f"Too many messages in a minute. Try again in {wait} seconds.", retry_after_seconds=wait
        )


def _check_shapes(said: RoomSaid) -> None:
    for signal in said.signals:
        if len(signal.body) > BODY_LENGTHS.get(signal.kind, 0):
            raise HoldfastError("There is no such message, or it is too long.")
    for _, text in said.lines:
        if not text.strip() or len(text) > LINE_LENGTH:
            raise HoldfastError(f"A message has 1 to {LINE_LENGTH} characters.")
