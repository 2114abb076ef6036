"""Where mail leaves: the installation's mail server or mail service, or one that a business chose."""

from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from django.conf import settings

from kernel.errors import Misconfigured

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, kw_only=True)
class MailService:
    """A vendor's HTTP API that takes a finished mail (docs/decisions/mail-services-take-the-finished-mail.md).

    `has_domain`: mail is sent in the name of a domain that is set up there, which may differ from the sender's.
    """

    label: str
    vendor: str
    host: str
    path: str
    has_domain: bool = False


_MAILGUN = MailService(
    label="Mailgun", vendor="mailgun", host="api.mailgun.net", path="/v3/", has_domain=True
)
_SPARKPOST = MailService(label="SparkPost", vendor="sparkpost", host="api.sparkpost.com", path="/api/v1/")
SERVICES = {
    "mailgun": _MAILGUN,
    "mailgun_eu": replace(_MAILGUN, label="Mailgun (EU)", host="api.eu.mailgun.net"),
    "sparkpost": _SPARKPOST,
    "sparkpost_eu": replace(_SPARKPOST, label="SparkPost (EU)", host="api.eu.sparkpost.com"),
}


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail leaves: `scheme` is smtp, smtps (TLS at once), smtp+starttls, or the name of a mail service.

    `username` "": no sign-in. Of a service `password` is the key, and `username` the domain that is set up there, ""
    for the sender's own. `is_typed`: a business typed the address, so it must not lead into private networks.
    """

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    is_typed: bool = False

    @property
    def service(self) -> MailService | None:
        """The mail service that this is, None for an SMTP server."""
        return SERVICES.get(self.scheme)


def platform_server() -> MailServer:
    """Return where the installation's mail leaves: HOLDFAST_MAIL_SERVICE, else HOLDFAST_SMTP_URL.

    Raises Misconfigured.
    """
    if not settings.HOLDFAST_MAIL_SERVICE:
        return mail_server(settings.HOLDFAST_SMTP_URL)
    if settings.HOLDFAST_MAIL_SERVICE not in SERVICES:
        raise Misconfigured(f"HOLDFAST_MAIL_SERVICE must be one of {', '.join(SERVICES)}.")
    key = settings.HOLDFAST_MAIL_SERVICE_KEY
    if not key or not key.isascii() or not key.isprintable():
        raise Misconfigured("HOLDFAST_MAIL_SERVICE_KEY is not set, or is no key of a mail service.")
    return service_server(
        settings.HOLDFAST_MAIL_SERVICE,
        key=key,
        domain=settings.HOLDFAST_MAIL_SERVICE_DOMAIN,
    )


def service_server(name: str, *, key: str, domain: str = "") -> MailServer:
    """Return a mail service as the server that mail leaves by; `name` is one of SERVICES."""
    return MailServer(scheme=name, host=SERVICES[name].host, port=443, username=domain, password=key)


def mail_server(url: str) -> MailServer:
    """Read HOLDFAST_SMTP_URL, e.g. "smtp+starttls://user:pass%21@mail.example:587"; raises Misconfigured."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise Misconfigured(
            "HOLDFAST_SMTP_URL must look like smtp://host:port, smtps://… or smtp+starttls://user:password@host."
        )
    return MailServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


@dataclass(frozen=True, kw_only=True)
class MailFault:
    """Which setting is wrong (host, port, scheme, username, password or from_address), and how, in words."""

    setting: str
    words: str
