"""From a letter to a draft, and the pieces that several messages share: second line, rows, invite."""

from datetime import datetime

from booking.messages.facts import BookingFacts
from booking.messages.letter import Letter, Link, letter_html, letter_text
from providers.api import Invite, MessageDraft, Person, build_invite

_PLACES = {"in_person": "Where", "phone": "Phone"}


def draft_for_attendee(
    facts: BookingFacts, letter: Letter, *, kind: str, subject: str, invite: tuple[str, str] = ("", "")
) -> MessageDraft:
    """Return a draft to the attendee; replies go where the business wants them, else to the first host.
    `invite` is (method, iCalendar text)."""
    return MessageDraft(
        kind=kind,
        sender_name=facts.business.sender_name or facts.business.name,
        reply_to=facts.business.reply_to or (facts.hosts[0].email if facts.hosts else ""),
        to_name=facts.attendee.name,
        to_address=facts.attendee.email,
        subject=subject,
        text=letter_text(letter),
        html=letter_html(letter),
        ics_method=invite[0],
        ics=invite[1],
    )


def draft_for_business(
    facts: BookingFacts,
    letter: Letter,
    *,
    kind: str,
    subject: str,
    to: Person,
    invite: tuple[str, str] = ("", ""),
) -> MessageDraft:
    """Return a draft to a host, a colleague or a guest; replies go to the attendee."""
    return MessageDraft(
        kind=kind,
        sender_name=facts.business.sender_name or facts.business.name,
        reply_to=facts.attendee.email,
        to_name=to.name,
        to_address=to.email,
        subject=subject,
        text=letter_text(letter),
        html=letter_html(letter),
        ics_method=invite[0],
        ics=invite[1],
    )


def join_link(facts: BookingFacts) -> Link | None:
    """Return the link to the meeting, None where people meet without one."""
    return Link(label="Join", url=facts.join_url) if facts.join_url else None


def place_line(facts: BookingFacts) -> str:
    """Return the second line of a meeting without a link: where, or which number."""
    label = _PLACES.get(facts.location_kind, "Where")
    if facts.location_kind == "phone":
        return f"{label}: {facts.location_detail or 'as agreed'}"
    return f"{label}: {facts.place() or 'as agreed'}"


def _rooms_and_seat(facts: BookingFacts) -> list[tuple[str, str]]:
    rows = [("Room", ", ".join(facts.rooms))] if facts.rooms else []
    return rows + ([("Seat", str(facts.seat_number))] if facts.seat_number else [])


def business_rows(facts: BookingFacts) -> tuple[tuple[str, str], ...]:
    """Return what a host needs to know: who, in which zone, and what they answered."""
    rows = [
        ("Meeting", facts.title),
        ("Client", f"{facts.attendee.name} <{facts.attendee.email}>"),
        ("Their zone", facts.attendee_zone),
        ("With", facts.host_names()),
        *_rooms_and_seat(facts),
    ]
    if facts.guests:
        rows.append(("Guests", ", ".join(facts.guests)))
    rows += [(question, answer) for question, answer in facts.answers.items() if answer]
    return tuple(rows)


def attendee_invite(facts: BookingFacts, *, cancelled: bool, now: datetime) -> tuple[str, str]:
    """Return (method, iCalendar text) for the attendee, whose description carries the manage link."""
    details = _details(facts, closing=f"Change or cancel: {facts.manage_url}")
    return _invite(facts, details, cancelled=cancelled, now=now)


def host_invite(facts: BookingFacts, *, cancelled: bool, now: datetime) -> tuple[str, str]:
    """Return (method, iCalendar text) for a host, without the manage link, which is the attendee's."""
    return _invite(
        facts, _details(facts, closing=f"In your portal: {facts.portal_url}"), cancelled=cancelled, now=now
    )


def guest_invite(facts: BookingFacts, *, cancelled: bool, now: datetime) -> tuple[str, str]:
    """Return (method, iCalendar text) for a guest: neither the attendee's link nor the portal's."""
    return _invite(facts, _details(facts, closing=""), cancelled=cancelled, now=now)


def business_zone(facts: BookingFacts) -> str:
    """Return the zone in which the meeting takes place, of colleagues' mails and of the invite: the first host's."""
    return facts.hosts[0].time_zone if facts.hosts else "UTC"


def _event_title(facts: BookingFacts) -> str:
    """Return the event's title: of a group, one that stays the same whoever comes."""
    if facts.is_group:
        return f"{facts.title} with {facts.host_names()}"
    return f"{facts.title}: {facts.attendee.name} and {facts.host_names()}"


def _details(facts: BookingFacts, *, closing: str) -> str:
    lines = [facts.description.strip(), f"Join: {facts.join_url}" if facts.join_url else "", closing]
    return "\n\n".join(line for line in lines if line)


def _invite(facts: BookingFacts, details: str, *, cancelled: bool, now: datetime) -> tuple[str, str]:
    method = "CANCEL" if cancelled else "REQUEST"
    invite = Invite(
        method="CANCEL" if cancelled else "REQUEST",
        uid=facts.event_uid,
        sequence=facts.sequence,
        title=_event_title(facts),
        description=details,
        location=facts.join_url or facts.place(),
        url=facts.join_url,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        time_zone=business_zone(facts),
        organiser=Person(name=facts.business.name, email=facts.business.mail_address),
        accepted=(*(host.person() for host in facts.hosts), facts.attendee),
        invited=tuple(Person(name="", email=guest) for guest in facts.guests),
    )
    return method, build_invite(invite, now=now)
