"""What a client chooses of a meeting type that offers several: how long, and where."""

import copy

from booking.errors import InvalidBooking
from booking.models import EventType, Meeting


def durations_of(event_type: EventType) -> tuple[int, ...]:
    """Return the lengths on offer in minutes, ascending; one where there is nothing to choose."""
    return tuple(sorted({event_type.duration_minutes, *event_type.more_durations}))


def locations_of(event_type: EventType) -> tuple[tuple[str, str], ...]:
    """Return the places on offer as (kind, detail), the first one first; one of each kind."""
    more = ((each["kind"], each["detail"]) for each in event_type.more_locations)
    return ((event_type.location_kind, event_type.location_detail), *more)


def has_choices(event_type: EventType) -> bool:
    """Say whether there is anything to choose."""
    return bool(event_type.more_durations or event_type.more_locations)


def of_meeting(meeting: Meeting) -> EventType:
    """Return the event type of a meeting with the meeting's own length and place: chosen for it, or the type's when it
    was booked. Of a session the type as it is now: its seats move to sessions that are made like that."""
    if meeting.is_session:
        return meeting.event_type
    wanted = copy.copy(meeting.event_type)
    wanted.duration_minutes = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    wanted.location_kind, wanted.location_detail = meeting.location_kind, meeting.location_detail
    return wanted


def as_met(meeting: Meeting) -> EventType:
    """Return what `of_meeting` does, at the place where the meeting really takes place: of its link's own kind."""
    wanted = copy.copy(of_meeting(meeting))
    wanted.location_kind, wanted.location_detail = meeting.link_kind, meeting.link_detail
    return wanted


def chosen(
    event_type: EventType, *, duration_minutes: int | None = None, location: str | None = None
) -> EventType:
    """Return the meeting type as the client wants it: of that length, at that kind of place. Not to be stored.

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
        places = dict(locations_of(event_type))
        if location not in places:
            raise InvalidBooking(f"This meeting can take place: {', '.join(places)}.", "location")
        wanted.location_kind, wanted.location_detail = location, places[location]
    return wanted
