"""The meeting is coming up: said to the attendee and to each guest, after its link was tested once more."""

from booking.messages.drafting import attendee_rows, draft_for_attendee, join_link, place_line
from booking.messages.facts import BookingFacts
from booking.messages.letter import Letter, Link, letter_html, letter_text
from booking.messages.moments import span_words, start_words
from providers.api import MessageDraft


def reminder_for_attendee(facts: BookingFacts) -> MessageDraft:
    """Return the attendee's reminder, in the attendee's zone: time and link in the first two lines."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"Your {facts.title} with {facts.host_names()} is coming up",
        paragraphs=_tested(facts),
        rows=attendee_rows(facts),
        actions=(Link(label="Change or cancel", url=facts.manage_url),),
        footer="You receive this because you booked a meeting.",
    )
    return draft_for_attendee(facts, letter, kind="reminder_attendee", subject=_subject(facts))


def reminder_for_guest(facts: BookingFacts, guest: str) -> MessageDraft:
    """Return the reminder of one guest (an address): without the manage link, which is the attendee's."""
    letter = Letter(
        business=facts.business,
        time=span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone),
        link=join_link(facts),
        place=place_line(facts),
        heading=f"{facts.title} with {facts.host_names()} is coming up",
        paragraphs=_tested(facts),
        rows=(("Meeting", facts.title), ("With", f"{facts.host_names()} and {facts.attendee.name}")),
        footer=f"You receive this because {facts.attendee.name} named you as a guest.",
    )
    return MessageDraft(
        kind="reminder_guest",
        sender_name=facts.business.name,
        reply_to=facts.hosts[0].email if facts.hosts else "",
        to_name="",
        to_address=guest,
        subject=_subject(facts),
        text=letter_text(letter),
        html=letter_html(letter),
    )


def _subject(facts: BookingFacts) -> str:
    when = start_words(facts.starts_at, time_zone=facts.attendee_zone)
    return f"Reminder: {facts.title} with {facts.host_names()}, {when}"


def _tested(facts: BookingFacts) -> tuple[str, ...]:
    if not facts.join_url:
        return ()
    opens = "; the room opens ten minutes before the start" if facts.location_kind == "built_in_room" else ""
    return (f"The link was tested when this mail was written{opens}.",)
