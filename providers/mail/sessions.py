"""SMTP connections kept for the next mail: opened when none is idle, closed a few seconds after the last one.

Only a conversation that ended well comes back here. Servers close what is idle, and end long sessions; both
show at the next MAIL, before anything was handed over (`was_gone`), so a fresh connection is taken then.
"""

import contextlib
import smtplib
import ssl
import threading
import time
from collections import defaultdict

from providers.mail.servers import MailServer
from providers.mail.typed import TypedSMTP, TypedSMTPOverTls

IDLE_SECONDS = 5.0
MOST_MAILS = 50
TIMEOUT_SECONDS = 15.0
_GOODBYE_SECONDS = 2.0


class Session:
    """One connection that is signed in and ready for MAIL; `mails` have gone through it."""

    def __init__(self, server: MailServer, own_name: str) -> None:
        self.server = server
        self.own_name = own_name
        self.mails = 0
        self.idle_since = 0.0
        self.smtp = _opened(server, own_name)

    def close(self) -> None:
        """Say goodbye, whatever the server thinks of that, and wait for its answer only briefly."""
        try:
            if self.smtp.sock is not None:
                self.smtp.sock.settimeout(_GOODBYE_SECONDS)
            self.smtp.quit()
        except (smtplib.SMTPException, OSError):
            self.smtp.close()


class Sessions:
    """The idle connections of this process, by server and own name; safe for any number of threads."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle: defaultdict[tuple[MailServer, str], list[Session]] = defaultdict(list)
        self._lock = threading.Lock()
        self._idle_seconds = idle_seconds
        self._sweeper: threading.Timer | None = None

    def idle(self, server: MailServer, own_name: str) -> Session | None:
        """Take a connection that waits for the next mail; None if there is none."""
        with self._lock:
            waiting = self._idle[server, own_name]
            return waiting.pop() if waiting else None

    def keep(self, session: Session) -> None:
        """Put a connection back whose conversation ended well, for a few seconds."""
        session.mails += 1
        if session.mails >= MOST_MAILS:
            session.close()
            return
        session.idle_since = time.monotonic()
        with self._lock:
            self._idle[session.server, session.own_name].append(session)
            if self._sweeper is None:
                self._sweep_later()

    def close_idle(self, *, older_than: float = 0.0) -> None:
        """Close what has been idle for so many seconds."""
        until = time.monotonic() - older_than
        with self._lock:
            old = [each for waiting in self._idle.values() for each in waiting if each.idle_since <= until]
            for waiting in self._idle.values():
                waiting[:] = [each for each in waiting if each not in old]
        for session in old:
            session.close()

    def _sweep_later(self) -> None:
        self._sweeper = threading.Timer(self._idle_seconds, self._sweep)
        self._sweeper.daemon = True
        self._sweeper.start()

    def _sweep(self) -> None:
        with contextlib.suppress(Exception):  # a goodbye that fails is no reason to sweep no more
            self.close_idle(older_than=self._idle_seconds)
        with self._lock:
            self._sweeper = None
            if any(self._idle.values()):
                self._sweep_later()


def connection_to(server: MailServer, own_name: str) -> smtplib.SMTP:
    """Connect, with TLS where the scheme begins with it; no word is said yet but the greeting."""
    plain, tls = (TypedSMTP, TypedSMTPOverTls) if server.is_typed else (smtplib.SMTP, smtplib.SMTP_SSL)
    if server.scheme == "smtps":
        return tls(
            server.host,
            server.port,
            local_hostname=own_name,
            timeout=TIMEOUT_SECONDS,
            context=ssl.create_default_context(),
        )
    return plain(server.host, server.port, local_hostname=own_name, timeout=TIMEOUT_SECONDS)


def _opened(server: MailServer, own_name: str) -> smtplib.SMTP:
    """Connect, secure, sign in. Raises what smtplib raises, and Rejected for a typed address that is private."""
    smtp = connection_to(server, own_name)
    try:
        if server.scheme == "smtp+starttls":
            smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        if server.username:
            smtp.login(server.username, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp
