"""The meeting is coming up: said to the attendee and to each guest, after its link was tested once more."""

from dataclasses import replace

from booking.messages.client import change, for_client, for_guest, hosts_of, join, phrase, rows_of, where
from booking.messages.facts import BookingFacts
from providers.api import MessageDraft


def reminder_for_attendee(facts: BookingFacts) -> MessageDraft:
    """Return the attendee's reminder, in the attendee's zone: time and link in the first two lines."""
    return for_client(
        facts,
        "reminder",
        kind="reminder_attendee",
        link=join(facts),
        place=where(facts),
        values={"tested": _tested(facts)},
        rows=rows_of(facts),
        actions=(change(facts),),
    )


def reminder_for_guest(facts: BookingFacts, guest: str) -> MessageDraft:
    """Return the reminder of one guest (an address): without the manage link, which is the attendee's; replies
    go to the host, who knows whether the meeting takes place."""
    everybody = phrase(facts, "guest_with", host=hosts_of(facts), client=facts.attendee.name)
    draft = for_guest(
        facts,
        guest,
        what="reminder",
        kind="reminder_guest",
        link=join(facts),
        place=where(facts),
        body=tuple(filter(None, (_tested(facts),))),
        rows=((phrase(facts, "meeting"), facts.title), (phrase(facts, "with"), everybody)),
        footer="guest_reminder_footer",
    )
    return replace(draft, reply_to=facts.business.reply_to or (facts.hosts[0].email if facts.hosts else ""))


def _tested(facts: BookingFacts) -> str:
    if not facts.join_url:
        return ""
    return phrase(facts, "tested_room" if facts.location_kind == "built_in_room" else "tested")
