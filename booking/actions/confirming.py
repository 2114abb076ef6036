"""Who is told what once a booking, or a move of it, counts: drafts by booking uid, nothing sent yet."""

from datetime import datetime

from booking import messages as compose
from booking.actions.target import Target
from booking.facts import booking_facts, host_facts
from booking.messages import BookingFacts, HostFacts
from booking.models import Booking, Move
from providers.api import MessageDraft

Drafts = dict[str, list[MessageDraft]]


def confirming(target: Target, *, now: datetime) -> Drafts:
    """Return the mails that say that what the run is about counts now."""
    move = target.move
    if move and move.handover:
        return _reassigned(move, *map(host_facts, move.handover), now=now)
    facts = booking_facts(target.booking)
    if move is None:
        drafts = [compose.confirmation_for_attendee(facts, now=now)]
        drafts += [compose.confirmation_for_host(facts, host, now=now) for host in facts.hosts]
    else:
        before = move.from_starts_at
        drafts = [compose.moved_for_attendee(facts, previous_starts_at=before, now=now)]
        drafts += [
            compose.moved_for_host(facts, host, previous_starts_at=before, now=now) for host in facts.hosts
        ]
        drafts += _left(target.booking, move, facts, now)
    what: compose.Told = "moved" if move else "confirmation"
    drafts += [compose.invite_for_guest(facts, guest, what=what, now=now) for guest in facts.guests]
    return {target.booking.uid: drafts}


def _left(booking: Booking, move: Move, facts: BookingFacts, now: datetime) -> list[MessageDraft]:
    """Return what removes the session that a seat left: always for the attendee and the guests; for its hosts
    unless the session goes on and the other mail has told them."""
    if move.from_meeting is None:
        return []
    left = booking_facts(booking, meeting=move.from_meeting)
    told = {host.email for host in facts.hosts} if left.others_remain else set()
    drafts = [compose.left_for_attendee(left, now=now)]
    drafts += [compose.left_for_host(left, host, now=now) for host in left.hosts if host.email not in told]
    return drafts + [compose.cancellation_for_guest(left, guest, now=now) for guest in left.guests]


def _reassigned(move: Move, before: HostFacts, taker: HostFacts, *, now: datetime) -> Drafts:
    """Return the mails of a reassignment: to everyone who has a place, and to both hosts."""
    drafts: Drafts = {}
    is_new = move.has_new_link
    places = Booking.objects.select_related("meeting__event_type").filter(
        meeting=move.meeting_id, status=Booking.Status.CONFIRMED
    )
    for booking in places.order_by("pk"):
        facts = booking_facts(booking)
        drafts[booking.uid] = [
            compose.reassigned_for_attendee(facts, before=before, has_new_link=is_new, now=now),
            *(
                compose.invite_for_guest(facts, guest, what="reassigned", has_new_link=is_new, now=now)
                for guest in facts.guests
            ),
        ]
        if booking.pk == move.booking_id:
            drafts[booking.uid] += [
                compose.reassigned_for_host(facts, taker, before=before, has_new_link=is_new, now=now),
                compose.handed_over_for_host(facts, before, now=now),
            ]
    return drafts
