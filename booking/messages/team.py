"""The team is told, in one short mail, what became of a booking."""

from typing import Literal

from booking.messages.drafting import business_rows, business_zone, draft_for_business
from booking.messages.facts import BookingFacts
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft, Person

What = Literal[
    "confirmed",
    "cancelled",
    "declined",
    "moved",
    "reassigned",
    "failed",
    "not_moved",
    "not_reassigned",
    "not_taken_back",
]

_WORDS = {
    "confirmed": ("New booking", "{client} booked {title} with {hosts}"),
    "cancelled": ("Cancelled", "{title} of {client} with {hosts} was cancelled"),
    "declined": ("Declined", "{hosts} declined {title} of {client}"),
    "moved": ("New time", "{title} of {client} with {hosts} has a new time"),
    "reassigned": ("New host", "{title} of {client} is with {hosts} now"),
    "not_moved": ("Not moved", "{title} of {client} could not be moved and stays at its time"),
    "not_reassigned": ("Not reassigned", "{title} of {client} stays with {hosts}"),
    "not_taken_back": ("Not taken back", "{title} of {client} could not be taken back and stays cancelled"),
    "failed": ("Not booked", "{title} for {client} could not be booked"),
}


def team_notice(facts: BookingFacts, *, what: What, to: Person, words: str = "") -> MessageDraft:
    """Return the notice to one colleague, in the first host's zone; `words` says why, if anything does."""
    label, sentence = _WORDS[what]
    zone = business_zone(facts)
    when = span_words(facts.starts_at, facts.ends_at, time_zone=zone)
    letter = Letter(
        business=facts.business,
        time=when if what in ("confirmed", "moved", "reassigned") else f"{label}: {when}",
        link=Link(label="Open the booking", url=facts.portal_url),
        heading=sentence.format(client=facts.attendee.name, title=facts.title, hosts=facts.host_names()),
        paragraphs=(words,) if words else (),
        rows=business_rows(facts),
    )
    subject = (
        f"{label}: {facts.title} with {facts.attendee.name}, {start_words(facts.starts_at, time_zone=zone)}"
    )
    return draft_for_business(facts, letter, kind=f"team_{what}", subject=subject, to=to)
