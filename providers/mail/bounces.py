"""Mail that comes back: each mail's envelope names it, and the report that returns there marks it (RFC 3464).

A mail server accepts first and learns later that nobody is there; its report goes to the envelope's sender. That
is `bounces+<schema>.<message>.<mark>@…` (HOLDFAST_BOUNCE_ADDRESS with a part of its own, RFC 5233), so the report
is known by the address it comes to; the mark is an HMAC, so nobody can make one up. Its words are not believed
further than that: only a report of a final failure (Action: failed) marks the mail, and a job tells whoever keeps the
bookings (RETURNED_JOB). A mail service is given the same mark, and reports by HTTP (`services.reports`).
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Parsed
from email.utils import getaddresses

from django.conf import settings
from django.db import transaction

from audit.api import Actor, record
from jobs.api import enqueue
from kernel.tenancy import entered
from providers.mail.characters import one_line
from providers.models import Message

LARGEST_BYTES = 1_000_000
RETURNED_JOB = "mail_came_back"
_MARKED = r"(staff|t_[a-z0-9]{16})\.(\d{1,18})\.([0-9a-f]{16})"
_TOKEN = re.compile(rf"\+({_MARKED})@", re.IGNORECASE)
_MAILER = Actor("automation", "bounces")


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A report of a mail of ours: which one, and what its receiver's server said."""

    schema: str
    message: int
    words: str


def bounce_address(message: int, *, schema: str, sender: str) -> str:
    """Return the envelope sender of a mail from the platform's address; `sender` itself where none is set."""
    if not settings.HOLDFAST_BOUNCE_ADDRESS or sender != settings.HOLDFAST_MAIL_FROM:
        return sender
    local, _, domain = settings.HOLDFAST_BOUNCE_ADDRESS.partition("@")
    return f"{local}+{bounce_mark(message, schema=schema)}@{domain}"


def bounce_mark(message: int, *, schema: str) -> str:
    """Return what names a mail to whoever may report about it, and that nobody else can make."""
    return f"{schema}.{message}.{_digest(schema, message)}"


def read_mark(mark: str) -> tuple[str, int] | None:
    """Return tenant and message of a mark, None for one that is not ours."""
    found = re.fullmatch(_MARKED, mark, re.IGNORECASE)
    if found is None:
        return None
    schema, message = found[1].lower(), int(found[2])
    return (schema, message) if hmac.compare_digest(found[3].lower(), _digest(schema, message)) else None


def take_bounce(content: bytes, *, now: datetime) -> bool:
    """Mark the mail that a report is about, with a signed entry; False when it is no report of ours, or known.

    Enters the tenant that the address names. A report of a delay is not one of a failure.
    """
    bounce = read_bounce(content)
    return bounce is not None and mark_bounced(bounce, now=now)


def mark_bounced(bounce: Bounce, *, now: datetime) -> bool:
    """Mark a mail that did not arrive, with a signed entry; False when it is known, or was not sent."""
    with entered(bounce.schema), transaction.atomic():
        sent = Message.objects.filter(pk=bounce.message, state="sent", bounced_at=None)
        if not sent.update(bounced_at=now, failed_words=f"It came back: {bounce.words}"):
            return False
        message = Message.objects.get(pk=bounce.message)
        record(
            "mail_came_back",
            subject=f"message:{message.pk}",
            actor=_MAILER,
            payload={"message": message.pk, "kind": message.kind, "booking": message.booking_uid},
            reversible="none",
            because="A mail that came back can be sent again, to a better address.",
        )
        enqueue(RETURNED_JOB, ref=str(message.pk), now=now)
    return True


def read_bounce(content: bytes) -> Bounce | None:
    """Return what a mail reports, None unless it is a final failure reported to an address of ours."""
    if len(content) > LARGEST_BYTES:
        return None
    mail = message_from_bytes(content)
    named = _named(mail)
    words = _failure(mail)
    if named is None or words is None:
        return None
    return Bounce(schema=named[0], message=named[1], words=words)


def _named(mail: Parsed) -> tuple[str, int] | None:
    """Return tenant and message of the address that the report came to, if its mark is ours."""
    values = [
        str(value) for name in ("Delivered-To", "X-Original-To", "To") for value in mail.get_all(name, [])
    ]
    for _, address in getaddresses(values):
        found = _TOKEN.search(address)
        named = read_mark(found[1]) if found else None
        if named:
            return named
    return None


def _failure(mail: Parsed) -> str | None:
    """Return the words of the first recipient that failed for good (RFC 3464, 2.3), None if none did."""
    if (
        mail.get_content_type() != "multipart/report"
        or str(mail.get_param("report-type")) != "delivery-status"
    ):
        return None
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Parsed) and str(block.get("Action", "")).strip().lower() == "failed":
                said = str(block.get("Diagnostic-Code", "")).partition(";")[2] or str(block.get("Status", ""))
                return one_line(said, limit=200) or "the receiving server gave no reason"
    return None


def _digest(schema: str, message: int) -> str:
    text = f"bounce|{schema}|{message}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()[:16]
