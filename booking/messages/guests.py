"""What the attendee's guests are told: the meeting, its changes and its end, each with the invite's update.

They get no manage link (it is the attendee's) and none of the attendee's answers.
"""

from datetime import datetime
from typing import Literal

from booking.messages.client import for_guest, hosts_of, join, phrase, where
from booking.messages.drafting import guest_invite
from booking.messages.facts import BookingFacts
from booking.messages.letter import Link
from providers.api import MessageDraft

Told = Literal["confirmation", "moved", "reassigned", "new_link"]


def invite_for_guest(
    facts: BookingFacts, address: str, *, what: Told, now: datetime, has_new_link: bool = False
) -> MessageDraft:
    """Return one guest's mail about the meeting as `facts` hold it, in the attendee's zone, with its invite.

    `has_new_link`: the one that they know leads nowhere any more, which nothing else in this mail says.
    """
    return for_guest(
        facts,
        address,
        what=what,
        kind=f"{what}_guest",
        link=join(facts),
        place=where(facts),
        body=(phrase(facts, "time_stays"),) if has_new_link else (),
        rows=_rows(facts),
        footer="guest_footer",
        invite=guest_invite(facts, cancelled=False, now=now),
    )


def cancellation_for_guest(facts: BookingFacts, address: str, *, now: datetime) -> MessageDraft:
    """Return one guest's cancellation, with the update that removes the event; of a seat that left, too."""
    return for_guest(
        facts,
        address,
        what="cancellation",
        kind="cancellation_guest",
        first="cancelled_at",
        link=Link(label=facts.business.name, url=facts.business.home_url),
        rows=_rows(facts),
        footer="guest_gone_footer",
        invite=guest_invite(facts, cancelled=True, now=now),
    )


def _rows(facts: BookingFacts) -> tuple[tuple[str, str], ...]:
    return (
        (phrase(facts, "meeting"), facts.title),
        (phrase(facts, "booked_by"), facts.attendee.name),
        (phrase(facts, "with"), hosts_of(facts)),
    )
