"""The booking is confirmed: said to the attendee and to each host, with an invite."""

from datetime import datetime

from booking.messages.drafting import (
    attendee_invite,
    attendee_rows,
    business_rows,
    draft_for_attendee,
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
    """Return the attendee's confirmation, in the attendee's zone; `now` is the invite's DTSTAMP."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"Your {facts.title} with {facts.host_names()} is confirmed",
        paragraphs=_how_to_join(facts),
        rows=attendee_rows(facts),
        actions=(Link(label="Change or cancel", url=facts.manage_url),),
        footer="You receive this because you booked a meeting. The invite is attached.",
    )
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    return draft_for_attendee(
        facts,
        letter,
        kind="confirmation_attendee",
        subject=f"Confirmed: {facts.title} with {facts.host_names()}, {when}",
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


def _how_to_join(facts: BookingFacts) -> tuple[str, ...]:
    if facts.location_kind == "built_in_room":
        return ("Open the link in your browser; the room opens ten minutes before the start.",)
    return ()
