"""Messages wait here: queued in the transaction of the fact that causes them, read by the portal later."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from kernel.errors import HoldfastError
from kernel.tenancy import current_schema
from providers.mail.addresses import check_mail_address
from providers.mail.characters import one_line, plain_lines
from providers.models import Message


class MessageNotFound(HoldfastError):
    """There is no such message in this tenant."""

    code = "not_found"


@dataclass(frozen=True, kw_only=True)
class MessageDraft:
    """A message as it was composed. `ics` is "" without an invite; `reply_to` is "" or the host's address."""

    kind: str
    sender_name: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    ics: str = ""
    ics_method: str = ""


@dataclass(frozen=True)
class Queued:
    """A draft on its way into the outbox: of which booking, and under which key it is queued once."""

    draft: MessageDraft
    booking_uid: str
    dedupe_key: str


def queue_message(draft: MessageDraft, *, booking_uid: str, dedupe_key: str, now: datetime) -> int:
    """Queue one mail in the caller's transaction and return its id; the same `dedupe_key` is queued once.

    The first draft of a key wins. Raises BadAddress for a recipient that we do not send to. One statement.
    """
    rows = rows_of([Queued(draft, booking_uid, dedupe_key)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_messages_v1(%s::jsonb, %s)", [rows, now])
        ids = json.loads(cursor.fetchone()[0])  # Django's cursors hand jsonb over as text
    return int(ids[dedupe_key])


def rows_of(wanted: Sequence[Queued]) -> str:
    """Return drafts as the SQL functions of the outbox take them (providers/sql/outbox_v1.sql); raises BadAddress."""
    return json.dumps([_row(each) for each in wanted])


def _row(wanted: Queued) -> dict[str, str]:
    """Return a message's columns as they are stored: clean, and to an address that we send to."""
    draft = wanted.draft
    return {
        "kind": draft.kind,
        "booking_uid": wanted.booking_uid,
        "dedupe_key": wanted.dedupe_key,
        "message_id": _message_id(wanted.dedupe_key),
        "sender_name": one_line(draft.sender_name, limit=200),
        "reply_to": check_mail_address(draft.reply_to) if draft.reply_to else "",
        "to_name": one_line(draft.to_name, limit=200),
        "to_address": check_mail_address(draft.to_address),
        "subject": one_line(draft.subject),
        "text": plain_lines(draft.text),
        "html": plain_lines(draft.html),
        "ics": draft.ics,
        "ics_method": draft.ics_method,
    }


def withdraw_messages(dedupe_prefix: str, *, because: str, but: Collection[str] = ()) -> int:
    """Withdraw what was queued under keys that start so, `but` these, and has not been sent, in the caller's
    transaction or without one; return how many. What was being sent may have arrived all the same. One query."""
    waiting = Message.objects.filter(dedupe_key__startswith=dedupe_prefix, state__in=("queued", "sending"))
    return waiting.exclude(dedupe_key__in=but).update(state="withdrawn", failed_words=because)


def messages(
    *, booking_uid: str | None = None, before_id: int | None = None, limit: int = 50
) -> Sequence[Message]:
    """Return messages, newest first: all, or those of one booking; `before_id` turns the page. One query."""
    rows = Message.objects.order_by("-pk")
    if booking_uid is not None:
        rows = rows.filter(booking_uid=booking_uid)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows[:limit])


def get_message(message_id: int) -> Message:
    """Return one message of this tenant; raises MessageNotFound."""
    try:
        return Message.objects.get(pk=message_id)
    except Message.DoesNotExist:
        raise MessageNotFound("This message does not exist.") from None


def _message_id(dedupe_key: str) -> str:
    """Return the Message-ID (RFC 5322 3.6.4) of a key: the same at every attempt, another per tenant."""
    digest = hashlib.sha256(f"{current_schema()}\n{dedupe_key}".encode()).hexdigest()[:40]
    domain = settings.HOLDFAST_MAIL_FROM.rpartition("@")[2]
    return f"<{digest}@{domain}>"
