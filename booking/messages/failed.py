"""Nothing was booked, or nothing was moved: what happened, what to do now, what was not lost."""

from collections.abc import Sequence

from booking.messages.client import (
    change,
    for_client,
    hosts_of,
    join,
    language_of,
    phrase,
    rows_of,
    start_of,
    where,
)
from booking.messages.facts import Alternative, BookingFacts
from booking.messages.letter import Link
from providers.api import MessageDraft

_MOST_ALTERNATIVES = 5


def failed_for_attendee(
    facts: BookingFacts, *, words: str, alternatives: Sequence[Alternative], code: str = ""
) -> MessageDraft:
    """Return the mail that says that nothing was booked; `words` is the reason in an English sentence, `code`
    finds it in another language."""
    what_now = "with_alternatives" if alternatives else "without_alternatives"
    return for_client(
        facts,
        "failed",
        kind="failed_attendee",
        first="not_booked_at",
        link=Link(label=phrase(facts, "choose_another"), url=facts.book_again_url),
        values={
            "why": _why(facts, words, code),
            "what_now": phrase(facts, what_now, host=hosts_of(facts)),
        },
        actions=_links(facts, alternatives),
    )


def move_failed_for_attendee(
    facts: BookingFacts,
    *,
    wanted: Alternative,
    words: str,
    alternatives: Sequence[Alternative],
    code: str = "",
) -> MessageDraft:
    """Return the mail that says that the booking stays at its old time, which is that of `facts`."""
    return for_client(
        facts,
        "move_failed",
        kind="move_failed_attendee",
        first="still_at",
        link=join(facts),
        place=where(facts),
        values={"wanted": start_of(facts, wanted.starts_at), "why": _why(facts, words, code)},
        rows=rows_of(facts),
        actions=(*_links(facts, alternatives), change(facts)),
    )


def _why(facts: BookingFacts, words: str, code: str) -> str:
    return language_of(facts).reasons.get(code, words)


def _links(facts: BookingFacts, alternatives: Sequence[Alternative]) -> tuple[Link, ...]:
    return tuple(
        Link(label=phrase(facts, "take", start=start_of(facts, one.starts_at)), url=one.url)
        for one in alternatives[:_MOST_ALTERNATIVES]
    )
