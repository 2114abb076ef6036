"""The booking has another time: said to the attendee and to each host, with an updated invite."""

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


def moved_for_attendee(facts: BookingFacts, *, previous_starts_at: datetime, now: datetime) -> MessageDraft:
    """Return the attendee's notice of the new time; `facts` hold the new time, link and SEQUENCE."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"Your {facts.title} with {facts.host_names()} has a new time",
        paragraphs=("The old time is free again; earlier links to this booking no longer work.",),
        rows=(
            ("Before", start_words(previous_starts_at, time_zone=facts.attendee_zone)),
            *attendee_rows(facts),
        ),
        actions=(Link(label="Change or cancel", url=facts.manage_url),),
        footer="The attached update moves the meeting in your calendar.",
    )
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    return draft_for_attendee(
        facts,
        letter,
        kind="moved_attendee",
        subject=f"New time: {facts.title} with {facts.host_names()}, {when}",
        invite=attendee_invite(facts, cancelled=False, now=now),
    )


def moved_for_host(
    facts: BookingFacts, host: HostFacts, *, previous_starts_at: datetime, now: datetime
) -> MessageDraft:
    """Return one host's notice of the new time, in the host's zone."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"{facts.title} with {facts.attendee.name} has a new time",
        rows=(("Before", start_words(previous_starts_at, time_zone=host.time_zone)), *business_rows(facts)),
        actions=(Link(label="Open the booking", url=facts.portal_url),),
        footer="Replies to this mail go to the client. The attached update moves the event.",
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="moved_host",
        subject=f"New time: {facts.title} with {facts.attendee.name}, {when}",
        to=host.person(),
        invite=host_invite(facts, cancelled=False, now=now),
    )
