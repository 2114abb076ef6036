"""The booking was cancelled: said to the attendee and to each host, with an update that removes the event."""

from datetime import datetime

from booking.messages.client import for_client, hosts_of, phrase, rows_of
from booking.messages.drafting import (
    attendee_invite,
    business_rows,
    draft_for_business,
    host_invite,
)
from booking.messages.facts import BookingFacts, CancelledBy, HostFacts
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft


def cancellation_for_attendee(
    facts: BookingFacts, *, by: CancelledBy, reason: str, now: datetime
) -> MessageDraft:
    """Return the attendee's cancellation; `reason` is "" or what was given. `facts.sequence` has grown."""
    who = {"attendee": phrase(facts, "you"), "host": hosts_of(facts), "business": facts.business.name}[by]
    freed = phrase(facts, "seat_freed" if facts.others_remain else "time_freed")
    return for_client(
        facts,
        "cancellation",
        kind="cancellation_attendee",
        first="cancelled_at",
        link=Link(label=phrase(facts, "book_again"), url=facts.book_again_url),
        values={"who": who, "freed": freed, "reason": reason},
        rows=(*rows_of(facts), *(((phrase(facts, "reason"), reason),) if reason else ())),
        invite=attendee_invite(facts, cancelled=True, now=now),
    )


def cancellation_for_host(
    facts: BookingFacts, host: HostFacts, *, by: CancelledBy, reason: str, now: datetime
) -> MessageDraft:
    """Return one host's cancellation, in the host's zone.

    Where others remain the meeting takes place: the host's event stays, so no update is attached.
    """
    who = {"attendee": facts.attendee.name, "host": "A host", "business": facts.business.name}[by]
    letter = Letter(
        business=facts.business,
        time=f"Cancelled: {span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone)}",
        link=Link(label="Open the booking", url=facts.portal_url),
        heading=f"{who} cancelled {facts.title}",
        paragraphs=(
            "Their seat is free again; the meeting takes place with the others."
            if facts.others_remain
            else "The time is free again and can be booked.",
        ),
        rows=(*business_rows(facts), *((("Reason", reason),) if reason else ())),
        footer="Replies to this mail go to the client."
        + ("" if facts.others_remain else " The attached update removes the event."),
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="cancellation_host",
        subject=f"Cancelled: {facts.title} with {facts.attendee.name}, {when}",
        to=host.person(),
        invite=("", "") if facts.others_remain else host_invite(facts, cancelled=True, now=now),
    )
