"""Telling the client that nothing was booked (or not moved), with the nearest open times. A job of its own:
composing asks calendars, so it cannot stand in the transaction that gives the slot back."""

import contextlib
from collections.abc import Sequence

from django.db import transaction

from audit.api import Actor, Run, record
from booking import messages as compose
from booking.actions.messages import team_members
from booking.choosing import of_meeting
from booking.facts import booking_facts, load_booking
from booking.messages import Alternative, BookingFacts, What
from booking.models import Booking, Move
from booking.offers import Slot, alternatives
from booking.signing import subject_of
from booking.times_to_move import times_to_move
from jobs.api import Lease, handles
from kernel.clock import now as wall_clock
from providers.api import MessageDraft, Person, Rejected, deliver_message, queue_message


@handles("tell_failed")
def tell_failed(ref: str, lease: Lease) -> None:
    """Mail the client of a failed run, and the team; queued once, delivered until it is sent, signed.

    Of a reassignment that failed, who keeps the meeting hears in the client's stead.
    Of a cancelled booking that could not be taken back only the team hears: the client knows it as cancelled.
    """
    run = Run.objects.get(pk=int(ref))
    booking = load_booking(run.payload["booking"], to_tell=True)
    move = Move.objects.filter(pk=run.payload.get("move")).first()
    now = wall_clock()
    open_slots: tuple[Slot, ...] = ()  # only the client is told which times are open
    if move and not move.is_reassignment:
        open_slots = times_to_move(booking, start=move.starts_at, now=now)
    elif not move and run.reverses_id is None:
        open_slots = alternatives(of_meeting(booking.meeting), start=booking.meeting.starts_at, now=now)
    with transaction.atomic():
        ids = [
            queue_message(
                draft,
                booking_uid=booking.uid,
                now=now,
                dedupe_key=f"run{run.pk}:{draft.kind}:{draft.to_address}",
            )
            for draft in _drafts(run, booking, move, open_slots)
        ]
    for pk in ids:
        lease.renew()
        with contextlib.suppress(Rejected):  # the message says so itself; the others still go out
            deliver_message(pk, now=now)
    with transaction.atomic():
        lease.check()
        record(
            "send_failure_notice",
            subject=subject_of(booking.meeting.uid),
            actor=Actor(type="automation", id="new_booking"),
            run_id=run.pk,
            payload={"booking": booking.uid, "messages": [str(pk) for pk in ids]},
            reversible="none",
            because="A mail that was sent cannot be unsent.",
        )


def _drafts(
    run: Run, booking: Booking, move: Move | None, open_slots: tuple[Slot, ...]
) -> list[MessageDraft]:
    facts = booking_facts(booking)
    if run.reverses_id is not None and move is None:
        return _team(facts, "not_taken_back", run.failure_words)
    words = move.failure_words if move else booking.failure_words
    if move and move.is_reassignment:  # nothing changes for the client, who was told nothing of it
        return _team(facts, "not_reassigned", words, also=[host.person() for host in facts.hosts])
    to_take = facts.manage_url if move else facts.book_again_url  # times to move to are taken by moving
    offered = [Alternative(starts_at=slot.start, url=to_take) for slot in open_slots]
    if move:
        wanted = Alternative(starts_at=move.starts_at, url=facts.manage_url)
        to_client = compose.move_failed_for_attendee(
            facts, wanted=wanted, words=words, alternatives=offered, code=move.failure_code
        )
    else:
        to_client = compose.failed_for_attendee(
            facts, words=words, alternatives=offered, code=booking.failure_code
        )
    return [to_client, *_team(facts, "not_moved" if move else "failed", words)]


def _team(facts: BookingFacts, what: What, words: str, also: Sequence[Person] = ()) -> list[MessageDraft]:
    people = {person.email: person for person in (*also, *team_members())}
    return [compose.team_notice(facts, what=what, to=person, words=words) for person in people.values()]
