"""The sending APIs of Mailgun and SparkPost: each takes a finished mail, and does to it what its vendor does
unless told not to (links rewritten, templates filled in)."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, cast

from tests.simulators.vendor import Refused, Reply, Request, Simulator

KEY, HOOK_KEY, DOMAIN = "key-5f0c1d-simulated", "hook-key-9a41-simulated", "holdfast.example"
_LINK = re.compile(rb"https?:/(?=/)")
_TEMPLATE = re.compile(rb"\{\{.*?\}\}")


@dataclass(frozen=True)
class Taken:
    """A mail that a service took: who it goes to, its bytes, and what was said beside it."""

    recipient: str
    content: bytes
    reference: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def mail(self) -> EmailMessage:
        """The mail, read."""
        return cast(EmailMessage, message_from_bytes(self.content, policy=SMTP))


class MailServiceSimulator(Simulator):
    """What both have: a key, the domains that are set up, and the mails that left. `tried` are those that never do."""

    vendor = ""

    def __init__(self) -> None:
        super().__init__()
        self.key = KEY
        self.domains = {DOMAIN}
        self.sent: list[Taken] = []
        self.tried: list[Taken] = []

    def take(self, taken: Taken, *, is_trial: bool, tracks: bool, fills_in: bool) -> None:
        """Keep a mail as its receiver would see it."""
        content = _LINK.sub(b"https:/tracked.example", taken.content) if tracks else taken.content
        content = _TEMPLATE.sub(b"", content) if fills_in else content
        done = Taken(taken.recipient, content, taken.reference, taken.options)
        (self.tried if is_trial else self.sent).append(done)

    def report(self, taken: Taken, event: str, words: str, *, key: str = "") -> tuple[bytes, dict[str, str]]:
        """Return the body and headers of the call that says what became of a mail, proven by `key`."""
        raise NotImplementedError


class MailgunSimulator(MailServiceSimulator):
    """documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages, "Send an email in MIME format"."""

    vendor = "mailgun"

    def __init__(self) -> None:
        super().__init__()
        self.route("POST", "/v3/*/messages.mime", self._send)

    def report(
        self, taken: Taken, event: str, words: str, *, key: str = HOOK_KEY
    ) -> tuple[bytes, dict[str, str]]:
        """User manual, "Tracking Failures" and "Securing Webhooks": `event` is permanent, temporary or delivered."""
        timestamp, token = "1759320000", secrets.token_hex(25)
        mark = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        said: dict[str, Any] = {"event": "delivered"} if event == "delivered" else {
            "event": "failed", "severity": event, "reason": "bounce",
            "delivery-status": {"code": 550, "message": words, "description": ""},
        }  # fmt: skip
        data = {**said, "id": secrets.token_hex(8), "timestamp": 1759320000.1, "recipient": taken.recipient,
                "user-variables": {"holdfast": taken.reference},
                "message": {"headers": {"message-id": "simulated@mailgun"}}}  # fmt: skip
        body = {"signature": {"timestamp": timestamp, "token": token, "signature": mark}, "event-data": data}
        return json.dumps(body).encode(), {"Content-Type": "application/json"}

    def _send(self, request: Request) -> Reply:
        pair = base64.b64encode(f"api:{self.key}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            raise Refused(Reply(status=401, body="Forbidden"))
        if request.match[0] not in self.domains:
            raise Refused(Reply(status=404, json={"message": f"Domain not found: {request.match[0]}"}))
        fields = _multipart(request)
        unknown = [
            name for name in fields if name not in ("to", "message") and name[:2] not in ("o:", "v:", "h:")
        ]
        if unknown or not fields.get("to") or not message_from_bytes(fields.get("message", b""))["From"]:
            words = "to parameter is not a valid address. please check documentation"
            raise Refused(Reply(status=400, json={"message": words}))
        said = {name: value.decode() for name, value in fields.items() if name != "message"}
        taken = Taken(said["to"], fields["message"], said.get("v:holdfast", ""), said)
        tracks = said.get("o:tracking-clicks", "yes") != "no" or said.get("o:tracking-opens", "yes") != "no"
        self.take(taken, is_trial=said.get("o:testmode") == "yes", tracks=tracks, fills_in=False)
        return Reply(
            json={"id": f"<{secrets.token_hex(10)}@{request.match[0]}>", "message": "Queued. Thank you."}
        )


class SparkPostSimulator(MailServiceSimulator):
    """developers.sparkpost.com/api/transmissions: raw RFC 822 content, options, the sink server."""

    vendor = "sparkpost"
    _OPTIONS = {"open_tracking", "click_tracking", "transactional", "perform_substitutions"}

    def __init__(self) -> None:
        super().__init__()
        self.route("POST", "/api/v1/transmissions/", self._send)

    def report(
        self, taken: Taken, event: str, words: str, *, key: str = f"holdfast:{HOOK_KEY}"
    ) -> tuple[bytes, dict[str, str]]:
        """developers.sparkpost.com/api/webhooks: batches of events, basic authentication."""
        kind = {"permanent": "bounce", "temporary": "delay", "delivered": "delivery"}[event]
        said = {"type": kind, "bounce_class": "10", "raw_reason": words, "raw_rcpt_to": taken.recipient,
                "timestamp": "1759320000", "event_id": secrets.token_hex(8),
                "rcpt_meta": {"holdfast": taken.reference}}  # fmt: skip
        pair = base64.b64encode(key.encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {pair}"}
        return json.dumps([{"msys": {"message_event": said}}]).encode(), headers

    def _send(self, request: Request) -> Reply:
        if request.headers.get("authorization") != self.key:
            raise _spark(401, "Unauthorized.")
        said = request.json()
        content, options = said.get("content", {}), said.get("options", {})
        if set(content) != {"email_rfc822"} or set(options) - self._OPTIONS or not said.get("recipients"):
            raise _spark(422, "invalid data format/type", "Error validating domain name syntax", "1300")
        raw = content["email_rfc822"].encode()
        mail = cast(EmailMessage, message_from_bytes(raw, policy=SMTP))
        domain = mail["From"].addresses[0].domain if mail["From"] else ""
        if domain not in self.domains:
            raise _spark(400, "Invalid domain", f"Unconfigured Sending Domain <{domain}>", "7001")
        (recipient,) = said["recipients"]
        address = recipient["address"]["email"]
        taken = Taken(address, raw, said.get("metadata", {}).get("holdfast", ""), options)
        tracks = options.get("click_tracking", True) or options.get("open_tracking", True)
        fills_in = options.get("perform_substitutions", True)
        is_trial = address.endswith(".sink.sparkpostmail.com")
        self.take(taken, is_trial=is_trial, tracks=tracks, fills_in=fills_in)
        counts = {"total_rejected_recipients": 0, "total_accepted_recipients": 1}
        return Reply(json={"results": {**counts, "id": secrets.token_hex(9)}})


def _spark(status: int, message: str, description: str = "", code: str = "") -> Refused:
    error = {"message": message, "description": description, "code": code}
    return Refused(
        Reply(status=status, json={"errors": [{name: text for name, text in error.items() if text}]})
    )


def _multipart(request: Request) -> dict[str, bytes]:
    """Return the fields of a multipart form (RFC 7578)."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    form = message_from_bytes(head + request.body)
    parts = form.get_payload() if form.is_multipart() else []
    found = {}
    for part in cast(list[Any], parts):
        name = str(part.get_param("name", header="content-disposition"))
        start = part.as_bytes().partition(b"\n\n")[2]
        found[name] = start if name != "message" else _between(request.body, name)
    return found


def _between(body: bytes, name: str) -> bytes:
    """Return a field's bytes as they came, for a mail inside a form must not be parsed with it."""
    boundary = body.split(b"\r\n", 1)[0]
    part = next(
        each for each in body.split(boundary) if f'name="{name}"'.encode() in each.split(b"\r\n\r\n")[0]
    )
    return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
