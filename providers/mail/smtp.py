"""One SMTP conversation for one recipient, step by step: it is known whether the message may have left."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kernel.errors import Misconfigured
from providers.protocols import Rejected, Unreachable

TIMEOUT_SECONDS = 15.0
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class OutcomeUnknown(Unreachable):
    """The whole message was handed over, but no answer came: it may have been accepted."""

    code = "outcome_unknown"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail leaves: `scheme` is smtp, smtps (TLS at once) or smtp+starttls; username "": no sign-in."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""


def mail_server(url: str) -> MailServer:
    """Read HOLDFAST_SMTP_URL, e.g. "smtp+starttls://user:pass%21@mail.example:587"; raises Misconfigured."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Misconfigured(
            "HOLDFAST_SMTP_URL must look like smtp://host:port, smtps://… or smtp+starttls://user:password@host."
        )
    return MailServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def send(server: MailServer, *, sender: str, recipient: str, content: bytes, own_name: str) -> None:
    """Hand `content` over for one recipient. Source of the reply classes: RFC 5321 4.2.

    Raises Unreachable (not accepted for now: no connection, 4yz), OutcomeUnknown (it may have been accepted)
    or Rejected (5yz: it will not be accepted).
    """
    with _named_failures(), _connected(server, own_name) as session:
        _expect(session.mail(sender), "the sender")
        _expect(session.rcpt(recipient), "the recipient")
        _hand_over(session, content)


def greet(server: MailServer, *, own_name: str) -> None:
    """Connect, secure, sign in, say NOOP and leave: nothing is sent. Raises Unreachable."""
    with _named_failures(), _connected(server, own_name) as session:
        _expect(session.noop(), "a greeting")


@contextmanager
def _connected(server: MailServer, own_name: str) -> Iterator[smtplib.SMTP]:
    """Connect, secure, sign in; say goodbye at the end, whatever the server thinks of that."""
    session = _open(server, own_name)
    try:
        if server.scheme == "smtp+starttls":
            session.starttls(context=ssl.create_default_context())
        session.ehlo_or_helo_if_needed()
        if server.username:
            session.login(server.username, server.password)
        yield session
    finally:
        try:
            session.quit()
        except (smtplib.SMTPException, OSError):
            session.close()


def _open(server: MailServer, own_name: str) -> smtplib.SMTP:
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(
            server.host,
            server.port,
            local_hostname=own_name,
            timeout=TIMEOUT_SECONDS,
            context=ssl.create_default_context(),
        )
    return smtplib.SMTP(server.host, server.port, local_hostname=own_name, timeout=TIMEOUT_SECONDS)


def _hand_over(session: smtplib.SMTP, content: bytes) -> None:
    """Send DATA; from here on a lost connection no longer means that nothing was accepted."""
    try:
        reply = session.data(content)
    except smtplib.SMTPDataError:
        raise  # the server answered DATA itself with a refusal: nothing was handed over
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise OutcomeUnknown("The mail server took the message but did not confirm it.") from error
    _expect(reply, "the message")


def _expect(reply: tuple[int, bytes], what: str) -> None:
    code, words = reply
    if 200 <= code < 300:
        return
    said = words.decode("utf-8", "replace").replace("\n", " ")[:200]
    if 400 <= code < 500:
        raise Unreachable(f"The mail server does not take {what} now: {code} {said}")
    raise Rejected(f"The mail server refused {what}: {code} {said}")


@contextmanager
def _named_failures() -> Iterator[None]:
    """Turn what smtplib raises before the message is handed over into the closed set."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise Unreachable(f"The mail server refused our sign-in ({error.smtp_code}).") from error
    except smtplib.SMTPResponseException as error:
        _expect((error.smtp_code, _as_bytes(error.smtp_error)), "our message")
        raise Unreachable("The mail server answered unexpectedly.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(
            f"The mail server cannot be reached: {str(error) or type(error).__name__}."
        ) from error


def _as_bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()
