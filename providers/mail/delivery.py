"""Delivering a queued message: the intent is committed before the conversation, the outcome after it.

Neither SMTP nor the mail services know an idempotency key: a repeat can happen only when the answer, or our commit
of it, was lost. It then carries the same Message-ID, and is counted. What the states mean: `providers.models.messages`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.db import connection

from kernel.rows import from_row
from kernel.tenancy import current_schema
from providers.mail.bounces import bounce_address, bounce_mark
from providers.mail.mime import mime_bytes
from providers.mail.outbox import Queued, get_message, rows_of
from providers.mail.sender import MailSender, mail_sender, sender_of
from providers.mail.services.sending import greet_service, send_by_service
from providers.mail.smtp import OutcomeUnknown, greet, send
from providers.models import MailSettings, Message
from providers.protocols import ProviderError, RateLimited, Rejected, Unreachable


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
    _check_no_transaction()
    outcome, _ = _attempt(message_pk, _begun(message_pk, now), None, now)
    if isinstance(outcome, ProviderError):
        raise outcome
    return outcome


def deliver_in_turn(
    wanted: Sequence[Queued], *, now: datetime, alive: Callable[[], None]
) -> dict[int, Delivery | ProviderError]:
    """Queue messages, each once by its key, and send those that wait, one after the other; how each went, by its id.

    One that fails does not keep the others waiting. `alive` is called before each: one slow server after another
    must not outlast whoever waits; what it raises ends the turn. One statement, and one more for each message: the
    end of an attempt is written with the intent of the next. Raises BadAddress, MessageNotFound, and RuntimeError
    inside a transaction.
    """
    _check_no_transaction()
    ids, begun = _queued(wanted, now)
    outcomes: dict[int, Delivery | ProviderError] = {}
    for message_pk, upcoming in zip_longest(ids, ids[1:]):
        alive()
        outcomes[message_pk], begun = _attempt(message_pk, begun, upcoming, now)
    return outcomes


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


def _check_no_transaction() -> None:
    if connection.in_atomic_block:
        raise RuntimeError("A message is never delivered inside a database transaction.")


@dataclass(frozen=True)
class _Begun:
    """An attempt whose intent is committed, and who the message is from."""

    message: Message
    sender: MailSender


def _queued(wanted: Sequence[Queued], now: datetime) -> tuple[list[int], _Begun | None]:
    """Queue these and begin the first: their ids in that order, and its attempt. One statement."""
    if not wanted:
        return [], None
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_messages_v2(%s::jsonb, %s)", [rows_of(wanted), now])
        found = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    return [found["ids"][each.dedupe_key] for each in wanted], _attempt_of(found["begun"])


def _begun(message_pk: int | None, now: datetime) -> _Begun | None:
    """Commit that an attempt begins; None if the message is not to be sent (any more), or there is none.

    An attempt found unfinished makes this one a repeat. One statement.
    """
    if message_pk is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT begin_message_v1(%s, %s)", [message_pk, now])
        (begun,) = cursor.fetchone()
    return _attempt_of(json.loads(begun or "null"))


def _attempt_of(told: Any) -> _Begun | None:
    if told is None:
        return None
    settings = from_row(MailSettings, told["settings"]) if told["settings"] else MailSettings()
    return _Begun(from_row(Message, told["message"]), sender_of(settings))


def _attempt(
    message_pk: int, begun: _Begun | None, upcoming: int | None, now: datetime
) -> tuple[Delivery | ProviderError, _Begun | None]:
    """Make the attempt that was begun: how it went, and the attempt of the `upcoming` message, which begins with its
    end."""
    if begun is None:
        return _not_begun(message_pk), _begun(upcoming, now)
    message = begun.message
    failure: ProviderError | None = None
    state = "sent"
    try:
        _converse(message, begun.sender)
    except OutcomeUnknown as error:
        Message.objects.filter(pk=message_pk).update(failed_words=error.message)  # it stays `sending`
        return error, _begun(upcoming, now)
    except (Unreachable, RateLimited) as error:
        failure, state = error, "queued"
    except Rejected as error:
        failure, state = error, "failed"
    following = _ended(message, state, failure.message if failure else "", upcoming, now)
    return failure or _delivery(message, already_sent=False), following


def _not_begun(message_pk: int) -> Delivery | Rejected:
    message = get_message(message_pk)
    if message.state in ("failed", "withdrawn"):
        return Rejected(message.failed_words)
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


def _ended(message: Message, state: str, words: str, upcoming: int | None, now: datetime) -> _Begun | None:
    """Write the outcome of this attempt, unless a later one has begun meanwhile, and begin the upcoming message's."""
    sent_at = now if state == "sent" else None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT end_message_v2(%s, %s, %s, %s::timestamptz, %s, %s::bigint, %s)",
            [message.pk, message.attempts, state, sent_at, words, upcoming, now],
        )
        (begun,) = cursor.fetchone()
    return _attempt_of(json.loads(begun or "null"))


def _delivery(message: Message, *, already_sent: bool) -> Delivery:
    return Delivery(
        message_id=message.message_id,
        attempts=message.attempts,
        repeats=message.repeats,
        already_sent=already_sent,
    )
