"""Handing a finished mail to a mail service: what it answers is one of the outcomes that SMTP has."""

from typing import TYPE_CHECKING, Any

from django.conf import settings

from kernel import http
from kernel.breaker import BREAKER, Resting
from kernel.calling import Caller, retry_after_seconds
from providers.mail.characters import one_line
from providers.mail.servers import MailFault, MailServer, MailService
from providers.mail.smtp import OutcomeUnknown
from providers.protocols import ProviderError, RateLimited, Rejected, Unreachable

if TYPE_CHECKING:
    from anymail.exceptions import AnymailError

_LATER = (420, 429)  # 420: SparkPost, "Sending Limits"
_TRIAL = "From: {0}\r\nTo: {0}\r\nSubject: Test of this connection\r\nMIME-Version: 1.0\r\n\r\nNobody gets this.\r\n"


def send_by_service(
    server: MailServer,
    *,
    sender: str,
    recipient: str,
    content: bytes,
    reference: str = "",
    is_trial: bool = False,
) -> None:
    """Hand `content` over for one recipient; `reference` comes back with reports of the service.

    Raises Unreachable (not taken for now, or our key is not: `setting` in its fields), RateLimited, OutcomeUnknown
    (it may have been taken) or Rejected.
    """
    from anymail.exceptions import AnymailAPIError, AnymailError  # with requests: only where it is used

    from providers.mail.services.backends import BACKENDS, FinishedMail

    service = _service(server)
    mail = FinishedMail(content, sender=sender, recipient=recipient, reference=reference, is_trial=is_trial)
    options = {"sender_domain": server.username or None} if service.has_domain else {}
    backend = BACKENDS[service.vendor](api_key=server.password, api_url=api_url(service), **options)
    try:
        backend.send_messages([mail])
    except Resting as error:
        if error.is_asked:
            raise RateLimited(_later(service), retry_after=error.retry_after) from None
        raise Unreachable(f"{service.label} failed again and again; it is asked again in a moment.") from None
    except http.HttpError as error:
        if error.may_have_acted:
            raise OutcomeUnknown(f"{service.label} did not say whether it took the message.") from None
        raise Unreachable(f"{service.label} cannot be reached.") from None
    except AnymailAPIError as error:
        raise _refusal(server, service, error) from None
    except AnymailError:
        raise Rejected(f"{service.label} does not take this message.", setting="from_address") from None


def greet_service(server: MailServer) -> None:
    """Ask whether the service answers at all; nothing is sent, and a key is not tried. Raises Unreachable."""
    service = _service(server)
    try:
        answer = Caller(provider=service.vendor, breaker=BREAKER).send("GET", api_url(service))
    except http.HttpError:
        raise Unreachable(f"{service.label} cannot be reached.") from None
    if answer.status_code >= 500:
        raise Unreachable(f"{service.label} has a fault of its own (HTTP {answer.status_code}).")


def try_mail_service(server: MailServer, *, from_address: str) -> MailFault | None:
    """Hand over a mail that the service checks and gives to nobody; None when it is taken, else the wrong setting."""
    content = _TRIAL.format(from_address).encode("ascii")
    try:
        send_by_service(server, sender=from_address, recipient=from_address, content=content, is_trial=True)
    except ProviderError as error:
        return MailFault(setting=str(error.fields.get("setting", "scheme")), words=error.message)
    return None


def api_url(service: MailService) -> str:
    """Return where the service's API is, or its simulator."""
    return (
        f"{settings.HOLDFAST_MAIL_SERVICE_SIMULATOR.rstrip('/') or f'https://{service.host}'}{service.path}"
    )


def _refusal(server: MailServer, service: MailService, error: "AnymailError") -> ProviderError:
    """Return what an answer means that is not "taken"."""
    answer = error.response
    status = error.status_code or 0
    said = _said(answer, hidden=server.password)
    if not status:  # requests would not even prepare it
        return Rejected(f"{service.label} cannot be asked with this key and domain.", setting="password")
    if 200 <= status < 300 or status >= 500:
        return OutcomeUnknown(f"{service.label} did not say whether it took the message (HTTP {status}).")
    if status in _LATER:
        return RateLimited(_later(service), retry_after=retry_after_seconds(answer))
    if status in (401, 403):
        return Unreachable(
            f"{service.label} does not take the key (HTTP {status}).{said}", setting="password"
        )
    if 300 <= status < 400:
        return Unreachable(f"{service.label} answers from elsewhere (HTTP {status}).", setting="scheme")
    if status == 404 and service.has_domain:
        return Rejected(f"{service.label} does not know the sending domain.{said}", setting="username")
    return Rejected(f"{service.label} refused the message (HTTP {status}).{said}", setting="from_address")


def _said(answer: Any, *, hidden: str) -> str:
    """Return the service's own words with a blank before them, without the key; "" where it has none."""
    try:
        found = answer.json()
        errors = found.get("errors")
        first = errors[0] if errors else found
        words = one_line(str(first.get("description") or first.get("message") or ""), limit=200)
    except (ValueError, AttributeError, TypeError, LookupError):
        return ""
    return f" {words.replace(hidden, '…')}" if words else ""


def _later(service: MailService) -> str:
    return f"{service.label} asks us to come back later."


def _service(server: MailServer) -> MailService:
    assert server.service is not None
    return server.service
