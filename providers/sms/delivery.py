"""Texts: queued once, sent with their intent committed first, and what their carrier reported of them.

Twilio knows no key: a repeat can happen only when its answer, or our commit of it, was lost; it is counted. Nothing
is sent inside a transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Case, F, Value, When

from kernel.errors import HoldfastError
from kernel.ids import new_uid
from providers.models.texts import TextMessage
from providers.protocols import ProviderError, Rejected
from providers.sms.carrier import Carrier, text_carrier
from providers.sms.gateway import send_by_gateway
from providers.sms.twilio import OutcomeUnknown, is_from_twilio, send_by_twilio, words_of
from tenants.api import tenant_url

CALLBACK_PATH = "/hooks/texts/"
_TAKEN = (
    "accepted",
    "queued",
    "sending",
    "sent",
)  # at Twilio; a text whose answer was lost is not sent again
_NOT_DELIVERED = ("failed", "undelivered", "canceled")


class TextNotFound(HoldfastError):
    """There is no such text in this tenant."""

    code = "not_found"


@dataclass(frozen=True, kw_only=True)
class TextDraft:
    """A text as it was composed; `to_number` is E.164."""

    kind: str
    to_name: str
    to_number: str
    text: str


def queue_text(draft: TextDraft, *, booking_uid: str, dedupe_key: str, now: datetime) -> int:
    """Queue one text in the caller's transaction and return its id; each `dedupe_key` is queued once. Two queries."""
    TextMessage.objects.bulk_create(
        [
            TextMessage(
                kind=draft.kind,
                booking_uid=booking_uid,
                dedupe_key=dedupe_key,
                reference=new_uid(26),
                to_name=draft.to_name[:200],
                to_number=draft.to_number,
                text=draft.text,
                created_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return int(TextMessage.objects.values_list("pk", flat=True).get(dedupe_key=dedupe_key))


def deliver_text(text_pk: int, *, now: datetime) -> int:
    """Send one queued text and return its repeats; one that was sent is not sent again.

    Raises Unreachable, RateLimited (try again), Rejected, Unauthorised (it failed, and says why in `failed_words`).
    """
    if connection.in_atomic_block:
        raise RuntimeError("A text is never sent inside a database transaction.")
    started = TextMessage.objects.filter(pk=text_pk, state__in=("queued", "sending")).update(
        state="sending",
        started_at=now,
        attempts=F("attempts") + 1,
        repeats=F("repeats") + Case(When(state="sending", then=Value(1)), default=Value(0)),
    )
    text = get_text(text_pk)
    if not started:
        if text.state in ("failed", "withdrawn"):
            raise Rejected(text.failed_words)
        return text.repeats
    try:
        remote_id = _handed_over(text)
    except OutcomeUnknown as error:
        _finish(text, failed_words=error.message)  # it stays `sending`: the next attempt is a repeat
        raise
    except ProviderError as error:
        _finish(text, state="queued" if error.is_transient else "failed", failed_words=error.message)
        raise
    _finish(text, state="sent", sent_at=now, remote_id=remote_id, failed_words="")
    return text.repeats


def hear_report(reference: str, *, form: dict[str, str], signature: str, now: datetime) -> bool:
    """Keep what Twilio reports of a text (docs/messaging/guides/track-outbound-message-status); False for a call that
    is not Twilio's, or of no text of ours. Reports come late, twice and out of order: what is final stays."""
    carrier = text_carrier()
    text = TextMessage.objects.filter(reference=reference).first()
    if carrier is None or carrier.kind != "twilio" or text is None:
        return False
    if not is_from_twilio(carrier, url=callback_url(reference), form=form, signature=signature):
        return False
    if text.remote_id and text.remote_id != form.get("MessageSid"):
        return True  # of an attempt whose answer was lost; the one that is kept is told of by itself
    status = form.get("MessageStatus", "")
    rows = TextMessage.objects.filter(pk=text.pk, state__in=("queued", "sending", "sent"))
    values = {"remote_id": form.get("MessageSid", "")[:64], "reported_at": now}
    if status == "delivered":
        rows.update(state="delivered", sent_at=text.sent_at or now, failed_words="", **values)
    elif status in _NOT_DELIVERED:
        code = form.get("ErrorCode", "")
        rows.update(state="failed", failed_words=words_of(int(code) if code.isdigit() else 0), **values)
    elif status in _TAKEN:
        rows.update(state="sent", sent_at=text.sent_at or now, failed_words="", **values)
    return True


def callback_url(reference: str) -> str:
    """Return where the carrier reports what becomes of a text: on the business's own host."""
    return tenant_url(None, f"{CALLBACK_PATH}{reference}/")


def texts(
    *, booking_uid: str | None = None, before_id: int | None = None, limit: int = 50
) -> Sequence[TextMessage]:
    """Return texts, newest first: all, or those of one booking; `before_id` turns the page. One query."""
    rows = TextMessage.objects.order_by("-pk")
    if booking_uid is not None:
        rows = rows.filter(booking_uid=booking_uid)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows[:limit])


def withdraw_texts(dedupe_prefix: str, *, because: str) -> int:
    """Withdraw what was queued under keys that start so and has not been sent; return how many. One query."""
    waiting = TextMessage.objects.filter(
        dedupe_key__startswith=dedupe_prefix, state__in=("queued", "sending")
    )
    return waiting.update(state="withdrawn", failed_words=because)


def withdraw_texts_of(booking_uid: str, *, because: str) -> int:
    """The same for whatever waits about one booking. One query."""
    waiting = TextMessage.objects.filter(booking_uid=booking_uid, state__in=("queued", "sending"))
    return waiting.update(state="withdrawn", failed_words=because)


def get_text(text_pk: int) -> TextMessage:
    """Return one text of this tenant; raises TextNotFound."""
    try:
        return TextMessage.objects.get(pk=text_pk)
    except TextMessage.DoesNotExist:
        raise TextNotFound("This text does not exist.") from None


def send_through(carrier: Carrier, *, to: str, text: str, reference: str) -> str:
    """Hand a text to a carrier and return its id there, "" where it has none; raises ProviderError."""
    if carrier.kind == "twilio":
        return send_by_twilio(carrier, to=to, text=text, callback=callback_url(reference))
    send_by_gateway(carrier, to=to, text=text, reference=reference)
    return ""


def _handed_over(text: TextMessage) -> str:
    carrier = text_carrier()
    if carrier is None:
        raise Rejected("Texts were switched off before this one left.")
    return send_through(carrier, to=text.to_number, text=text.text, reference=text.reference)


def _finish(text: TextMessage, **values: object) -> None:
    """Write the outcome of this attempt, unless a report or a later attempt came first."""
    mine = TextMessage.objects.filter(pk=text.pk, attempts=text.attempts, state="sending")
    mine.update(**values)
