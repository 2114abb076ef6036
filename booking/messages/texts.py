"""Texts to a client: one short sentence with the time in the client's zone and one link, in the business's language."""

from typing import Literal

from booking.messages.client import hosts_of, phrase
from booking.messages.facts import BookingFacts
from booking.messages.languages import language
from booking.messages.moments import start_words
from providers.api import TextDraft

TextWhat = Literal["confirmed", "moved", "cancelled", "reminder"]


def text_for_attendee(facts: BookingFacts, *, what: TextWhat, number: str) -> TextDraft:
    """Return the text; a reminder carries the meeting's own link where there is one, the rest the booking's page."""
    tongue = language(facts.business.language)
    is_over = what == "cancelled"
    link = facts.join_url if what == "reminder" and facts.join_url else facts.manage_url
    said = phrase(
        facts,
        f"text_{what}",
        business=facts.business.sender_name or facts.business.name,
        meeting=facts.title,
        host=hosts_of(facts),
        start=start_words(facts.starts_at, time_zone=facts.attendee_zone, tongue=tongue),
    )
    return TextDraft(
        kind=f"text_{what}",
        to_name=facts.attendee.name,
        to_number=number,
        text=said if is_over else f"{said} {link}",
    )
