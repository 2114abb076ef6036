"""A real SMTP server (aiosmtpd) on a free port of loopback, with a plan of faults and what it accepted."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Fault = Literal[
    "none",
    "450 at recipient",
    "550 at recipient",
    "451 at data",
    "554 at data",
    "accepts, then drops",
    "drops at recipient",
    "slow at data",
    "rubbish at recipient",
]


@dataclass(frozen=True)
class Received:
    """One message as it was accepted: the envelope and the bytes."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The message, parsed."""
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailSink:
    """The running server. `plan` is used up one fault per conversation; when it is empty, all goes well."""

    port: int
    received: list[Received] = field(default_factory=list)
    plan: list[Fault] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sessions: list[SMTP] = field(default_factory=list)  # every connection that was ever made
    slow_seconds: float = 0.8

    def refuses_sign_in(self) -> bool:
        """Say whether even the right password is refused."""
        return False

    def next_fault(self) -> Fault:
        """Return what goes wrong in the conversation that begins."""
        return self.plan.pop(0) if self.plan else "none"

    def turn_away(self) -> None:
        """Tell everybody to come back later, in every conversation until the plan is cleared."""
        fault: Fault = "450 at recipient"
        self.plan = [fault] * 999

    def hang_up(self) -> None:
        """Close every connection from this side, as a server does with idle ones."""
        for session in self.sessions:
            if isinstance(session.transport, asyncio.WriteTransport):
                session.loop.call_soon_threadsafe(session.transport.abort)

    @property
    def url(self) -> str:
        """What HOLDFAST_SMTP_URL wants."""
        return f"smtp://127.0.0.1:{self.port}"


class _Handler:
    def __init__(self, sink: MailSink) -> None:
        self._sink = sink
        self._fault: Fault = "none"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._fault = self._sink.next_fault()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._fault.endswith("at recipient"):
            self._sink.refused.append(address)
            if self._fault.startswith("drops"):
                _abort(server)
                return "421 gone"
            if self._fault.startswith("rubbish"):
                return "welcome"
            return f"{self._fault[:3]} the plan says no"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._fault == "slow at data":
            await asyncio.sleep(self._sink.slow_seconds)
        elif self._fault.endswith("at data"):
            return f"{self._fault[:3]} the plan says no"
        content = envelope.content
        assert isinstance(content, bytes)
        self._sink.received.append(Received(str(envelope.mail_from), tuple(envelope.rcpt_tos), content))
        if self._fault == "accepts, then drops":
            _abort(server)
        return "250 accepted"


def _abort(server: SMTP) -> None:
    """Drop the connection without another word."""
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


@contextmanager
def mail_sink(
    *, tls: ssl.SSLContext | None = None, starttls: bool = False, password: str = ""
) -> Iterator[MailSink]:
    """Run a server for the block: plain, with TLS at once, or with STARTTLS; asks "holdfast" to sign in."""
    loop = asyncio.new_event_loop()
    sink = MailSink(port=0)

    def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        is_right = (data.login, data.password) == (b"holdfast", password.encode())
        return AuthResult(success=is_right and not sink.refuses_sign_in(), handled=False)

    def protocol() -> SMTP:
        session = SMTP(
            _Handler(sink),
            hostname="sink.example",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            auth_required=bool(password),
            auth_require_tls=False,
            authenticator=sign_in if password else None,
            loop=loop,
        )
        sink.sessions.append(session)
        return session

    listening = loop.create_server(protocol, "127.0.0.1", 0, ssl=None if starttls else tls)
    server = loop.run_until_complete(listening)
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.hang_up()  # connections are kept for the next mail; nobody will answer them any more
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
