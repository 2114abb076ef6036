"""The meeting link has another address: said to everyone with a place and to each host, with an updated invite."""

from datetime import datetime

from booking.messages.client import change, for_client, join, rows_of, where
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

_WHY = "The former link stopped working, so a new one was made and tested. The time stays as it is."


def new_link_for_attendee(facts: BookingFacts, *, now: datetime) -> MessageDraft:
    """Return the attendee's notice of the new link; `facts` hold it and the new SEQUENCE."""
    return for_client(
        facts,
        "new_link",
        kind="new_link_attendee",
        link=join(facts),
        place=where(facts),
        rows=rows_of(facts),
        actions=(change(facts),),
        invite=attendee_invite(facts, cancelled=False, now=now),
    )


def new_link_for_host(facts: BookingFacts, host: HostFacts, *, now: datetime) -> MessageDraft:
    """Return one host's notice of the new link, in the host's zone."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"{facts.title} with {facts.attendee.name} has a new link",
        paragraphs=(_WHY,),
        rows=business_rows(facts),
        actions=(Link(label="Open the booking", url=facts.portal_url),),
        footer="Replies to this mail go to the client. The update is attached.",
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="new_link_host",
        subject=f"New link: {facts.title} with {facts.attendee.name}, {when}",
        to=host.person(),
        invite=host_invite(facts, cancelled=False, now=now),
    )
