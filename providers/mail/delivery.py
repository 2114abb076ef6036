"""Delivering a queued message: the intent is committed before the conversation, the outcome after it.

Neither SMTP nor the mail services know an idempotency key: a repeat can happen only when the answer, or our commit
of it, was lost. It then carries the same Message-ID, and is counted. What the states mean: `providers.models.messages`.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from kernel.rows import from_row
from kernel.tenancy import current_schema
from providers.mail.bounces import bounce_address, bounce_mark
from providers.mail.mime import mime_bytes
from providers.mail.outbox import get_message
from providers.mail.sender import MailSender, mail_sender, sender_of
from providers.mail.services.sending import greet_service, send_by_service
from providers.mail.smtp import OutcomeUnknown, greet, send
from providers.models import MailSettings, Message
from providers.protocols import RateLimited, Rejected, Unreachable


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a message was delivered; `repeats` counts the attempts whose predecessor may have arrived."""

    message_id: str
    attempts: int
    repeats: int
    already_sent: bool


def deliver_message(message_pk: int, *, now: datetime) -> Delivery:
    """Send one queued message; a message that was sent is not sent again.

    Raises Unreachable, RateLimited (try again), Rejected (it failed for good and says why in `failed_words`),
    MessageNotFound, and RuntimeError inside a transaction: nothing leaves the building in one.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A message is never delivered inside a database transaction.")
    started = _started(message_pk, now)
    if started is None:
        return _not_started(message_pk)
    message, sender = started
    try:
        _converse(message, sender)
    except OutcomeUnknown as error:
        Message.objects.filter(pk=message_pk).update(failed_words=error.message)  # it stays `sending`
        raise
    except (Unreachable, RateLimited) as error:
        _finish(message, state="queued", failed_words=error.message)
        raise
    except Rejected as error:
        _finish(message, state="failed", failed_words=error.message)
        raise
    _finish(message, state="sent", sent_at=now)
    return _delivery(message, already_sent=False)


def greet_mail_server() -> None:
    """Shake hands with the tenant's mail server, its own or the installation's (EHLO, sign-in, NOOP), and send
    nothing; of a mail service ask whether it answers. Raises ProviderError."""
    sender = mail_sender()
    if sender.server.service:
        greet_service(sender.server)
    else:
        greet(sender.server, own_name=sender.address.rpartition("@")[2])


def compose_mail(message_pk: int) -> bytes:
    """Return a queued message as it would be handed to the mail server, without sending it."""
    return mime_bytes(get_message(message_pk), sender_address=mail_sender().address)


def _started(message_pk: int, now: datetime) -> tuple[Message, MailSender] | None:
    """Commit that an attempt starts, and return the message and who it is from; None if it is not to be sent
    (any more).

    An attempt found unfinished makes this one a repeat. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT begin_message_v1(%s, %s)", [message_pk, now])
        (begun,) = cursor.fetchone()
    if begun is None:
        return None
    found = json.loads(begun)  # Django's cursors hand jsonb over as text
    settings = from_row(MailSettings, found["settings"]) if found["settings"] else MailSettings()
    return from_row(Message, found["message"]), sender_of(settings)


def _not_started(message_pk: int) -> Delivery:
    message = get_message(message_pk)
    if message.state in ("failed", "withdrawn"):
        raise Rejected(message.failed_words)
    return _delivery(message, already_sent=True)


def _converse(message: Message, sender: MailSender) -> None:
    schema, server = current_schema(), sender.server
    content = mime_bytes(message, sender_address=sender.address)
    if server.service:
        send_by_service(
            server,
            sender=sender.address,
            recipient=message.to_address,
            content=content,
            reference=bounce_mark(message.pk, schema=schema),
        )
    else:
        send(
            server,
            sender=bounce_address(message.pk, schema=schema, sender=sender.address),
            recipient=message.to_address,
            content=content,
            own_name=sender.address.rpartition("@")[2],
        )


def _finish(message: Message, *, state: str, failed_words: str = "", sent_at: datetime | None = None) -> None:
    """Write the outcome of this attempt, unless a later attempt has started meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT end_message_v1(%s, %s, %s, %s::timestamptz, %s)",
            [message.pk, message.attempts, state, sent_at, failed_words],
        )


def _delivery(message: Message, *, already_sent: bool) -> Delivery:
    return Delivery(
        message_id=message.message_id,
        attempts=message.attempts,
        repeats=message.repeats,
        already_sent=already_sent,
    )
