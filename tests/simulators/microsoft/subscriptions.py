"""Change notifications: learn.microsoft.com/graph/change-notifications-delivery-webhooks and …-lifecycle-events."""

import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from tests.simulators.microsoft.schema import error

LONGEST = timedelta(minutes=4230)
"""For Outlook's events (change-notifications-overview, "Subscription lifetime")."""
_FIELDS = {
    "changeType",
    "notificationUrl",
    "lifecycleNotificationUrl",
    "resource",
    "expirationDateTime",
    "clientState",
}


@dataclass
class Subscription:
    """One subscription of an account to the events of a calendar."""

    id: str
    account: str
    calendar_id: str
    body: dict[str, Any]
    expires_at: datetime

    def json(self) -> dict[str, Any]:
        """The resource as it is answered; clientState is not shown again."""
        shown = {name: value for name, value in self.body.items() if name != "clientState"}
        return {**shown, "id": self.id, "expirationDateTime": _stamp(self.expires_at)}


@dataclass
class Subscriptions:
    """Those that are open. `ask` sends a validation and returns (status, content type, body); `tell` delivers JSON.

    `copies` is how often each notification is sent (0: never).
    """

    now: Callable[[], datetime]
    allows_http: bool = False
    copies: int = 1
    live: dict[str, Subscription] = field(default_factory=dict)
    ask: Callable[[str], tuple[int, str, str]] = field(default_factory=lambda: validated)
    tell: Callable[[str, dict[str, Any]], None] = field(default_factory=lambda: post_in_background)

    def open(self, account: str, calendar_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make one once each of its addresses has given the validation token back ("notificationUrl validation")."""
        self._check(body)
        for name in ("notificationUrl", "lifecycleNotificationUrl"):
            if name in body:
                self._validate(body[name])
        made = Subscription(
            str(uuid.uuid4()), account, calendar_id, body, _instant(body["expirationDateTime"])
        )
        self.live[made.id] = made
        return made.json()

    def renew(self, account: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """Prolong one that is not over ("Renew a subscription")."""
        held = self._held(account, key)
        if set(body) != {"expirationDateTime"}:
            raise error(400, "InvalidRequest", "Only expirationDateTime can be changed.")
        self._check_expiration(body)
        held.expires_at = _instant(body["expirationDateTime"])
        return held.json()

    def close(self, account: str, key: str) -> None:
        """End one ("Delete a subscription")."""
        del self.live[self._held(account, key).id]

    def changed(self, calendar_id: str, event_id: str, change: str) -> None:
        """Tell every live subscription of the calendar that an event changed."""
        for each in self._of(calendar_id):
            data = {"@odata.type": "#Microsoft.Graph.Event", "id": event_id}
            self._send(each, "notificationUrl", {"changeType": change, "resourceData": data})

    def lifecycle(self, calendar_id: str, event: str) -> None:
        """Say `reauthorizationRequired`, `subscriptionRemoved` or `missed`."""
        for each in self._of(calendar_id):
            if event == "subscriptionRemoved":
                del self.live[each.id]
            self._send(each, "lifecycleNotificationUrl", {"lifecycleEvent": event})

    def _of(self, calendar_id: str) -> list[Subscription]:
        mine = [each for each in self.live.values() if each.calendar_id == calendar_id]
        return [each for each in mine if each.expires_at > self.now()]

    def _held(self, account: str, key: str) -> Subscription:
        found = self.live.get(key)
        if found is None or found.account != account or found.expires_at <= self.now():
            raise error(404, "ResourceNotFound", "The object was not found.")
        return found

    def _send(self, each: Subscription, address: str, facts: dict[str, Any]) -> None:
        notice = {
            "subscriptionId": each.id,
            "subscriptionExpirationDateTime": _stamp(each.expires_at),
            "clientState": each.body.get("clientState"),
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
            "resource": each.body["resource"],
            **facts,
        }
        if address in each.body:
            for _ in range(self.copies):
                self.tell(each.body[address], {"value": [notice]})

    def _check(self, body: dict[str, Any]) -> None:
        if unknown := set(body) - _FIELDS:
            raise error(400, "BadRequest", f"The property '{sorted(unknown)[0]}' does not exist.")
        if missing := {"changeType", "notificationUrl", "resource", "expirationDateTime"} - set(body):
            raise error(400, "InvalidRequest", f"{sorted(missing)[0]} is required.")
        if set(body["changeType"].split(",")) - {"created", "updated", "deleted"}:
            raise error(400, "InvalidRequest", "changeType is not supported.")
        if len(body.get("clientState", "")) > 128:
            raise error(400, "InvalidRequest", "clientState is too long.")
        for name in ("notificationUrl", "lifecycleNotificationUrl"):
            scheme = urlsplit(body.get(name, "https://")).scheme
            if scheme != "https" and not (self.allows_http and scheme == "http"):
                raise error(400, "InvalidRequest", f"{name}: only https is supported.")
        self._check_expiration(body)

    def _check_expiration(self, body: dict[str, Any]) -> None:
        try:
            wanted = _instant(body["expirationDateTime"])
        except ValueError:
            raise error(400, "InvalidRequest", "expirationDateTime is no date and time.") from None
        if not self.now() < wanted <= self.now() + LONGEST:
            raise error(
                400, "ExtensionError", "Subscription expiration can only be 4230 minutes in the future."
            )

    def _validate(self, address: str) -> None:
        token = f"Validation: Testing client application for {secrets.token_hex(8)} + more"
        status, kind, body = self.ask(f"{address}?{urlencode({'validationToken': token})}")
        if status != 200 or not kind.startswith("text/plain") or body != token:
            raise error(400, "ValidationError", "Subscription validation request failed.")


def validated(url: str) -> tuple[int, str, str]:
    """POST a validation request and return the answer's status, content type and body."""
    address, headers = _addressed(url)
    try:
        answer = httpx.post(address, headers=headers, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return 0, "", ""
    return answer.status_code, answer.headers.get("Content-Type", ""), answer.text


def post_in_background(url: str, body: dict[str, Any]) -> None:
    """POST without waiting."""

    def post() -> None:
        address, headers = _addressed(url)
        try:
            httpx.post(address, json=body, headers=headers, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return

    threading.Thread(target=post, daemon=True).start()


def _addressed(url: str) -> tuple[str, dict[str, str]]:
    """Return where to send and the Host: *.localhost is loopback, which Python's resolver on Debian does not know."""
    parts = urlsplit(url)
    host = "127.0.0.1" if (parts.hostname or "").endswith("localhost") else parts.hostname
    return parts._replace(netloc=f"{host}:{parts.port or 443}").geturl(), {"Host": parts.netloc}


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
