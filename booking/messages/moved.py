"""The booking has another time: said to the attendee and to each host, with an updated invite.

A seat goes to another session, which is another event: what removes the old one is a mail of its own, since a
mail carries one iCalendar object (RFC 6047 2.4).
"""

from datetime import datetime

from booking.messages.client import change, for_client, join, phrase, rows_of, start_of, where
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


def moved_for_attendee(facts: BookingFacts, *, previous_starts_at: datetime, now: datetime) -> MessageDraft:
    """Return the attendee's notice of the new time; `facts` hold the new time, link and SEQUENCE."""
    before = start_of(facts, previous_starts_at)
    return for_client(
        facts,
        "moved",
        kind="moved_attendee",
        link=join(facts),
        place=where(facts),
        values={
            "what_changed": phrase(facts, "seat_changed" if facts.is_group else "time_changed"),
            "before": before,
        },
        rows=((phrase(facts, "before"), before), *rows_of(facts)),
        actions=(change(facts),),
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


def left_for_attendee(left: BookingFacts, *, now: datetime) -> MessageDraft:
    """Return the attendee's update that removes the session that their seat left; `left` holds that session."""
    return for_client(
        left,
        "left",
        kind="left_attendee",
        first="given_back_at",
        link=Link(label=phrase(left, "your_booking"), url=left.manage_url),
        invite=attendee_invite(left, cancelled=True, now=now),
    )


def left_for_host(left: BookingFacts, host: HostFacts, *, now: datetime) -> MessageDraft:
    """Return one host's notice that a seat left their session; with its last seat the event is removed."""
    letter = Letter(
        business=left.business,
        time=f"Given back: {span_words(left.starts_at, left.ends_at, time_zone=host.time_zone)}",
        link=Link(label="Your bookings", url=left.business.bookings_url),
        heading=f"{left.attendee.name} moved to another session of {left.title}",
        paragraphs=(
            "Their seat is free again; the meeting takes place with the others."
            if left.others_remain
            else "It was the last seat: the time is free again and can be booked.",
        ),
        rows=business_rows(left),
        footer="Replies to this mail go to the client."
        + ("" if left.others_remain else " The attached update removes the event."),
    )
    when = start_words(left.starts_at, time_zone=host.time_zone)
    return draft_for_business(
        left,
        letter,
        kind="left_host",
        subject=f"Given back: {left.title} with {left.attendee.name}, {when}",
        to=host.person(),
        invite=("", "") if left.others_remain else host_invite(left, cancelled=True, now=now),
    )
