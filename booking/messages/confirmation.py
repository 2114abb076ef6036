"""The booking is confirmed: said to the attendee and to each host, with an invite."""

from datetime import datetime

from booking.messages.client import change, dates_of, for_client, join, phrase, rows_of, series, where
from booking.messages.drafting import (
    attendee_invite,
    business_rows,
    draft_for_business,
    host_invite,
    join_link,
    place_line,
)
from booking.messages.facts import BookingFacts, HostFacts
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft


def confirmation_for_attendee(facts: BookingFacts, *, now: datetime) -> MessageDraft:
    """Return the attendee's confirmation, in the attendee's zone; `now` is the invite's DTSTAMP.

    That of a series' first date lists all of them: each is a meeting of its own, with its own mail and invite.
    """
    return for_client(
        facts,
        "confirmation",
        kind="confirmation_attendee",
        link=join(facts),
        place=where(facts),
        values={
            "how_to_join": phrase(facts, "how_to_join") if facts.location_kind == "built_in_room" else ""
        },
        rows=(*rows_of(facts), *dates_of(facts)),
        actions=(change(facts), *series(facts)),
        invite=attendee_invite(facts, cancelled=False, now=now),
    )


def confirmation_for_host(facts: BookingFacts, host: HostFacts, *, now: datetime) -> MessageDraft:
    """Return one host's confirmation, in the host's zone, with the attendee's answers."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"{facts.attendee.name} booked {facts.title} with you",
        rows=business_rows(facts),
        actions=(Link(label="Open the booking", url=facts.portal_url),),
        footer="Replies to this mail go to the client. The invite is attached.",
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="confirmation_host",
        subject=f"New booking: {facts.title} with {facts.attendee.name}, {when}",
        to=host.person(),
        invite=host_invite(facts, cancelled=False, now=now),
    )
