"""The trial booking: a whole booking from open slot to cancellation, which nobody ever sees.

Its host, meeting type and booking exist inside one transaction that is rehearsed to its commit (every signed entry,
every deferred trigger) and then rolled back: no client can see it, no slot is blocked, no mail leaves, nothing has to
be cleaned up. The room is made and proven for real first, and removed (docs/decisions/the-trial-booking-…).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.utils import DatabaseError

from audit.api import Actor, Run, StepContext, StepFailure
from booking import messages as compose
from booking.actions.confirm_booking import confirm
from booking.actions.verify_link import store
from booking.attendees import Attendee, checked_request
from booking.cancelling import cancel_within
from booking.core.slots import OpenStart
from booking.facts import booking_facts
from booking.health.findings import Asked, Finding, Probe
from booking.health.room import proven_patiently
from booking.holding import SlotLost, take_within
from booking.models import Booking, EventType, EventTypeHost, Host, Resource, Schedule, WeeklyHours
from booking.offers import check as check_open
from booking.places import Place, Wanted
from kernel.errors import HoldfastError
from kernel.ids import new_uid
from kernel.transactions import rehearse_commit
from providers.api import MeetingRequest, Proof, compose_mail, meeting_provider, queue_message, remove_room

ACTOR = Actor(type="automation", id="health_check")
NOBODY = Attendee("Trial Booking", "trial@health.invalid")  # RFC 6761 6.4: no mail can ever reach it
AHEAD = timedelta(days=400)
_COST = "A client’s booking would fail the same way."


class TrialFailed(HoldfastError):
    """A part of the trial did not do what it must; the message says which."""


def check(asked: Asked) -> list[Finding]:
    """Prove a room, then book, confirm, be refused a second time, cancel, and leave nothing. About a second."""
    start = (asked.now + AHEAD).replace(minute=0, second=0, microsecond=0)
    key = f"trial-{new_uid()}"
    try:
        try:
            proof = _proven_room(key, start, now=asked.now)
        finally:
            remove_room(key)
        with transaction.atomic(durable=True):
            try:
                _booked_and_cancelled(key, proof, start, now=asked.now)
            finally:
                transaction.set_rollback(True)
    except (HoldfastError, StepFailure, SlotLost, DatabaseError) as error:
        return [Finding("bad", f"The trial booking failed: {_words(error)}", _COST)]
    return [
        Finding(
            "ok",
            "A trial booking went from open slot to link, confirmation and cancellation, and left nothing.",
        )
    ]


def _words(error: Exception) -> str:
    return str(getattr(error, "message", "") or getattr(error, "words", "") or error).strip().split("\n")[0]


def _proven_room(key: str, start: datetime, *, now: datetime) -> Proof:
    room = meeting_provider(EventType.Location.BUILT_IN_ROOM)
    request = MeetingRequest(
        key=key, meeting_uid=new_uid(), title="Trial", starts_at=start, ends_at=start + timedelta(minutes=30)
    )
    return proven_patiently(room, room.create(request, now=now), request, now=now)


def _booked_and_cancelled(key: str, proof: Proof, start: datetime, *, now: datetime) -> None:
    """The whole life of a booking, in the caller's transaction, by the functions that clients' bookings use."""
    event_type, host = _offer()
    _must(isinstance(check_open(event_type, start=start, now=now), OpenStart), "An open slot is not offered.")
    booking = _take(event_type, host, start, now=now)
    run = Run.objects.get(payload__booking=booking.uid)
    result = {
        "url": proof.url,
        "key": key,
        "checked_at": proof.checked_at.isoformat(),
        "starts_at": start.isoformat(),
    }
    store(_context(run, now, result))
    confirm(_context(run, now, {}))
    booking = Booking.objects.select_related("meeting__event_type").get(pk=booking.pk)
    _must(booking.status == Booking.Status.CONFIRMED, f"The booking is {booking.status}, not confirmed.")
    _must(
        not isinstance(check_open(event_type, start=start, now=now), OpenStart),
        "A taken slot is still offered.",
    )
    _refused(event_type, host, start, now=now)
    _written(booking, now=now)
    rehearse_commit()
    cancel_within(booking, reason="", by="undo", actor=ACTOR, now=now)
    _must(
        isinstance(check_open(event_type, start=start, now=now), OpenStart),
        "A cancelled slot is not free again.",
    )
    rehearse_commit()


def _offer() -> tuple[EventType, Host]:
    """Make the trial's own host, open around the clock, and its own meeting type."""
    name, slug = "Trial host", f"trial-{new_uid()}"
    host = Host.objects.create(
        resource=Resource.objects.create(kind=Resource.Kind.HOST, name=name),
        name=name,
        slug=slug,
        email=NOBODY.email,
        time_zone="UTC",
    )
    schedule = Schedule.objects.create(host=host, time_zone="UTC", is_default=True)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=day, start_minute=0, end_minute=1440) for day in range(7)
    )
    event_type = EventType.objects.create(
        slug=slug,
        title="Trial",
        duration_minutes=30,
        slot_interval_minutes=30,
        minimum_notice_minutes=0,
        window_days=2 * AHEAD.days,
    )
    EventTypeHost.objects.create(event_type=event_type, host=host)
    return event_type, host


def _take(event_type: EventType, host: Host, start: datetime, *, now: datetime) -> Booking:
    place = Place(event_type, start, [[host.pk]], visitor="health check", source=Booking.Source.API)
    request = checked_request(NOBODY, time_zone="UTC", guests=[], answers={})
    wanted = Wanted(new_uid(), "UTC", Booking.Status.AWAITING_LINK.value, 60, request)
    return take_within(place, wanted, now=now, actor=ACTOR).booking


def _refused(event_type: EventType, host: Host, start: datetime, *, now: datetime) -> None:
    """Book the very same start again, and see it refused."""
    try:
        with transaction.atomic():
            _take(event_type, host, start, now=now)
    except SlotLost:
        return
    raise TrialFailed("The same time could be booked twice.")


def _written(booking: Booking, *, now: datetime) -> None:
    """Write the confirmation and the host's mail with their invites, down to the bytes; nothing is sent."""
    facts = booking_facts(booking)
    drafts = [
        compose.confirmation_for_attendee(facts, now=now),
        compose.confirmation_for_host(facts, facts.hosts[0], now=now),
    ]
    for draft in drafts:
        pk = queue_message(
            draft, booking_uid=booking.uid, dedupe_key=f"trial:{booking.uid}:{draft.kind}", now=now
        )
        _must(
            booking.meeting.join_url.encode() in compose_mail(pk), "The mail does not name the meeting link."
        )


def _context(run: Run, now: datetime, result: Mapping[str, Any]) -> StepContext:
    return StepContext(
        run_id=run.pk,
        step_id=0,
        workflow=run.workflow,
        subject=run.subject,
        payload=run.payload,
        actor=ACTOR,
        now=now.astimezone(UTC),
        result=result,
    )


def _must(so: bool, words: str) -> None:
    if not so:
        raise TrialFailed(words)


PROBE = Probe("trial_booking", "A booking passes end to end", check, daily=True)
