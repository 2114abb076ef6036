"""The meeting went to another host at the same time: said to the attendee, to who takes it and to who had it."""

from datetime import datetime

from booking.messages.client import change, for_client, join, phrase, rows_of, where
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


def reassigned_for_attendee(
    facts: BookingFacts, *, before: HostFacts, has_new_link: bool, now: datetime
) -> MessageDraft:
    """Return the attendee's notice of their new host; the time stays, `facts` hold the new host and the present link.

    A new link is said in a row, too: a business's own words may not speak of it.
    """
    former = phrase(facts, "with_host", host=before.name)
    renewed = ((phrase(facts, "link"), phrase(facts, "link_is_new")),) if has_new_link else ()
    return for_client(
        facts,
        "reassigned",
        kind="reassigned_attendee",
        link=join(facts),
        place=where(facts),
        values={
            "before": before.name,
            "what_stays": phrase(facts, "time_stays" if has_new_link else "place_stays"),
        },
        rows=((phrase(facts, "before"), former), *renewed, *rows_of(facts)),
        actions=(change(facts),),
        invite=attendee_invite(facts, cancelled=False, now=now),
    )


def reassigned_for_host(
    facts: BookingFacts, host: HostFacts, *, before: HostFacts, has_new_link: bool, now: datetime
) -> MessageDraft:
    """Return the notice to the host who takes the meeting over, in their zone, with the attendee's answers."""
    renewed = (
        (("Link", "A new one, made for you and tested; the client was sent it."),) if has_new_link else ()
    )
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=host.time_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"{facts.title} with {facts.attendee.name} is yours now",
        rows=(("Before", f"with {before.name}"), *renewed, *business_rows(facts)),
        actions=(Link(label="Open the booking", url=facts.portal_url),),
        footer="Replies to this mail go to the client. The invite is attached.",
    )
    when = start_words(facts.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="reassigned_host",
        subject=f"Yours now: {facts.title} with {facts.attendee.name}, {when}",
        to=host.person(),
        invite=host_invite(facts, cancelled=False, now=now),
    )


def handed_over_for_host(
    facts: BookingFacts, before: HostFacts, *, now: datetime, is_given_up: bool = False
) -> MessageDraft:
    """Return the notice to the host who had the meeting; their event is removed. `is_given_up`: nobody takes it now."""
    about = f"{facts.title} with {facts.attendee.name}"
    letter = Letter(
        business=facts.business,
        time=f"Handed over: {span_words(facts.starts_at, facts.ends_at, time_zone=before.time_zone)}",
        link=Link(label="Your bookings", url=facts.business.bookings_url),
        heading=f"{about} is no longer yours" if is_given_up else f"{facts.host_names()} takes {about}",
        paragraphs=("Your time is free again and can be booked.",),
        rows=business_rows(facts),
        footer="The attached update removes the event from your calendar.",
    )
    when = start_words(facts.starts_at, time_zone=before.time_zone)
    return draft_for_business(
        facts,
        letter,
        kind="handed_over_host",
        subject=f"Handed over: {facts.title} with {facts.attendee.name}, {when}",
        to=before.person(),
        invite=host_invite(facts, cancelled=True, now=now),
    )
