"""Anymail's backends of the services that take a finished mail: who it is for is said beside it, nothing is built anew.

Links are not rewritten, opens are not counted, and what looks like a template in a mail is not one.
"""

from typing import Any

from anymail.backends.mailgun import EmailBackend as AnymailMailgun
from anymail.backends.mailgun import MailgunPayload
from anymail.backends.sparkpost import EmailBackend as AnymailSparkPost
from anymail.backends.sparkpost import SparkPostPayload
from django.core.mail import EmailMessage

from providers.mail.services.session import HouseSession

REFERENCE = "holdfast"


class FinishedMail(EmailMessage):
    """A mail as bytes on the wire, and who it is from and for. Its `reference` comes back with reports about it."""

    def __init__(
        self, content: bytes, *, sender: str, recipient: str, reference: str, is_trial: bool = False
    ) -> None:
        super().__init__(from_email=sender, to=[recipient])
        self.content = content
        self.is_trial = is_trial
        self.metadata = {REFERENCE: reference} if reference else {}
        self.track_opens = self.track_clicks = False


class MailgunBackend(AnymailMailgun):  # type: ignore[misc]  # untyped base
    """POST /v3/{domain}/messages.mime (documentation.mailgun.com, "Send an email in MIME format")."""

    def build_message_payload(self, message: FinishedMail, defaults: Any) -> "_MailgunPayload":
        return _MailgunPayload(message, defaults, self)

    def create_session(self) -> HouseSession:
        return HouseSession("mailgun", account=self.api_key)


class _MailgunPayload(MailgunPayload):  # type: ignore[misc]  # untyped base
    def get_api_endpoint(self) -> str:
        return f"{super().get_api_endpoint()}.mime"

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        params: dict[str, Any] = super().get_request_params(api_url)
        options = {name: value for name, value in params["data"].items() if name[:2] in ("o:", "v:")}
        if self.message.is_trial:  # accepted, checked and not sent ("Sending in Test Mode")
            options["o:testmode"] = "yes"
        params["data"] = {"to": params["data"]["to"], **options}
        params["files"] = [("message", ("message.eml", self.message.content, "message/rfc822"))]
        return params


class SparkPostBackend(AnymailSparkPost):  # type: ignore[misc]  # untyped base
    """POST /api/v1/transmissions with content.email_rfc822 (developers.sparkpost.com/api/transmissions)."""

    def build_message_payload(self, message: FinishedMail, defaults: Any) -> "_SparkPostPayload":
        return _SparkPostPayload(message, defaults, self)

    def create_session(self) -> HouseSession:
        return HouseSession("sparkpost", account=self.api_key)


class _SparkPostPayload(SparkPostPayload):  # type: ignore[misc]  # untyped base
    def serialize_data(self) -> str:
        self.data["content"] = {"email_rfc822": self.message.content.decode()}
        self.data["options"] |= {"transactional": True, "perform_substitutions": False}
        if self.message.is_trial:  # the sink takes everything and passes nothing on ("SparkPost Sink Server")
            for each in self.data["recipients"]:
                each["address"]["email"] += ".sink.sparkpostmail.com"
        return str(super().serialize_data())


BACKENDS: dict[str, Any] = {"mailgun": MailgunBackend, "sparkpost": SparkPostBackend}
"""By `MailService.vendor`."""
