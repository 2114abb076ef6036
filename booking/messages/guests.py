"""What the attendee's guests are told: the meeting, its changes and its end, each with the invite's update.

They get no manage link (it is the attendee's) and none of the attendee's answers.
"""

from datetime import datetime
from typing import Literal

from booking.messages.drafting import draft_for_business, guest_invite, join_link, place_line
from booking.messages.facts import BookingFacts
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft, Person

Told = Literal["confirmation", "moved", "reassigned", "new_link"]

_HEADINGS = {
    "confirmation": ("Invitation", "{client} invites you to {title} with {hosts}"),
    "moved": ("New time", "{title} with {client} and {hosts} has a new time"),
    "new_link": ("New link", "{title} with {client} and {hosts} has a new link"),
    "reassigned": ("New host", "{title} with {client} is with {hosts} now"),
}


def invite_for_guest(facts: BookingFacts, address: str, *, what: Told, now: datetime) -> MessageDraft:
    """Return one guest's mail about the meeting as `facts` hold it, in the attendee's zone, with its invite."""
    label, heading = _HEADINGS[what]
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=heading.format(client=facts.attendee.name, title=facts.title, hosts=facts.host_names()),
        rows=_rows(facts),
        footer=f"You receive this because {facts.attendee.name} added you as a guest. The invite is attached.",
    )
    return _draft(facts, letter, address, label=label, kind=f"{what}_guest", cancelled=False, now=now)


def cancellation_for_guest(facts: BookingFacts, address: str, *, now: datetime) -> MessageDraft:
    """Return one guest's cancellation, with the update that removes the event; of a seat that left, too."""
    letter = Letter(
        business=facts.business,
        time=f"Cancelled: {span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone)}",
        link=Link(label=facts.business.name, url=facts.business.home_url),
        heading=f"{facts.title} with {facts.attendee.name} does not take place",
        rows=_rows(facts),
        footer="The attached update removes the meeting from your calendar.",
    )
    kind = "cancellation_guest"
    return _draft(facts, letter, address, label="Cancelled", kind=kind, cancelled=True, now=now)


def _rows(facts: BookingFacts) -> tuple[tuple[str, str], ...]:
    return (("Meeting", facts.title), ("Booked by", facts.attendee.name), ("With", facts.host_names()))


def _draft(
    facts: BookingFacts,
    letter: Letter,
    address: str,
    *,
    label: str,
    kind: str,
    cancelled: bool,
    now: datetime,
) -> MessageDraft:
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    return draft_for_business(
        facts,
        letter,
        kind=kind,
        subject=f"{label}: {facts.title} with {facts.attendee.name}, {when}",
        to=Person(name="", email=address),
        invite=guest_invite(facts, cancelled=cancelled, now=now),
    )
