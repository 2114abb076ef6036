"""What a chat is told of an event, as plain values: a title, what to know, and where to look. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from providers.mail.characters import one_line

_TITLES = {
    "booking.confirmed": "New booking: {title} with {client}",
    "booking.cancelled": "Cancelled: {title} with {client}",
    "booking.rescheduled": "New time: {title} with {client}",
    "booking.reassigned": "New host: {title} with {client}",
    "holdfast.test": "A test from {business}: notices arrive here",
}


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """One notice in words. `rows` are (label, value); everything is one line; `url` leads into the portal."""

    title: str
    rows: tuple[tuple[str, str], ...]
    url: str


def announcement(
    event: str, data: Mapping[str, Any], *, business: str, time_zone: str, portal_url: str
) -> Announcement:
    """Return what to say of an event, from the data that a webhook gets; times in `time_zone`.

    The client's own link (manage_url) is never in it: a channel has more readers than the client.
    """
    if event == "incident.opened":
        return Announcement(
            title=one_line(f"Needs a look: {data['title']}"),
            rows=(("What it means", one_line(str(data["consequence"]))),),
            url=str(data["url"]),
        )
    attendee = data.get("attendee") or {}
    words = {"title": data.get("title", ""), "client": attendee.get("name", ""), "business": business}
    title = _TITLES.get(event, event).format(**words)
    rows = tuple((label, one_line(value)) for label, value in _rows(data, time_zone) if value)
    path = f"bookings/{data['uid']}/" if data.get("uid") else "connections/"
    return Announcement(title=one_line(title), rows=rows, url=f"{portal_url}{path}")


def _rows(data: Mapping[str, Any], time_zone: str) -> list[tuple[str, str]]:
    previous = data.get("previous") or {}
    return [
        ("When", _moment(data.get("start"), time_zone)),
        (
            "Before",
            _moment(previous.get("start"), time_zone) or str((previous.get("host") or {}).get("name", "")),
        ),
        ("Host", ", ".join(host["name"] for host in data.get("hosts", ()))),
        ("Reason", str(data.get("reason") or "")),
    ]


def _moment(text: str | None, time_zone: str) -> str:
    """Return "2026-11-03 14:30 Europe/Lisbon", which reads alike in every language."""
    if not text:
        return ""
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(time_zone))
    return f"{local:%Y-%m-%d %H:%M} {time_zone}"
