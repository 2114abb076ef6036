"""Testing a mail server step by step: the first step that fails names the setting that is wrong. Nothing is sent."""

import smtplib
import socket
import ssl

from providers.mail.servers import MailFault, MailServer
from providers.mail.services.sending import try_mail_service
from providers.mail.sessions import connection_to
from providers.protocols import Rejected


def try_mail_server(server: MailServer, *, from_address: str) -> MailFault | None:
    """Connect, secure, sign in and offer the sender (MAIL FROM, then RSET); None when all of it works.

    At most a few conversations of fifteen seconds; never called inside a transaction. A mail service is handed a mail
    that it checks and gives to nobody.
    """
    if server.service:
        return try_mail_service(server, from_address=from_address)
    own_name = from_address.rpartition("@")[2] or "localhost"
    try:
        session = connection_to(server, own_name)
    except Rejected as error:
        return MailFault(setting=str(error.fields.get("setting", "host")), words=error.message)
    except (smtplib.SMTPException, OSError) as error:
        return _not_connected(server, error)
    try:
        return _spoken(session, server, from_address)
    finally:
        session.close()


def _spoken(session: smtplib.SMTP, server: MailServer, from_address: str) -> MailFault | None:
    """Say what a delivery says up to the sender; each refusal belongs to one setting."""
    try:
        session.ehlo_or_helo_if_needed()
        if server.scheme == "smtp+starttls":
            if not session.has_extn("starttls"):
                return MailFault(setting="scheme", words="The server does not offer STARTTLS on this port.")
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
        if server.username:
            if not session.has_extn("auth"):
                words = "The server takes no sign-in here: try another security or port, or leave the user name empty."
                return MailFault(setting="scheme", words=words)
            session.login(server.username, server.password)
        code, said = session.mail(from_address)
        session.rset()
    except ssl.SSLError as error:
        return MailFault(setting="scheme", words=_tls_words(error))
    except smtplib.SMTPAuthenticationError as error:
        words = f"The server refuses this user name with this password ({error.smtp_code})."
        return MailFault(setting="password", words=words)
    except (smtplib.SMTPException, OSError) as error:
        words = f"The server ended the conversation: {str(error) or type(error).__name__}."
        return MailFault(setting="scheme", words=words)
    if not 200 <= code < 300:
        if code == 530 and not server.username:
            return MailFault(
                setting="username", words="The server wants a sign-in before it takes mail (530)."
            )
        answer = said.decode("utf-8", "replace").replace("\n", " ")[:200]
        words = f"The server takes no mail from this address: {code} {answer}"
        return MailFault(setting="from_address", words=words)
    return None


def _not_connected(server: MailServer, error: Exception) -> MailFault:
    """Say why no greeting came: the name, the port, or the security."""
    if isinstance(error, socket.gaierror):
        return MailFault(setting="host", words=f"There is no server called {server.host}.")
    if isinstance(error, ssl.SSLError):
        return MailFault(setting="scheme", words=_tls_words(error))
    if isinstance(error, TimeoutError):
        words = f"{server.host} does not answer on port {server.port} within fifteen seconds."
        return MailFault(setting="port", words=words)
    if isinstance(error, ConnectionRefusedError):
        return MailFault(setting="port", words=f"Nothing listens on port {server.port} of {server.host}.")
    words = f"What answers on port {server.port} of {server.host} is no mail server with this security."
    return MailFault(setting="scheme", words=words)


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The server’s certificate is not trusted: {error.verify_message}."
    return "The server does not speak TLS there: choose another security, or its other port."
