"""Taking a slot: hold, submit, or both at once. The slot locks first; everything else comes after."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from audit.api import Actor
from booking.actions.confirm_booking import confirm_booking
from booking.attendees import Attendee, Request, checked_request
from booking.choosing import has_choices, is_one_of_several
from booking.core.slots import OpenStart
from booking.errors import HoldExpired, IdempotencyMismatch, NotChangeable, SlotRefused
from booking.guard import ClockTimestamp, TimeRange, call, guarded, in_time
from booking.models import Booking, EventType, Host, IdempotencyKey, Meeting
from booking.offers import alternatives, held_to, why_impossible
from booking.places import (
    Place,
    Wanted,
    blocked_range,
    booking_values,
    connected_to,
    first_status,
    host_choices,
    limits_of,
    meeting_values,
)
from booking.questions import questions_of
from booking.reminding import due_reminders, sign_reminders
from booking.rivals import shared_alternatives, shared_check
from booking.rooms import needed_rooms
from booking.signing import sign, sign_expired
from booking.texting import keep_number
from booking.workflows.new_booking import begin_new_booking, start_new_booking
from kernel.crashpoints import crash_point
from kernel.ids import new_uid
from kernel.reasons import Reason
from kernel.rows import from_row
from tenants.api import current_tenant


@dataclass(frozen=True)
class Booked:
    """What a request came to; `replayed`: an earlier request with this key had already made it.

    Of a booking that was just made, `hosts` are there in their order, and `has_rooms` says whether it may have a
    room or equipment beside them; a replayed one has None and True.
    """

    booking: Booking
    replayed: bool
    hosts: tuple[Host, ...] | None = None
    has_rooms: bool = True


def hold(
    event_type: EventType,
    *,
    start: datetime,
    time_zone: str,
    now: datetime,
    actor: Actor,
    visitor: str,
    host: Host | None = None,
    source: str = Booking.Source.PAGE,
) -> Booking:
    """Hold a start for HOLDFAST_HOLD_SECONDS without an attendee yet (the page's countdown).

    Raises `SlotRefused` with alternatives, `Busy`. One call of the guard decides.
    """
    opened = _open_start(event_type, start=start, now=now, host=host)
    place = Place(event_type, start, host_choices(event_type, opened), visitor=visitor, source=source)
    wanted = Wanted(new_uid(), time_zone, "held", settings.HOLDFAST_HOLD_SECONDS)
    return _taken(place, wanted, now=now, actor=actor, host=host).booking


def submit(
    booking: Booking,
    *,
    attendee: Attendee,
    guests: Sequence[str],
    answers: Mapping[str, str],
    now: datetime,
    actor: Actor,
    time_zone: str | None = None,
    phone: str = "",
) -> Booking:
    """Attach the attendee to a hold and start its workflow, in one guarded update.

    `phone` is a number to which the client agreed to get texts about this booking.
    Raises `HoldExpired` when the deadline passed, `InvalidBooking`, `NotChangeable` when it is no hold.
    """
    event_type = booking.meeting.event_type
    request = checked_request(
        attendee,
        time_zone=time_zone or booking.time_zone,
        guests=guests,
        answers=answers,
        questions=questions_of(event_type),
        phone=phone,
    )

    status, seconds = first_status(event_type, booking.meeting.starts_at, now=now, source=booking.source)

    def attach() -> bool:
        if not in_time(booking, Booking.Status.HELD).update(
            status=status,
            expires_at=ClockTimestamp() + timedelta(seconds=seconds),
            attendee_name=request.attendee.name,
            attendee_email=request.attendee.email,
            time_zone=request.time_zone,
            guests=list(request.guests),
            answers=dict(request.answers or {}),
        ):
            return False
        _sign_submitted(booking, request, actor)
        booking.status = status
        keep_number([booking], request.phone, now=now)
        start_new_booking(booking, actor=actor, now=now, texts=bool(request.phone))
        return True

    if guarded(attach):
        booking.refresh_from_db()
        return booking
    booking.refresh_from_db()
    if booking.status in (Booking.Status.HELD, Booking.Status.EXPIRED):
        start = booking.meeting.starts_at
        raise HoldExpired(alternatives=alternatives(event_type, start=start, now=now, max_age=held_to()))
    raise NotChangeable("This booking was submitted already. Open its page to see how it stands.")


def release(booking: Booking, *, now: datetime, actor: Actor) -> bool:
    """Give a hold back before its deadline: the time is open to everyone at once.

    False when it was no hold any more (submitted, expired, released): then nothing changed.
    """

    def give_back() -> bool:
        words = "Another time was chosen."
        held = [Booking.Status.HELD.value]
        answer = call("release_v1", booking.pk, held, "expired", Reason.HOLD_EXPIRED.value, words, "")
        if answer is None:
            return False
        payload = {"booking": booking.uid, "released_at": now.isoformat()}
        sign("release_hold", meeting_uid=answer["meeting"], actor=actor, payload=payload)
        return True

    return guarded(give_back)


def book(
    event_type: EventType,
    *,
    start: datetime,
    time_zone: str,
    attendee: Attendee,
    guests: Sequence[str],
    answers: Mapping[str, str],
    now: datetime,
    actor: Actor,
    visitor: str,
    host: Host | None = None,
    idempotency_key: str | None = None,
    source: str = Booking.Source.API,
    phone: str = "",
) -> Booked:
    """Take a start with its attendee, and start the workflow: everything in one transaction.

    `phone` is a number to which the client agreed to get texts about this booking.
    The same `idempotency_key` with the same request returns the booking that it made (`replayed`); with
    another request raises `IdempotencyMismatch`. Raises `SlotRefused` with alternatives, `InvalidBooking`, `Busy`.
    """
    asked = () if source == Booking.Source.PORTAL else questions_of(event_type)  # a user need not know
    request = checked_request(
        attendee, time_zone=time_zone, guests=guests, answers=answers, questions=asked, phone=phone
    )
    keys = _keys(idempotency_key, event_type, start, request, host)
    try:
        opened = _open_start(event_type, start=start, now=now, host=host)
    except SlotRefused:
        known = _known(keys)  # its own booking may stand in the way; where nothing does, the guard looks
        if known is None:
            raise
        return known
    place = Place(
        event_type, start, host_choices(event_type, opened), visitor=visitor, source=source, keys=keys
    )
    status, seconds = first_status(event_type, start, now=now, source=source)
    wanted = Wanted(new_uid(), request.time_zone, status, seconds, request)
    return _taken(place, wanted, now=now, actor=actor, host=host)


class SlotLost(Exception):
    """The guard said no; the transaction is over before alternatives are looked up."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def _taken(place: Place, wanted: Wanted, *, now: datetime, actor: Actor, host: Host | None) -> Booked:
    crash_point("web:book:before")
    # before the transaction: what is kept in memory is at hand there
    place = replace(place, limits=limits_of(place), connected=connected_to(place.alternatives))
    joins = place.event_type.kind == EventType.Kind.GROUP  # a session keeps what it was given
    has_rooms = joins or bool(needed_rooms(place.event_type))
    try:
        taken = guarded(lambda: take_within(place, wanted, now=now, actor=actor))
        crash_point("web:book:after")
        return replace(taken, has_rooms=taken.replayed or has_rooms)
    except SlotLost as lost:
        raise _refused(place.event_type, lost.reason, start=place.start, now=now, host=host) from None


def take_within(place: Place, wanted: Wanted, *, now: datetime, actor: Actor) -> Booked:
    """One call of the guard, its signed entries, and the run where there is an attendee; in the caller's transaction.

    Raises `SlotLost`, `IdempotencyMismatch`.
    """
    limits = limits_of(place)
    meeting = meeting_values(place.event_type, place.start)
    begins = begin_new_booking(place, wanted, meeting["uid"], actor=actor, now=now)
    if begins and begins.is_done(confirm_booking.name):
        wanted = replace(wanted, status=Booking.Status.CONFIRMED.value, seconds=None)
    reminders = due_reminders(place.event_type, place.start, now=now) if wanted.seconds is None else None
    answer = call(
        "hold_within_v1" if limits else "hold_v1",
        {**meeting, "limits": limits},
        TimeRange(blocked_range(place.event_type, place.start)),
        place.alternatives,
        place.event_type.kind == EventType.Kind.GROUP,
        booking_values(place, wanted),
        settings.HOLDFAST_HOLDS_PER_VISITOR if settings.HOLDFAST_PUBLIC_RATE else None,
        settings.HOLDFAST_HOLDS_PER_TENANT,
        *(place.keys or (None, None)),
        through="booked_v1" if begins else "taken_v1",
        beside={**begins.arguments, **({"remind": reminders} if reminders else {})} if begins else None,
    )
    match answer["outcome"]:
        case "held":
            pass
        case "replayed":
            return Booked(_loaded(answer["booking"]), replayed=True)
        case "idempotency_mismatch":
            raise IdempotencyMismatch("This Idempotency-Key was used for another request. Use a new key.")
        case refused:
            raise SlotLost(Reason(refused))
    booking, hosts = _rows(answer, place.event_type)
    sign_expired(answer["swept"])
    _sign_held(place, booking, hosts, wanted.request, actor)
    phone = wanted.request.phone if wanted.request else ""
    keep_number([booking], phone, now=now)
    if begins:
        sign_reminders(booking, reminders, answer["reminders"])
        begins.begun(answer["run"], now=now)
    elif wanted.request:
        start_new_booking(booking, actor=actor, now=now, hosts=hosts, texts=bool(phone))
    crash_point("web:book:between")
    return Booked(booking, replayed=False, hosts=hosts)


def _rows(answer: Mapping[str, Any], event_type: EventType) -> tuple[Booking, tuple[Host, ...]]:
    """Return the booking that the guard made, with its meeting and event type, and its hosts in their order."""
    booking = from_row(Booking, answer["row"])
    booking.meeting = from_row(Meeting, answer["meeting_row"])
    booking.meeting.event_type = event_type
    return booking, tuple(from_row(Host, row) for row in answer["hosts"])


def _loaded(booking_id: int) -> Booking:
    return Booking.objects.select_related("meeting__event_type").get(pk=booking_id)


def _sign_held(
    place: Place, booking: Booking, hosts: Sequence[Host], request: Request | None, actor: Actor
) -> None:
    sign(
        "hold_slot",
        meeting_uid=booking.meeting.uid,
        actor=actor,
        payload={
            "booking": booking.uid,
            "event_type": place.event_type.slug,
            "starts_at": place.start.astimezone(UTC).isoformat(),
            "hosts": [str(host.pk) for host in hosts],
        },
        attendee=(request.attendee.name, request.attendee.email) if request else None,
    )


def _open_start(event_type: EventType, *, start: datetime, now: datetime, host: Host | None) -> OpenStart:
    """Return who can take the start by the rules; raises `SlotRefused` with alternatives."""
    if reason := current_tenant().closed_because or why_impossible(start):
        raise SlotRefused(reason)
    found = shared_check(event_type, start=start, now=now, host=host)
    if not isinstance(found, OpenStart):
        raise _refused(event_type, found, start=start, now=now, host=host)
    return found


def _refused(
    event_type: EventType, reason: Reason, *, start: datetime, now: datetime, host: Host | None
) -> SlotRefused:
    return SlotRefused(reason, alternatives=shared_alternatives(event_type, start=start, now=now, host=host))


def _keys(
    idempotency_key: str | None, event_type: EventType, start: datetime, request: Request, host: Host | None
) -> tuple[str, str] | None:
    """Return the hashes of the key and of the request's parameters."""
    if idempotency_key is None:
        return None
    parameters = [
        event_type.slug,
        *([event_type.duration_minutes, event_type.location_kind] if has_choices(event_type) else []),
        *([event_type.location_detail] if is_one_of_several(event_type) else []),
        start.astimezone(UTC).isoformat(),
        request.attendee.name,
        request.attendee.email,
        request.time_zone,
        list(request.guests),
        dict(request.answers or {}),
        host.slug if host else None,
        *([request.phone] if request.phone else []),
    ]
    return _hash(idempotency_key), _hash(json.dumps(parameters, sort_keys=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _known(keys: tuple[str, str] | None) -> Booked | None:
    """Return what this key made before, None if nothing; raises `IdempotencyMismatch`."""
    if keys is None:
        return None
    known = (
        IdempotencyKey.objects.select_related("booking__meeting__event_type").filter(key_hash=keys[0]).first()
    )
    if known is None:
        return None
    if known.fingerprint != keys[1]:
        raise IdempotencyMismatch("This Idempotency-Key was used for another request. Use a new key.")
    return Booked(known.booking, replayed=True)


def _sign_submitted(booking: Booking, request: Request, actor: Actor) -> None:
    sign(
        "submit_booking",
        meeting_uid=booking.meeting.uid,
        actor=actor,
        payload={"booking": booking.uid},
        attendee=(request.attendee.name, request.attendee.email),
    )
