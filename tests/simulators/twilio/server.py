"""Twilio's Messages API: twilio.com/docs/messaging/api/message-resource, and its signed reports of what arrived."""

import base64
import hashlib
import hmac
import re
import secrets

from tests.simulators.vendor import Refused, Reply, Request, Simulator

ACCOUNT, TOKEN, NUMBER = f"AC{'0' * 32}", "simulated-token", "+15005550006"
_KNOWN = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
_LONGEST = 1600


class TwilioSimulator(Simulator):
    """One account with one number. `stopped` are who answered STOP, `unreachable` who does not exist."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, str]] = []
        self.stopped: set[str] = set()
        self.unreachable: set[str] = set()
        root = "/2010-04-01/Accounts"
        self.route("GET", f"{root}/*.json", self._account)
        self.route("GET", f"{root}/*/IncomingPhoneNumbers.json", self._numbers)
        self.route("POST", f"{root}/*/Messages.json", self._send)

    def report(self, sid: str, status: str, **more: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """Return the call of a report: its address, form and headers (docs/usage/security, "Validating Signatures")."""
        (text,) = [each for each in self.sent if each["sid"] == sid]
        form = {"MessageSid": sid, "MessageStatus": status, "To": text["to"], "AccountSid": ACCOUNT, **more}
        url = text["callback"]
        said = url + "".join(f"{name}{form[name]}" for name in sorted(form))
        mark = base64.b64encode(hmac.new(TOKEN.encode(), said.encode(), hashlib.sha1).digest()).decode()
        return url, form, {"X-Twilio-Signature": mark}

    def _signed_in(self, request: Request) -> None:
        pair = base64.b64decode(
            request.headers.get("authorization", "").removeprefix("Basic ") or b""
        ).decode()
        if request.match[0] != ACCOUNT:
            raise _error(404, 20404, "The requested resource was not found")
        if pair != f"{ACCOUNT}:{TOKEN}":
            raise _error(401, 20003, "Authenticate")

    def _account(self, request: Request) -> Reply:
        self._signed_in(request)
        return Reply(json={"sid": ACCOUNT, "status": "active"})

    def _numbers(self, request: Request) -> Reply:
        """usage "Filter by phone number": docs/phone-numbers/api/incomingphonenumber-resource."""
        self._signed_in(request)
        found = [{"phone_number": NUMBER}] if request.query.get("PhoneNumber") == NUMBER else []
        return Reply(json={"incoming_phone_numbers": found})

    def _send(self, request: Request) -> Reply:
        """201 with the message, queued; errors by number (docs/api/errors)."""
        self._signed_in(request)
        form = request.form
        if form.keys() - _KNOWN or not 1 <= len(form.get("Body", "")) <= _LONGEST:
            raise _error(400, 21602, "Message body is required.")
        if form.get("From") != NUMBER and not form.get("MessagingServiceSid", "").startswith("MG"):
            raise _error(
                400, 21606, "The From phone number is not a valid message-capable Twilio phone number."
            )
        to = form.get("To", "")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to) or to in self.unreachable:
            raise _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        if to in self.stopped:
            raise _error(400, 21610, "Attempt to send to unsubscribed recipient")
        sid = f"SM{secrets.token_hex(16)}"
        self.sent.append(
            {"sid": sid, "to": to, "body": form["Body"], "callback": form.get("StatusCallback", "")}
        )
        return Reply(status=201, json={"sid": sid, "status": "queued", "to": to, "error_code": None})


def _error(status: int, code: int, message: str) -> Refused:
    return Refused(
        Reply(status=status, json={"code": code, "message": message, "status": status,
                                   "more_info": f"https://www.twilio.com/docs/errors/{code}"})
    )  # fmt: skip
