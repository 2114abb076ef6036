"""Our events in one calendar at Microsoft: found by UID, made once, changed under their etag, removed.

Microsoft gives each event its id. What keeps ours single is looked for before it is made: the UID in an extended
property (api/singlevaluelegacyextendedproperty-get), and a `transactionId` made of it, which is good for one event
(resources/event), so that of two who make it at once one is refused.
"""

from typing import Any
from urllib.parse import quote, unquote

import httpx

from providers.calendars.graph_event import EXPANDED, OWN
from providers.calendars.graph_times import own_uid
from providers.oauth.session import ApiSession
from providers.protocols import Rejected, Unreachable

_FIELDS = (
    "id,start,end,isAllDay,isCancelled,transactionId,isOnlineMeeting,onlineMeetingProvider,onlineMeeting"
)
_PREFER = {"Prefer": 'outlook.timezone="UTC"'}
_MOST_LIVES = 8


def graph_url(calendar_id: str) -> str:
    """Return the address under which we keep a calendar, wherever the API is."""
    return f"https://graph.microsoft.com/v1.0/me/calendars/{quote(calendar_id, safe='')}"


def error_code(answer: httpx.Response) -> str:
    """Return the machine's word of an error answer (graph/errors), "" where there is none."""
    try:
        return str(answer.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


class GraphEvents:
    """Events below the calendar that is kept under `url`. Raises what sessions raise."""

    def __init__(self, session: ApiSession, *, url: str) -> None:
        self._session = session
        self.path = f"/me/calendars/{quote(unquote(url.rsplit('/', 1)[-1]), safe='')}"

    def own(self, uid: str) -> dict[str, Any] | None:
        """Return our event with this UID as it stands; None where the calendar does not hold it."""
        query = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{OWN}' and ep/value eq '{uid}')",
            "$select": _FIELDS,
            "$expand": EXPANDED,
            "$top": "10",
        }
        answer = self._session.request("GET", f"{self.path}/events", params=query, headers=_PREFER)
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to look for the event (HTTP {answer.status_code}).")
        items = self._session.read(answer).get("value")
        if not isinstance(items, list):
            raise Unreachable("Microsoft's answer makes no sense.")
        return next((item for item in items if own_uid(item, uid) == uid), None)

    def get(self, event_id: str, *, fields: str = _FIELDS) -> dict[str, Any] | None:
        """Return an event by its id; None where it is gone from this calendar (404)."""
        query = {"$select": fields}
        answer = self._session.request("GET", self._place(event_id), params=query, headers=_PREFER)
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to show the event (HTTP {answer.status_code}).")
        return self._session.read(answer)

    def made(self, uid: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make our event, or return the one that somebody else of us made meanwhile.

        A `transactionId` stays used when its owner deletes the event; the next number makes it anew.
        """
        for number in range(_MOST_LIVES):
            answer = self._session.request(
                "POST",
                f"{self.path}/events",
                json={**body, "transactionId": f"{number}.{uid}"},
                headers=_PREFER,
                is_repeatable=True,
            )
            if answer.is_success:
                return self._session.read(answer)
            if error_code(answer) != "ErrorDuplicateTransactionId":
                raise Rejected(f"Microsoft refused the event (HTTP {answer.status_code}).")
            found = self.own(uid)
            if found is not None:
                return found
        raise Rejected("The event was deleted in the calendar again and again, and is not made anew.")

    def changed(self, item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Change an event under the version that was seen: 412 says that it is another by now (graph/errors)."""
        answer = self._session.request(
            "PATCH",
            self._place(str(item["id"])),
            json=body,
            headers={**_PREFER, "If-Match": str(item.get("@odata.etag", ""))},
            is_repeatable=True,
        )
        if answer.status_code in (404, 409, 412):
            raise Unreachable("The event was changed in the calendar at the same moment.")
        if not answer.is_success:
            raise Rejected(f"Microsoft refused the change (HTTP {answer.status_code}).")
        return self._session.read(answer)

    def removed(self, item: dict[str, Any]) -> bool:
        """Delete an event; False when it was gone already."""
        answer = self._session.request("DELETE", self._place(str(item["id"])), is_repeatable=True)
        if answer.status_code == 404:
            return False
        if not answer.is_success:
            raise Rejected(f"Microsoft refused to delete the event (HTTP {answer.status_code}).")
        return True

    def body_of(self, item: dict[str, Any]) -> str:
        """Return the event's body as HTML, "" where it has none."""
        found = self.get(str(item["id"]), fields="body") or {}
        return str((found.get("body") or {}).get("content", ""))

    def _place(self, event_id: str) -> str:
        return f"{self.path}/events/{quote(event_id, safe='')}"
