"""Push channels: developers.google.com/workspace/calendar/api/guides/push."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.simulators.google.schema import error
from tests.simulators.google.store import Store

_LONGEST = timedelta(days=30)


@dataclass
class _Channel:
    id: str
    token: str
    address: str
    calendar_id: str
    resource_id: str
    expires_at: datetime
    number: int = 1


@dataclass
class Channels:
    """Open channels. `deliver` calls an address with headers; `copies` is how often each notice is sent (0: never)."""

    store: Store
    now: Callable[[], datetime]
    allows_http: bool = False
    copies: int = 1
    live: dict[str, _Channel] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    deliver: Callable[[str, dict[str, str]], None] = field(default_factory=lambda: post_in_background)

    def open(self, calendar_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make a channel ("Make watch requests") and say `sync` on it."""
        if set(body) - {"id", "type", "address", "token", "expiration", "params"}:
            raise error(400, "badRequest", "Unknown name")
        if body.get("type") != "web_hook":
            raise error(400, "channelTypeInvalid", "Unknown channel type")
        if not body.get("id") or len(body["id"]) > 64 or len(body.get("token", "")) > 256:
            raise error(400, "invalid", "Invalid channel")
        if body["id"] in self.known:
            raise error(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        scheme = urlsplit(body.get("address", "")).scheme
        if scheme != "https" and not (self.allows_http and scheme == "http"):
            raise error(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS")
        wanted = datetime.fromtimestamp(int(body.get("expiration", "0")) / 1000, UTC)
        expires_at = (
            min(wanted, self.now() + _LONGEST) if wanted > self.now() else self.now() + timedelta(days=7)
        )
        channel = _Channel(
            body["id"],
            body.get("token", ""),
            body["address"],
            calendar_id,
            f"resource-{calendar_id}",
            expires_at,
        )
        self.live[channel.id] = channel
        self.known.add(channel.id)
        self._send(channel, "sync")
        return {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource_id,
            "resourceUri": f"https://www.googleapis.com/calendar/v3/calendars/{calendar_id}/events?alt=json",
            "token": channel.token,
            "expiration": str(int(expires_at.timestamp() * 1000)),
        }

    def stop(self, body: dict[str, Any]) -> None:
        """End a channel ("Stop notifications"); 404 for one that is not there."""
        channel = self.live.get(body.get("id", ""))
        if channel is None or channel.resource_id != body.get("resourceId"):
            raise error(404, "notFound", f"Channel '{body.get('id')}' not found")
        del self.live[channel.id]

    def tell(self, calendar_id: str) -> None:
        """Say `exists` on every channel of the calendar that is not over."""
        for channel in [each for each in self.live.values() if each.calendar_id == calendar_id]:
            if channel.expires_at > self.now():
                self._send(channel, "exists")

    def _send(self, channel: _Channel, state: str) -> None:
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Token": channel.token,
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.number),
        }
        channel.number += 1
        for _ in range(self.copies):
            self.deliver(channel.address, headers)


def post_in_background(address: str, headers: dict[str, str]) -> None:
    """POST without waiting; *.localhost is loopback, which Python's resolver on Debian does not know."""

    def post() -> None:
        parts = urlsplit(address)
        host = "127.0.0.1" if (parts.hostname or "").endswith("localhost") else parts.hostname
        url = parts._replace(netloc=f"{host}:{parts.port or 443}").geturl()
        try:
            httpx.post(url, headers={**headers, "Host": parts.netloc}, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return

    threading.Thread(target=post, daemon=True).start()
