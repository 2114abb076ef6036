"""The ways in which a meeting's link may be made, in the order that its event type gives: "Jitsi, else the room".

A run tries them one after the other (booking.actions.choices); the proof that is stored with the link says which
was used, and what else was begun under which key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.api import Run
from booking.models import EventType, Meeting, Move
from providers.api import meeting_provider

MOST = 3
CHOICES = (
    ("create_meeting", "verify_link"),
    ("create_second_choice", "verify_second_choice"),
    ("create_third_choice", "verify_third_choice"),
)
"""The actions that make and prove the first, the second and the third way."""
WORDS = {
    EventType.Location.BUILT_IN_ROOM: "the built-in room",
    EventType.Location.FIXED_LINK: "the meeting type’s own link",
    EventType.Location.GOOGLE_MEET: "Google Meet",
    EventType.Location.JITSI: "Jitsi",
    EventType.Location.MICROSOFT_TEAMS: "Microsoft Teams",
    EventType.Location.ZOOM: "Zoom",
}


@dataclass(frozen=True)
class Way:
    """One way: the provider's kind, the key of the link there, and the place's detail (a fixed link's address)."""

    kind: str
    key: str
    detail: str


def way_words(kind: str) -> str:
    """Return a way to meet online in words: "the built-in room"."""
    return WORDS[EventType.Location(kind)]


def kinds_to_try(meeting: Meeting, move: Move | None) -> list[str]:
    """Return the kinds that a run of this meeting tries, best first. Who joins a session shares the link it has."""
    if meeting.link_key and (move is None or move.is_seat):
        return [meeting.link_kind]
    return kinds_of(meeting.event_type, meeting.location_kind)


def kinds_of(event_type: EventType, location_kind: str) -> list[str]:
    """Return the kinds that are tried for a new meeting of an event type at that location, best first."""
    if location_kind not in EventType.ONLINE:
        return [location_kind]
    others = [each["kind"] for each in event_type.fallback_locations]
    return list(dict.fromkeys([location_kind, *others]))[:MOST]


def has_hosts_own_link(meeting: Meeting) -> bool:
    """Say whether a link is its host's to start (Google Meet, Teams, Zoom by consent or as a user of the business's
    account), so that whoever takes the meeting over needs another one. Two queries at most."""
    return meeting.is_online and meeting_provider(meeting.link_kind).is_of_host(meeting.link_key)


def ways_of(payload: Mapping[str, Any], meeting: Meeting) -> list[Way]:
    """Return the ways of a run, from its payload. Each but the first has a key of its own."""
    details = {each["kind"]: each["detail"] for each in meeting.event_type.fallback_locations}
    details |= {meeting.link_kind: meeting.link_detail, meeting.location_kind: meeting.location_detail}
    key = payload["link_key"]
    return [
        Way(kind, f"{key}-{number}" if number > 1 else key, details.get(kind, ""))
        for number, kind in enumerate(payload.get("ways") or [meeting.location_kind], start=1)
    ]


def links_of(meeting: Meeting) -> list[list[str]]:
    """Return [kind, key] of everything that was made for a meeting, the link in use first; [] without one."""
    unused = (meeting.link_proof or {}).get("unused", [])
    return [[meeting.link_kind, meeting.link_key], *unused] if meeting.link_key else []


def fallback_words(run: Run) -> str:
    """Return ", in the built-in room because Jitsi did not work"; "" where the first way did."""
    kinds = run.payload.get("ways", [])
    states = {step.action: step.state for step in run.steps.all()} if len(kinds) > 1 else {}
    used = next((n for n, (_, proved) in enumerate(CHOICES) if states.get(proved) == "done"), 0)
    if not used:
        return ""
    failed = " and ".join(map(way_words, kinds[:used]))
    return f", in {way_words(kinds[used])} because {failed} did not work"


def way_of_step(payload: Mapping[str, Any], action: str) -> str:
    """Return the kind that a step of a run makes or proves; "" for other steps and runs of one way."""
    kinds = payload.get("ways", [])
    return next((kind for kind, pair in zip(kinds, CHOICES, strict=False) if action in pair), "")
