"""Nothing was booked, or nothing was moved: what happened, what to do now, what was not lost."""

from collections.abc import Sequence

from booking.messages.drafting import attendee_rows, draft_for_attendee, join_link, place_line
from booking.messages.facts import Alternative, BookingFacts
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft

_MOST_ALTERNATIVES = 5


def failed_for_attendee(
    facts: BookingFacts, *, words: str, alternatives: Sequence[Alternative]
) -> MessageDraft:
    """Return the mail that says that nothing was booked; `words` is the reason in a sentence."""
    letter = Letter(
        business=facts.business,
        time=f"Not booked: {span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone)}",
        link=Link(label="Choose another time", url=facts.book_again_url),
        heading=f"Your {facts.title} was not booked",
        paragraphs=(
            words,
            "Nothing was booked, the time was given back, and you need not cancel anything.",
            _what_to_do(bool(alternatives), facts),
        ),
        actions=_links(facts, alternatives),
    )
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    subject = f"Not booked: {facts.title} with {facts.host_names()}, {when}"
    return draft_for_attendee(facts, letter, kind="failed_attendee", subject=subject)


def move_failed_for_attendee(
    facts: BookingFacts, *, wanted: Alternative, words: str, alternatives: Sequence[Alternative]
) -> MessageDraft:
    """Return the mail that says that the booking stays at its old time, which is that of `facts`."""
    wished = start_words(wanted.starts_at, time_zone=facts.attendee_zone)
    letter = Letter(
        business=facts.business,
        time=f"Still at {span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone)}",
        link=join_link(facts),
        place=place_line(facts),
        heading=f"Your {facts.title} was not moved",
        paragraphs=(
            f"The new time, {wished}, could not be confirmed. {words}",
            "Your booking stands as it was, with the same link.",
        ),
        rows=attendee_rows(facts),
        actions=(*_links(facts, alternatives), Link(label="Change or cancel", url=facts.manage_url)),
    )
    subject = f"Not moved: {facts.title} with {facts.host_names()} stays at " + start_words(
        facts.starts_at, time_zone=facts.attendee_zone
    )
    return draft_for_attendee(facts, letter, kind="move_failed_attendee", subject=subject)


def _what_to_do(has_alternatives: bool, facts: BookingFacts) -> str:
    if has_alternatives:
        return "These times were open when this mail was written:"
    return f"Please choose another time, or reply to this mail to reach {facts.host_names()}."


def _links(facts: BookingFacts, alternatives: Sequence[Alternative]) -> tuple[Link, ...]:
    return tuple(
        Link(label=f"Take {start_words(one.starts_at, time_zone=facts.attendee_zone)}", url=one.url)
        for one in alternatives[:_MOST_ALTERNATIVES]
    )
