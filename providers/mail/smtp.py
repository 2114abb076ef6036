"""One SMTP conversation for one recipient, step by step: it is known whether the message may have left."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from providers.mail.servers import MailServer
from providers.mail.sessions import Session, Sessions
from providers.protocols import Rejected, Unreachable

SESSIONS = Sessions()


class OutcomeUnknown(Unreachable):
    """The whole message was handed over, but no answer came: it may have been accepted."""

    code = "outcome_unknown"


def send(server: MailServer, *, sender: str, recipient: str, content: bytes, own_name: str) -> None:
    """Hand `content` over for one recipient. Source of the reply classes: RFC 5321 4.2.

    Raises Unreachable (not accepted for now: no connection, 4yz), OutcomeUnknown (it may have been accepted)
    or Rejected (5yz: it will not be accepted).
    """
    with _named_failures():
        session, reply = _begun(server, own_name, sender)
        try:
            _expect(reply, "the sender")
            _expect(session.smtp.rcpt(recipient), "the recipient")
            _hand_over(session.smtp, content)
        except BaseException:
            session.close()
            raise
    SESSIONS.keep(session)


def greet(server: MailServer, *, own_name: str) -> None:
    """Connect anew, secure, sign in, say NOOP and leave: nothing is sent. Raises Unreachable."""
    with _named_failures():
        session = Session(server, own_name)
        try:
            _expect(session.smtp.noop(), "a greeting")
        finally:
            session.close()


def _begun(server: MailServer, own_name: str, sender: str) -> tuple[Session, tuple[int, bytes]]:
    """Begin a mail in a connection that is there, or in a fresh one; return it with the answer to MAIL.

    A kept connection that is gone (or says 421: closing) shows itself here, before anything was handed over.
    """
    kept = SESSIONS.idle(server, own_name)
    if kept is not None:
        try:
            reply = kept.smtp.mail(sender)
            if reply[0] != 421:
                return kept, reply
        except (smtplib.SMTPServerDisconnected, OSError):
            pass
        kept.close()
    session = Session(server, own_name)
    try:
        return session, session.smtp.mail(sender)
    except BaseException:
        session.close()
        raise


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
    if 500 <= code < 600:
        raise Rejected(f"The mail server refused {what}: {code} {said}")
    if 400 <= code < 500:
        raise Unreachable(f"The mail server does not take {what} now: {code} {said}")
    raise Unreachable(f"The mail server answered {what} without a code that is one: {said}")


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
