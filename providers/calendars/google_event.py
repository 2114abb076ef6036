"""Our event as Google's JSON, and what an event there says of the version that we gave it. Pure.

Attendees are named in the description and not listed as guests: Google would put the event into their calendars
beside the invite that we mail, and there would be two (reference/events/insert, "sendUpdates").
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from providers.calendars.google_times import OWN_PROPERTY
from providers.protocols import CalendarEvent

_SEQUENCE = "holdfastSequence"
HOLDER = "holdfastHolder"


def event_body(event: CalendarEvent) -> dict[str, Any]:
    """Return the event as reference/events wants it: local time with its IANA zone, our UID and SEQUENCE private."""
    return {
        "summary": event.title[:1024],
        "description": _description(event)[:8000],
        "location": event.location[:1024],
        "start": _time(event.starts_at, event.time_zone),
        "end": _time(event.ends_at, event.time_zone),
        "status": "confirmed",
        "transparency": "opaque",
        "extendedProperties": {
            "private": {OWN_PROPERTY: event.uid, _SEQUENCE: str(event.sequence), HOLDER: "no"}
        },
    }


def our_version(item: dict[str, Any]) -> int:
    """Return the SEQUENCE that an event of ours says it has; -1 where a link alone was made, or nothing is said."""
    private = (item.get("extendedProperties") or {}).get("private") or {}
    if private.get(HOLDER) == "yes":
        return -1
    said = str(private.get(_SEQUENCE, ""))
    return int(said) if said.isascii() and said.isdigit() else -1


def _description(event: CalendarEvent) -> str:
    people = ", ".join(f"{each.name} <{each.email}>" if each.name else each.email for each in event.attendees)
    return "\n\n".join(part for part in (event.description, event.url, people) if part)


def _time(moment: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"), "timeZone": zone}
