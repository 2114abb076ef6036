"""Delivering a queued message: the intent is committed before the conversation, the outcome after it.

SMTP knows no idempotency key: a repeat can happen only when the answer, or our commit of it, was lost. It
then carries the same Message-ID, and is counted. What the states mean: `providers.models.messages`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Value, When

from providers.mail.mime import mime_bytes
from providers.mail.outbox import get_message
from providers.mail.smtp import OutcomeUnknown, greet, mail_server, send
from providers.models import Message
from providers.protocols import Rejected, Unreachable


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a message was delivered; `repeats` counts the attempts whose predecessor may have arrived."""

    message_id: str
    attempts: int
    repeats: int
    already_sent: bool


def deliver_message(message_pk: int, *, now: datetime) -> Delivery:
    """Send one queued message; a message that was sent is not sent again.

    Raises Unreachable (try again), Rejected (it failed for good and says why in `failed_words`),
    MessageNotFound, and RuntimeError inside a transaction: nothing leaves the building in one.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A message is never delivered inside a database transaction.")
    if not _start_attempt(message_pk, now):
        return _not_started(message_pk)
    message = get_message(message_pk)
    try:
        _converse(message)
    except OutcomeUnknown as error:
        Message.objects.filter(pk=message_pk).update(failed_words=error.message)  # it stays `sending`
        raise
    except Unreachable as error:
        _finish(message, state="queued", failed_words=error.message)
        raise
    except Rejected as error:
        _finish(message, state="failed", failed_words=error.message)
        raise
    _finish(message, state="sent", sent_at=now, failed_words="")
    return _delivery(message, already_sent=False)


def greet_mail_server() -> None:
    """Shake hands with the installation's mail server (EHLO, sign-in, NOOP) and send nothing. Raises ProviderError."""
    sender: str = settings.HOLDFAST_MAIL_FROM
    greet(mail_server(settings.HOLDFAST_SMTP_URL), own_name=sender.rpartition("@")[2])


def compose_mail(message_pk: int) -> bytes:
    """Return a queued message as it would be handed to the mail server, without sending it."""
    return mime_bytes(get_message(message_pk), sender_address=settings.HOLDFAST_MAIL_FROM)


def _start_attempt(message_pk: int, now: datetime) -> bool:
    """Commit that an attempt starts; an attempt found unfinished makes this one a repeat."""
    started = Message.objects.filter(pk=message_pk, state__in=("queued", "sending")).update(
        state="sending",
        started_at=now,
        attempts=F("attempts") + 1,
        repeats=F("repeats") + Case(When(state="sending", then=Value(1)), default=Value(0)),
    )
    return started == 1


def _not_started(message_pk: int) -> Delivery:
    message = get_message(message_pk)
    if message.state in ("failed", "withdrawn"):
        raise Rejected(message.failed_words)
    return _delivery(message, already_sent=True)


def _converse(message: Message) -> None:
    sender: str = settings.HOLDFAST_MAIL_FROM
    send(
        mail_server(settings.HOLDFAST_SMTP_URL),
        sender=sender,
        recipient=message.to_address,
        content=mime_bytes(message, sender_address=sender),
        own_name=sender.rpartition("@")[2],
    )


def _finish(message: Message, **outcome: object) -> None:
    """Write the outcome of this attempt, unless a later attempt has started meanwhile."""
    Message.objects.filter(pk=message.pk, state="sending", attempts=message.attempts).update(**outcome)


def _delivery(message: Message, *, already_sent: bool) -> Delivery:
    return Delivery(
        message_id=message.message_id,
        attempts=message.attempts,
        repeats=message.repeats,
        already_sent=already_sent,
    )
