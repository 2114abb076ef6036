"""A booking that a host has to approve: the host is asked, the attendee is told that, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from booking.messages.drafting import (
    attendee_rows,
    business_rows,
    draft_for_attendee,
    draft_for_business,
    place_line,
)
from booking.messages.facts import Alternative, BookingFacts, HostFacts
from booking.messages.failed import failed_for_attendee
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft


def approval_for_host(
    facts: BookingFacts, host: HostFacts, *, until: datetime, decide_url: str
) -> MessageDraft:
    """Return the question to one host; `decide_url` shows the booking, and only its buttons act."""
    deadline = start_words(until, time_zone=host.time_zone)
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone),
        link=Link(label="Approve or decline", url=decide_url),
        heading=f"{facts.attendee.name} asks for {facts.title} with you",
        paragraphs=(
            f"The time is blocked for them until {deadline}. Without an answer it is given back then.",
        ),
        rows=business_rows(facts),
        actions=(Link(label="Open the booking", url=facts.portal_url),),
        footer="Replies to this mail go to the client. The link is yours: whoever has it can decide.",
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    subject = f"Please decide: {facts.title} with {facts.attendee.name}, {when}"
    return draft_for_business(facts, letter, kind="approval_host", subject=subject, to=host.person())


def pending_for_attendee(facts: BookingFacts, *, until: datetime) -> MessageDraft:
    """Return the mail that says that the time is kept, and nothing is confirmed yet."""
    deadline = start_words(until, time_zone=facts.attendee_zone)
    letter = Letter(
        business=facts.business,
        time=f"Asked for: {span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone)}",
        link=Link(label="See how it stands", url=facts.manage_url),
        place=place_line(facts),
        heading=f"{facts.host_names()} will tell you whether this time suits",
        paragraphs=(
            f"The time is kept for you until {deadline}. It is not confirmed yet: you get another mail either way.",
        ),
        rows=attendee_rows(facts),
        footer="You receive this because you asked for a meeting.",
    )
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    subject = f"Asked for: {facts.title} with {facts.host_names()}, {when}"
    return draft_for_attendee(facts, letter, kind="pending_attendee", subject=subject)


def declined_for_attendee(
    facts: BookingFacts, *, reason: str, alternatives: Sequence[Alternative]
) -> MessageDraft:
    """Return the mail that says that the host declined; `reason` is the host's own words, or ""."""
    words = f"{facts.host_names()} could not accept this time."
    if reason:
        words = f"{words} They wrote: “{reason}”"
    return failed_for_attendee(facts, words=words, alternatives=alternatives)


def unanswered_for_attendee(facts: BookingFacts, *, alternatives: Sequence[Alternative]) -> MessageDraft:
    """Return the mail that says that nobody answered in time."""
    words = f"{facts.host_names()} did not answer in time, so the time was given back."
    return failed_for_attendee(facts, words=words, alternatives=alternatives)
