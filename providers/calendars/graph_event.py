"""Our event as Graph's JSON, and what an event there says of the version that we gave it. Pure.

Attendees are named in the body and not listed: Graph would mail each of them an invitation of its own
(api/user-post-events). Times are written in UTC, a name that every mailbox knows; of IANA's Graph knows some only
(resources/datetimetimezone), and Outlook shows the owner's own zone anyway.
"""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from providers.protocols import CalendarEvent

_SET = "String {6b1b2f0e-6a3c-4b52-9f0a-5d6c3a7e41d9} Name"  # resources/extended-properties-overview
OWN = f"{_SET} holdfast"
"""The extended property in which our events carry their UID, to be found by."""
_SEQUENCE, _HOLDER = f"{_SET} holdfastSequence", f"{_SET} holdfastHolder"
EXPANDED = f"singleValueExtendedProperties($filter=id eq '{OWN}' or id eq '{_SEQUENCE}' or id eq '{_HOLDER}')"
_LINE = "What is above this line is kept up to date by the booking."


def event_body(event: CalendarEvent, *, kept: str = "") -> dict[str, Any]:
    """Return the event as resources/event wants it; `kept` is the body that stands there, of an online meeting."""
    return {
        "subject": event.title[:255],
        "body": {"contentType": "html", "content": _content(_words(event), kept)},
        "location": {"displayName": event.location[:1024]},
        **_times(event.starts_at, event.ends_at),
        "isAllDay": False,
        "showAs": "busy",
        "singleValueExtendedProperties": _properties(event.uid, str(event.sequence), "no"),
    }


def holder_body(uid: str, *, title: str, starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    """Return an event that only holds a meeting's link until the event itself is written."""
    return {
        "subject": title[:255],
        **_times(starts_at, ends_at),
        "showAs": "busy",
        "singleValueExtendedProperties": _properties(uid, "", "yes"),
    }


def our_version(item: Mapping[str, Any]) -> int:
    """Return the SEQUENCE that an event of ours says it has; -1 where a link alone was made, or nothing is said."""
    if is_holder(item):
        return -1
    said = _said(item, _SEQUENCE)
    return int(said) if said.isascii() and said.isdigit() else -1


def is_holder(item: Mapping[str, Any]) -> bool:
    """Say whether the event only holds a link."""
    return _said(item, _HOLDER) == "yes"


def without_meeting(content: str) -> str:
    """Return our part of an online meeting's body alone.

    "removing the meeting blob from the body would disable meeting online" (api/event-update).
    """
    head, line, _ = content.partition(_LINE)
    return f"{head}</p></body></html>" if line else ""


def _content(words: str, kept: str) -> str:
    """Return the whole body: ours, and below a line what Microsoft put there to join by, which has to stay."""
    if not kept:
        return f"<html><body>{words}</body></html>"
    below = kept.partition(_LINE)[2]
    below = re.sub(r"\A\s*</p>", "", below) if below else re.sub(r"(?is)\A.*?<body[^>]*>", "", kept)
    return f"<html><body>{words}<p>{_LINE}</p>{below}"


def _words(event: CalendarEvent) -> str:
    people = ", ".join(f"{each.name} <{each.email}>" if each.name else each.email for each in event.attendees)
    parts = [part[:8000] for part in (event.description, event.url, people) if part]
    return "".join(f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>" for part in parts)


def _times(starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    return {
        name: {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
        for name, at in (("start", starts_at), ("end", ends_at))
    }


def _properties(uid: str, sequence: str, holder: str) -> list[dict[str, str]]:
    pairs = ((OWN, uid), (_SEQUENCE, sequence), (_HOLDER, holder))
    return [{"id": name, "value": value} for name, value in pairs if value]


def _said(item: Mapping[str, Any], name: str) -> str:
    held = item.get("singleValueExtendedProperties") or ()
    return next((str(each.get("value", "")) for each in held if each.get("id") == name), "")
