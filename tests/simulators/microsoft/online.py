"""Teams meetings on events: learn.microsoft.com/graph/outlook-calendar-online-meetings."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.microsoft.store import Calendar, Event

_BLOB = '<div class="me-email-text"><a href="{url}">Join Microsoft Teams Meeting</a></div>'


@dataclass
class OnlineMeetings:
    """How meetings are made: `pending` is for how many looks the address is not told yet.

    A calendar whose account has no Teams answers with isOnlineMeeting false and provider unknown.
    """

    pending: int = 0
    _waits: dict[str, int] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)

    def change(self, calendar: Calendar, event: Event, body: Mapping[str, Any]) -> None:
        """Apply what was asked: once online it stays so, but for a body that leaves the meeting's part out.

        "you cannot change onlineMeetingProvider, nor set isOnlineMeeting to false" (the page's note), and "removing
        the meeting blob from the body would disable meeting online" (api/event-update).
        """
        url = self._urls.get(event["id"])
        if url is not None:
            event["isOnlineMeeting"], event["onlineMeetingProvider"] = True, "teamsForBusiness"
            if "body" in body and _BLOB.format(url=url) not in event["body"]["content"]:
                self._end(event)
        elif body.get("isOnlineMeeting"):
            self._begin(calendar, event)

    def look(self, event: Event) -> None:
        """Let an address that is not told yet come nearer."""
        waits = self._waits.get(event["id"], 0)
        if waits > 0:
            self._waits[event["id"]] = waits - 1
            if waits == 1:
                event["onlineMeeting"] = {"joinUrl": self._urls[event["id"]]}

    def _begin(self, calendar: Calendar, event: Event) -> None:
        if event.get("onlineMeetingProvider") not in calendar.online:
            event["isOnlineMeeting"], event["onlineMeetingProvider"] = False, "unknown"
            return
        thread = secrets.token_urlsafe(16)
        url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0"
        self._urls[event["id"]], self._waits[event["id"]] = url, self.pending
        event["onlineMeeting"] = None if self.pending else {"joinUrl": url}
        content = (event.get("body") or {}).get("content", "")
        inner = content.removeprefix("<html><body>").removesuffix("</body></html>")
        blob = _BLOB.format(url=url)
        event["body"] = {"contentType": "html", "content": f"<html><body>{inner}{blob}</body></html>"}

    def _end(self, event: Event) -> None:
        del self._urls[event["id"]]
        event |= {"isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "onlineMeeting": None}
