"""Zoom's meetings over its API: developers.zoom.us/docs/api/meetings. One class, five calls, failures in words.

Errors are {"code", "message"} (developers.zoom.us/docs/api/errors): 3001 a meeting that is gone, 1001 a user whom the
account does not know, 4711 a scope that the token lacks.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from providers.oauth.session import ApiSession
from providers.protocols import Rejected, Unauthorised, Unreachable

SCHEDULED = 2  # "type": a meeting with a start time
_NO_REGISTRATION = 2  # "approval_type"
_UNKNOWN_USER, _NO_MEETING, _NO_SCOPE = 1001, 3001, 4711
_MOST_PAGES = 10


class UnknownUser(Rejected):
    """The Zoom account has no such user."""


class RemoteMeetings:
    """The scheduled meetings that a session may touch."""

    def __init__(self, session: ApiSession) -> None:
        self._session = session

    def make(
        self, user: str, *, topic: str, mark: str, starts_at: datetime, ends_at: datetime
    ) -> dict[str, Any]:
        """Create a meeting (POST /users/{userId}/meetings). Sent once: Zoom knows no key that would make it safe
        to send again. Whoever has the link may come: no registration, no sign-in."""
        body = {
            "topic": topic[:200],
            "agenda": mark,
            "type": SCHEDULED,
            **_times(starts_at, ends_at),
            "settings": {"approval_type": _NO_REGISTRATION, "meeting_authentication": False},
        }
        answer = self._session.request("POST", f"/users/{quote(user, safe='@')}/meetings", json=body)
        self._check(answer)
        return self._session.read(answer)

    def read(self, remote_id: str) -> dict[str, Any] | None:
        """Return a meeting as Zoom has it (GET /meetings/{meetingId}); None where it is gone."""
        answer = self._session.request("GET", f"/meetings/{remote_id}")
        if _is_gone(answer):
            return None
        self._check(answer)
        return self._session.read(answer)

    def find(self, user: str, mark: str) -> dict[str, Any] | None:
        """Return the coming meeting of a user whose agenda carries the mark (GET /users/{userId}/meetings).

        A list shows the first 250 characters of an agenda, and the mark stands at its beginning. None too for a
        user whom the account does not know: nothing was made in their name.
        """
        query = {"type": "upcoming", "page_size": "300"}
        for _ in range(_MOST_PAGES):
            answer = self._session.request("GET", f"/users/{quote(user, safe='@')}/meetings", params=query)
            if answer.status_code == 404 and _code(answer) == _UNKNOWN_USER:
                return None
            self._check(answer)
            page = self._session.read(answer)
            for item in page.get("meetings") or ():
                if str(item.get("agenda", "")).startswith(mark):
                    return dict(item)
            if not page.get("next_page_token"):
                return None
            query = {**query, "next_page_token": str(page["next_page_token"])}
        raise Unreachable("Zoom lists more meetings than can be looked through.")

    def move(self, remote_id: str, *, starts_at: datetime, ends_at: datetime) -> bool:
        """Give a meeting another time (PATCH /meetings/{meetingId}); its link stays. False where it is gone."""
        answer = self._session.request(
            "PATCH", f"/meetings/{remote_id}", json=_times(starts_at, ends_at), is_repeatable=True
        )
        if _is_gone(answer):
            return False
        self._check(answer)
        return True

    def remove(self, remote_id: str) -> bool:
        """Delete a meeting (DELETE /meetings/{meetingId}), without mail by Zoom; False where it was gone."""
        answer = self._session.request(
            "DELETE",
            f"/meetings/{remote_id}",
            params={"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"},
            is_repeatable=True,
        )
        if _is_gone(answer):
            return False
        self._check(answer)
        return True

    def _check(self, answer: httpx.Response) -> None:
        """Raise what an error means; 401, 403, 429 and 5xx are the session's."""
        if answer.is_success:
            return
        code = _code(answer)
        if code == _NO_SCOPE:
            raise Unauthorised(
                "Zoom’s app lacks a scope that meetings need: add it in Zoom’s Marketplace, and connect again."
            )
        if code == _UNKNOWN_USER:
            raise UnknownUser("The Zoom account does not know this host.")
        raise Rejected(f"Zoom refused (HTTP {answer.status_code}, code {code}).")


def faults_of(item: dict[str, Any]) -> str:
    """Return why whoever has the link could not come in, in words; "" where nothing stands in the way."""
    settings = item.get("settings") or {}
    if settings.get("approval_type", _NO_REGISTRATION) != _NO_REGISTRATION:
        return "Zoom wants people to register for this meeting first."
    if settings.get("meeting_authentication"):
        return "Zoom lets only people in who are signed in at Zoom: the account’s settings say so."
    return ""


def _times(starts_at: datetime, ends_at: datetime) -> dict[str, Any]:
    minutes = max(1, round((ends_at - starts_at).total_seconds() / 60))
    return {"start_time": zoom_time(starts_at), "duration": minutes, "timezone": "UTC"}


def zoom_time(moment: datetime) -> str:
    """Return an instant as Zoom takes it in GMT: yyyy-MM-ddTHH:mm:ssZ."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_gone(answer: httpx.Response) -> bool:
    return answer.status_code == 404 and _code(answer) == _NO_MEETING


def _code(answer: httpx.Response) -> int:
    try:
        return int(answer.json().get("code", 0))
    except (ValueError, AttributeError, TypeError):
        return 0
