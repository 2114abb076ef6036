"""Where mail leaves: the mail server that HOLDFAST_SMTP_URL names, or one that a business typed."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kernel.errors import Misconfigured

PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail leaves: `scheme` is smtp, smtps (TLS at once) or smtp+starttls; username "": no sign-in.

    `is_typed`: a business typed the address, so it must not lead into private networks.
    """

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""
    is_typed: bool = False


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
