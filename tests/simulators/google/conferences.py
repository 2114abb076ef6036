"""Google Meet as the Calendar API makes it: developers.google.com/workspace/calendar/api/guides/create-events."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.google.schema import error


@dataclass
class Conferences:
    """How conferences are made: `pending` is for how many looks they are not ready, `fails` that they never will be."""

    pending: int = 0
    fails: bool = False
    _waits: dict[str, int] = field(default_factory=dict)

    def change(self, event: dict[str, Any], asked: Any) -> None:
        """Take a createRequest, or remove the conference where null is said. The same requestId is ignored."""
        if asked is None:
            event.pop("conferenceData", None)
            return
        request = asked.get("createRequest")
        if not request or not request.get("requestId"):
            raise error(400, "invalid", "Invalid conference data.")
        if request.get("conferenceSolutionKey", {}).get("type", "hangoutsMeet") != "hangoutsMeet":
            raise error(400, "invalid", "Invalid conference type value.")
        known = event.get("conferenceData", {}).get("createRequest", {})
        if known.get("requestId") == request["requestId"]:
            return
        self._waits[event["id"]] = self.pending
        event["conferenceData"] = {"createRequest": {**request, "status": {"statusCode": "pending"}}}
        if not self.pending:
            self._settle(event)

    def look(self, event: dict[str, Any]) -> None:
        """Let a pending conference come nearer to being ready."""
        waits = self._waits.get(event["id"], 0)
        if waits > 0:
            self._waits[event["id"]] = waits - 1
            if waits == 1:
                self._settle(event)

    def _settle(self, event: dict[str, Any]) -> None:
        data = event["conferenceData"]
        data["createRequest"]["status"]["statusCode"] = "failure" if self.fails else "success"
        if self.fails:
            return
        code = "-".join("".join(secrets.choice(string.ascii_lowercase) for _ in range(n)) for n in (3, 4, 3))
        url = f"https://meet.google.com/{code}"
        event["hangoutLink"] = url
        data["conferenceId"] = code
        data["conferenceSolution"] = {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"}
        data["entryPoints"] = [{"entryPointType": "video", "uri": url, "label": url.removeprefix("https://")}]
