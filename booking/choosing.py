"""What a client chooses of a meeting type that offers several: how long, and where."""

import copy
from collections import Counter

from booking.errors import InvalidBooking
from booking.models import EventType, Meeting


def durations_of(event_type: EventType) -> tuple[int, ...]:
    """Return the lengths on offer in minutes, ascending; one where there is nothing to choose."""
    return tuple(sorted({event_type.duration_minutes, *event_type.more_durations}))


def locations_of(event_type: EventType) -> dict[str, tuple[str, str]]:
    """Return the places on offer as (kind, detail), the first one first, each by its key.

    Forms, links and the API name a place by its key: the kind, and "in_person-2", "in_person-3" for further places of
    one kind in the order of the meeting type. Keys are of the type as it is stored; nobody takes one apart.
    """
    more = ((each["kind"], each["detail"]) for each in event_type.more_locations)
    found: dict[str, tuple[str, str]] = {}
    count: Counter[str] = Counter()
    for kind, detail in ((event_type.location_kind, event_type.location_detail), *more):
        count[kind] += 1
        found[f"{kind}-{count[kind]}" if count[kind] > 1 else str(kind)] = (kind, detail)
    return found


def has_choices(event_type: EventType) -> bool:
    """Say whether there is anything to choose."""
    return bool(event_type.more_durations or event_type.more_locations)


def is_one_of_several(event_type: EventType) -> bool:
    """Say whether its place is told from others of the same kind by its detail alone."""
    return any(each["kind"] == event_type.location_kind for each in event_type.more_locations)


def choices_of(meeting: Meeting) -> tuple[tuple[str, str], ...]:
    """Return what was chosen for a meeting, name by name as its type's page takes it; () with nothing to choose.

    A place whose detail was changed since is the type's place of that kind.
    """
    if not has_choices(meeting.event_type):
        return ()
    there = (meeting.location_kind, meeting.location_detail)
    places = locations_of(meeting.event_type)
    location = next((key for key, place in places.items() if place == there), meeting.location_kind)
    return (("duration", str(of_meeting(meeting).duration_minutes)), ("location", location))


def of_meeting(meeting: Meeting) -> EventType:
    """Return the event type of a meeting with the meeting's own length and place: chosen for it, or the type's when it
    was booked. Of a session the type as it is now: its seats move to sessions that are made like that."""
    if meeting.is_session:
        return meeting.event_type
    wanted = copy.copy(meeting.event_type)
    wanted.duration_minutes = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    _put(wanted, meeting.location_kind, meeting.location_detail)
    return wanted


def as_met(meeting: Meeting) -> EventType:
    """Return what `of_meeting` does, at the place where the meeting really takes place: of its link's own kind."""
    wanted = copy.copy(of_meeting(meeting))
    wanted.location_kind, wanted.location_detail = meeting.link_kind, meeting.link_detail
    return wanted


def chosen(
    event_type: EventType, *, duration_minutes: int | None = None, location: str | None = None
) -> EventType:
    """Return the meeting type as the client wants it: of that length, at the place of that key. Not to be stored.

    Raises `InvalidBooking` naming what is not on offer.
    """
    if duration_minutes is None and not location:
        return event_type
    wanted = copy.copy(event_type)
    if duration_minutes is not None:
        lengths = durations_of(event_type)
        if duration_minutes not in lengths:
            words = ", ".join(map(str, lengths))
            raise InvalidBooking(f"This meeting can last {words} minutes.", "duration_minutes")
        wanted.duration_minutes = duration_minutes
    if location:
        places = locations_of(event_type)
        if location not in places:
            raise InvalidBooking(f"This meeting can take place: {_words(places)}.", "location")
        _put(wanted, *places[location])
    return wanted


def _put(wanted: EventType, kind: str, detail: str) -> None:
    """Put a copy of a meeting type there; its other places stay beside it."""
    others = [place for place in locations_of(wanted).values() if place != (kind, detail)]
    if wanted.more_locations:
        wanted.more_locations = [{"kind": other, "detail": where} for other, where in others]
    wanted.location_kind, wanted.location_detail = kind, detail


def _words(places: dict[str, tuple[str, str]]) -> str:
    """Return the keys on offer; with its detail each that has another of its kind beside it."""
    count = Counter(kind for kind, _ in places.values())
    return ", ".join(
        f"{key} ({detail})" if count[kind] > 1 else key for key, (kind, detail) in places.items()
    )
