"""Mails to the client and the client's guests: the business's own words, or the shipped ones, in its language.

The time, the link and what can be looked up are always there, and no wording can remove them.
"""

from collections.abc import Mapping
from datetime import datetime

from booking.messages.drafting import draft_for_attendee, draft_for_business
from booking.messages.facts import BookingFacts
from booking.messages.languages import Language, language
from booking.messages.letter import Letter, Link
from booking.messages.moments import span_words, start_words
from booking.messages.wording import filled, or_shipped, paragraphs
from providers.api import MessageDraft, Person

_PLACES = {"in_person": "where", "phone": "phone"}


def for_client(
    facts: BookingFacts,
    occasion: str,
    *,
    kind: str,
    link: Link | None,
    first: str = "",
    place: str = "",
    values: Mapping[str, str] | None = None,
    rows: tuple[tuple[str, str], ...] = (),
    actions: tuple[Link, ...] = (),
    invite: tuple[str, str] = ("", ""),
) -> MessageDraft:
    """Return the attendee's mail of an occasion. `first` is the phrase around the time in the first line,
    `values` what the occasion's own placeholders say."""
    tongue = language_of(facts)
    wording = or_shipped(facts.business.wordings.get(occasion), tongue.shipped[occasion])
    known = {**common_values(facts), **(values or {})}
    letter = Letter(
        business=facts.business,
        time=first_line(facts, first),
        link=link,
        place=place,
        heading=filled(wording.heading, known),
        paragraphs=paragraphs(wording.body, known),
        rows=rows,
        actions=actions,
        footer=filled(wording.footer, known),
        language=tongue.code,
    )
    return draft_for_attendee(facts, letter, kind=kind, subject=filled(wording.subject, known), invite=invite)


def for_guest(
    facts: BookingFacts,
    address: str,
    *,
    what: str,
    kind: str,
    link: Link | None,
    footer: str,
    rows: tuple[tuple[str, str], ...],
    first: str = "",
    place: str = "",
    body: tuple[str, ...] = (),
    invite: tuple[str, str] = ("", ""),
) -> MessageDraft:
    """Return one guest's mail; `what` and `footer` are keys of the language."""
    tongue, known = language_of(facts), common_values(facts)
    subject, heading = tongue.guests[what]
    letter = Letter(
        business=facts.business,
        time=first_line(facts, first),
        link=link,
        place=place,
        heading=filled(heading, known),
        paragraphs=body,
        rows=rows,
        footer=filled(tongue.phrases[footer], known),
        language=tongue.code,
    )
    to = Person(name="", email=address)
    return draft_for_business(facts, letter, kind=kind, subject=filled(subject, known), to=to, invite=invite)


def language_of(facts: BookingFacts) -> Language:
    """Return the language in which this business writes to its clients."""
    return language(facts.business.language)


def phrase(facts: BookingFacts, key: str, **values: str) -> str:
    """Return a label or sentence of the client's language, filled."""
    return filled(language_of(facts).phrases[key], values)


def first_line(facts: BookingFacts, key: str = "") -> str:
    """Return the time in the client's zone and language, within the phrase of this key."""
    when = common_values(facts)["when"]
    return phrase(facts, key, when=when) if key else when


def start_of(facts: BookingFacts, starts_at: datetime) -> str:
    """Return another start in the client's zone and language."""
    return start_words(starts_at, time_zone=facts.attendee_zone, tongue=language_of(facts))


def common_values(facts: BookingFacts) -> dict[str, str]:
    """Return what the placeholders that every occasion knows stand for."""
    tongue = language_of(facts)
    return {
        "business": facts.business.name,
        "meeting": facts.title,
        "host": hosts_of(facts),
        "client": facts.attendee.name,
        "when": span_words(facts.starts_at, facts.ends_at, time_zone=facts.attendee_zone, tongue=tongue),
        "start": start_words(facts.starts_at, time_zone=facts.attendee_zone, tongue=tongue),
        "time_zone": facts.attendee_zone,
    }


def hosts_of(facts: BookingFacts) -> str:
    """Return the hosts in words of the client's language."""
    return language_of(facts).listed([host.name for host in facts.hosts]) or facts.business.name


def join(facts: BookingFacts) -> Link | None:
    """Return the link to the meeting, None where people meet without one."""
    return Link(label=phrase(facts, "join"), url=facts.join_url) if facts.join_url else None


def change(facts: BookingFacts) -> Link:
    """Return the link to the client's own page of the booking."""
    return Link(label=phrase(facts, "change_or_cancel"), url=facts.manage_url)


def where(facts: BookingFacts) -> str:
    """Return the second line of a meeting without a link: where, or which number."""
    label = phrase(facts, _PLACES.get(facts.location_kind, "where"))
    place = facts.location_detail if facts.location_kind == "phone" else facts.place()
    return f"{label}: {place or phrase(facts, 'as_agreed')}"


def series(facts: BookingFacts) -> tuple[Link, ...]:
    """Return the link to all dates of the series that this booking is one of, if it is."""
    return (Link(label=phrase(facts, "all_dates"), url=facts.series_url),) if facts.series_url else ()


def dates_of(facts: BookingFacts) -> tuple[tuple[str, str], ...]:
    """Return every date of a series, soonest first, where this mail is the one that lists them."""
    if not facts.series_starts:
        return ()
    count = phrase(facts, "series_dates", count=str(len(facts.series_starts)))
    dates = [(str(n), start_of(facts, start)) for n, start in enumerate(facts.series_starts, start=1)]
    return ((phrase(facts, "series"), count), *dates)


def rows_of(facts: BookingFacts) -> tuple[tuple[str, str], ...]:
    """Return what the client may want to look up."""
    rows = [(phrase(facts, "meeting"), facts.title), (phrase(facts, "with"), hosts_of(facts))]
    if facts.join_url and facts.location_detail and facts.location_detail != facts.join_url:
        rows.append((phrase(facts, "where"), facts.location_detail))
    if facts.rooms:
        rows.append((phrase(facts, "room"), ", ".join(facts.rooms)))
    if facts.seat_number:
        rows.append((phrase(facts, "seat"), str(facts.seat_number)))
    if facts.guests:
        rows.append((phrase(facts, "guests"), ", ".join(facts.guests)))
    return tuple(rows)
