"""Who is told what once a booking, or a move of it, counts: drafts by booking uid, nothing sent yet."""

from collections.abc import Sequence
from datetime import datetime

from booking import messages as compose
from booking.actions.target import Target
from booking.facts import booking_facts, host_facts
from booking.messages import BookingFacts, HostFacts
from booking.models import Booking, Move
from providers.api import MessageDraft

Drafts = dict[str, list[MessageDraft]]


def confirming(target: Target, *, now: datetime) -> Drafts:
    """Return the mails that say that what the run is about counts now.

    What was cancelled since is told of by its cancellation, to whom it then concerned: here only those are still told
    whom it had left, the former host or session.
    """
    move = target.move
    if move and move.handover:
        return _reassigned(target.booking, move, *map(host_facts, move.handover), now=now)
    if target.is_withdrawn:
        left = _left(target.booking, move, [], now) if move else []
        return {target.booking.uid: left} if left else {}
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
        drafts += _left(target.booking, move, facts.hosts, now)
    what: compose.Told = "moved" if move else "confirmation"
    drafts += [compose.invite_for_guest(facts, guest, what=what, now=now) for guest in facts.guests]
    return {target.booking.uid: drafts}


def _left(booking: Booking, move: Move, hosts_told: Sequence[HostFacts], now: datetime) -> list[MessageDraft]:
    """Return what removes the session that a seat left: always for the attendee and the guests; for its hosts
    unless the session goes on and another mail has told them."""
    if move.from_meeting is None:
        return []
    left = booking_facts(booking, meeting=move.from_meeting)
    told = {host.email for host in hosts_told} if left.others_remain else set()
    drafts = [compose.left_for_attendee(left, now=now)]
    drafts += [compose.left_for_host(left, host, now=now) for host in left.hosts if host.email not in told]
    return drafts + [compose.cancellation_for_guest(left, guest, now=now) for guest in left.guests]


def _reassigned(
    booking: Booking, move: Move, before: HostFacts, taker: HostFacts, *, now: datetime
) -> Drafts:
    """Return the mails of a reassignment: to everyone who has a place, and to both hosts; to the former one alone where
    nobody has a place any more."""
    drafts: Drafts = {}
    places = Booking.objects.select_related("meeting__event_type").filter(
        meeting=move.meeting_id, status=Booking.Status.CONFIRMED
    )
    known = {each.pk: (each, booking_facts(each)) for each in places.order_by("pk")}
    for each, facts in known.values():
        drafts[each.uid] = _to_place(facts, move, before, now)
    about, facts = (
        known.get(booking.pk) or next(iter(known.values()), None) or (booking, booking_facts(booking))
    )
    to_hosts = [compose.handed_over_for_host(facts, before, now=now, is_given_up=not known)]
    if known:
        yours = compose.reassigned_for_host(
            facts, taker, before=before, has_new_link=move.has_new_link, now=now
        )
        to_hosts.insert(0, yours)
    drafts[about.uid] = [*drafts.get(about.uid, []), *to_hosts]
    return drafts


def _to_place(facts: BookingFacts, move: Move, before: HostFacts, now: datetime) -> list[MessageDraft]:
    is_new = move.has_new_link
    return [
        compose.reassigned_for_attendee(facts, before=before, has_new_link=is_new, now=now),
        *(
            compose.invite_for_guest(facts, guest, what="reassigned", has_new_link=is_new, now=now)
            for guest in facts.guests
        ),
    ]
