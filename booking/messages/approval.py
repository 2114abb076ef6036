"""A booking that a host has to approve: the host is asked, the attendee is told that, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from booking.messages.client import for_client, hosts_of, phrase, rows_of, start_of, where
from booking.messages.drafting import business_rows, draft_for_business
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
    return for_client(
        facts,
        "pending",
        kind="pending_attendee",
        first="asked_for_at",
        link=Link(label=phrase(facts, "see_how"), url=facts.manage_url),
        place=where(facts),
        values={"until": start_of(facts, until)},
        rows=rows_of(facts),
    )


def declined_for_attendee(
    facts: BookingFacts, *, reason: str, alternatives: Sequence[Alternative]
) -> MessageDraft:
    """Return the mail that says that the host declined; `reason` is the host's own words, or ""."""
    words = phrase(facts, "declined", host=hosts_of(facts))
    if reason:
        words = f"{words} {phrase(facts, 'they_wrote', reason=reason)}"
    return failed_for_attendee(facts, words=words, alternatives=alternatives)


def unanswered_for_attendee(facts: BookingFacts, *, alternatives: Sequence[Alternative]) -> MessageDraft:
    """Return the mail that says that nobody answered in time."""
    words = phrase(facts, "unanswered", host=hosts_of(facts))
    return failed_for_attendee(facts, words=words, alternatives=alternatives)
