"""Telling the client that no host answered in time, with the nearest open times; a job of the expiry's transaction."""

import contextlib

from django.db import transaction

from audit.api import Actor, record
from booking import messages as compose
from booking.actions.messages import team_members
from booking.choosing import of_meeting
from booking.facts import booking_facts, load_booking
from booking.messages import Alternative
from booking.offers import alternatives
from booking.signing import subject_of
from jobs.api import Lease, handles
from kernel.clock import now as wall_clock
from providers.api import Rejected, deliver_message, queue_message

_WORDS = "Nobody approved or declined it in time, so the time was given back."


@handles("tell_unanswered")
def tell_unanswered(ref: str, lease: Lease) -> None:
    """Mail the client of the booking `ref` (its uid), and the team; queued once, delivered until sent, signed."""
    booking = load_booking(ref, to_tell=True)
    now = wall_clock()
    facts = booking_facts(booking)
    found = alternatives(of_meeting(booking.meeting), start=booking.meeting.starts_at, now=now)
    offered = [Alternative(starts_at=slot.start, url=facts.book_again_url) for slot in found]
    drafts = [compose.unanswered_for_attendee(facts, alternatives=offered)]
    drafts += [
        compose.team_notice(facts, what="failed", to=person, words=_WORDS) for person in team_members()
    ]
    with transaction.atomic():
        ids = [
            queue_message(
                draft,
                booking_uid=booking.uid,
                now=now,
                dedupe_key=f"unanswered:{booking.uid}:{draft.kind}:{draft.to_address}",
            )
            for draft in drafts
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
            actor=Actor(type="automation", id="clock"),
            payload={"booking": booking.uid, "messages": [str(pk) for pk in ids]},
            reversible="none",
            because="A mail that was sent cannot be unsent.",
        )
