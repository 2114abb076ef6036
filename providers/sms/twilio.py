"""Twilio: twilio.com/docs/messaging/api/message-resource; its calls, twilio.com/docs/usage/security.

Sending knows no idempotency key, so it is sent once, and an outcome that is not known is said to be so.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

import httpx
from django.conf import settings

from kernel import http
from kernel.breaker import BREAKER, Resting
from kernel.calling import Caller, retry_after_seconds
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable
from providers.sms.carrier import Carrier

_TIMEOUT_SECONDS = 10.0
# twilio.com/docs/api/errors
_WORDS = {
    21211: "The number is not one that Twilio can reach.",
    21408: "The Twilio account may not send to this country: allow it under Messaging, Geo permissions.",
    21606: "The sender is not a number of the Twilio account that can send texts.",
    21608: "A trial account of Twilio sends to verified numbers only.",
    21610: "The recipient has answered STOP: they get no texts from this sender.",
    21614: "The number is not a mobile one.",
    21705: "Twilio does not know this messaging service.",
    30003: "The telephone is switched off or out of reach.",
    30005: "The number does not exist.",
    30006: "The number is a landline.",
    30007: "The network took the text for spam.",
    30034: "The sender is not registered for texts to the United States (A2P 10DLC).",
}


class OutcomeUnknown(Unreachable):
    """The carrier was asked and did not say what came of it: the text may be on its way."""


class WrongTwilio(Rejected):
    """Twilio refuses; `setting` is account, secret or sender."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


def api_url() -> str:
    """Return where Twilio's API is, or its simulator."""
    return f"{settings.HOLDFAST_TWILIO_SIMULATOR.rstrip('/') or 'https://api.twilio.com'}/2010-04-01"


def send_by_twilio(carrier: Carrier, *, to: str, text: str, callback: str) -> str:
    """Hand a text over (POST Messages) and return its SID; `callback` is told what becomes of it.

    Raises OutcomeUnknown, Unreachable (nothing was sent), RateLimited, Unauthorised, Rejected.
    """
    service = carrier.sender.startswith("MG")
    form = {
        "To": to,
        "Body": text,
        "MessagingServiceSid" if service else "From": carrier.sender,
        "StatusCallback": callback,
    }
    answer = _asked(carrier, "POST", "/Messages.json", form=form)
    if answer.status_code != 201 and not answer.is_success:
        raise _refusal(answer)
    try:
        return str(answer.json()["sid"])
    except (ValueError, KeyError, TypeError):
        raise OutcomeUnknown("Twilio’s answer makes no sense.") from None


def try_twilio(carrier: Carrier) -> None:
    """Ask Twilio for the account and the sender; raises WrongTwilio with the setting, and other ProviderErrors."""
    answer = _asked(carrier, "GET", ".json")
    if answer.status_code in (401, 404):
        is_account = answer.status_code == 404
        words = "Twilio does not know this account SID." if is_account else (
            "Twilio does not take this auth token for this account SID."
        )  # fmt: skip
        raise WrongTwilio(words, setting="account" if is_account else "secret")
    if answer.status_code != 200:
        raise _refusal(answer)
    if carrier.sender.startswith("MG"):
        return  # a service is on another host; the first text shows whether it is right
    numbers = _asked(carrier, "GET", "/IncomingPhoneNumbers.json", params={"PhoneNumber": carrier.sender})
    found = numbers.json().get("incoming_phone_numbers") if numbers.status_code == 200 else None
    if not found:
        raise WrongTwilio("The Twilio account has no such number to send from.", setting="sender")


def is_from_twilio(carrier: Carrier, *, url: str, form: Mapping[str, str], signature: str) -> bool:
    """Check X-Twilio-Signature: base64(HMAC-SHA1(auth token, URL + each parameter's name and value, sorted)).

    twilio.com/docs/usage/security, "Validating Signatures from Twilio". Compared in constant time.
    """
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    mark = hmac.new(carrier.secret.encode(), text.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(mark), signature.encode("utf-8", "replace"))


def words_of(code: int) -> str:
    """Return one of Twilio's error codes in words."""
    return _WORDS.get(code, f"Twilio says that it was not delivered (error {code}).")


def _asked(
    carrier: Carrier,
    method: str,
    path: str,
    *,
    form: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> httpx.Response:
    pair = base64.b64encode(f"{carrier.account}:{carrier.secret}".encode()).decode()
    caller = Caller(provider="twilio", breaker=BREAKER, timeout_seconds=_TIMEOUT_SECONDS)
    try:
        answer = caller.send(
            method,
            f"{api_url()}/Accounts/{carrier.account}{path}",
            form=form,
            params=params,
            headers={"Authorization": f"Basic {pair}"},
            account=carrier.account,
        )
    except Resting as error:
        if error.is_asked:
            raise RateLimited("Twilio asks us to come back later.", retry_after=error.retry_after) from None
        raise Unreachable("Twilio failed again and again; it is asked again in a moment.") from None
    except http.HttpError as error:
        if error.may_have_acted and method == "POST":
            raise OutcomeUnknown("Twilio did not say whether it took the text.") from None
        raise Unreachable("Twilio cannot be reached.") from None
    if answer.status_code == 429:
        raise RateLimited("Twilio asks us to come back later.", retry_after=retry_after_seconds(answer))
    if answer.status_code >= 500:
        fault = OutcomeUnknown if method == "POST" else Unreachable
        raise fault(f"Twilio has a fault of its own (HTTP {answer.status_code}).")
    return answer


def _refusal(answer: httpx.Response) -> Exception:
    if answer.status_code == 401:
        return Unauthorised("Twilio does not take the auth token any more: set it again under Texts.")
    try:
        code = int(answer.json().get("code", 0))
    except (ValueError, AttributeError, TypeError):
        code = 0
    return Rejected(words_of(code) if code else f"Twilio refused the text (HTTP {answer.status_code}).")
