"""Notices to webhooks and chats: queued with the fact, delivered through the guarded client, at least once each.

A receiver knows a repeat by `webhook-id`, which stays the same at every attempt. Answers: 2xx is received;
408, 425, 429 and 5xx are asked again later; 410 switches the endpoint off; anything else is refused for good.
A chat gets the same event in words, in its own format, and says in its own way what became of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from django.db import connection
from django.db.models import Case, F, Value, When

from kernel.errors import HoldfastError
from kernel.http import ForbiddenAddress, HttpError, guarded_client
from kernel.ids import new_uid
from providers.mail.characters import one_line
from providers.models import Notice, WebhookEndpoint
from providers.notices.announcement import announcement
from providers.notices.endpoints import endpoint_address, endpoint_secret
from providers.notices.signing import signed_headers
from providers.notices.systems import CHATS, Chat
from providers.notices.systems.chat import Answered
from providers.protocols import ProviderError, RateLimited, Rejected, Unreachable
from tenants.api import current_tenant, tenant_url

TIMEOUT_SECONDS = 10.0
TEST_EVENT = "holdfast.test"
_LATER = (408, 425)
_MOST_READ = 20_000
Kind = WebhookEndpoint.Kind


class NoticeNotFound(HoldfastError):
    """There is no such notice in this tenant."""

    code = "not_found"


@dataclass(frozen=True, kw_only=True)
class Notified:
    """How a notice was delivered; `repeats` counts the attempts whose predecessor may have arrived."""

    notice_id: str
    status_code: int | None
    attempts: int
    repeats: int
    already_sent: bool


def queue_notices(
    event: str, *, booking_uid: str, data: Mapping[str, Any], dedupe_key: str, now: datetime
) -> list[int]:
    """Queue `event` for every active endpoint that wants it, in the caller's transaction; return the ids.

    The body is {"type", "timestamp", "data"} as the specification proposes. The same `dedupe_key` is queued
    once per endpoint, and the first body wins. Three queries, whatever the number of endpoints.
    """
    plain = _json({"type": event, "timestamp": now.astimezone(UTC).isoformat(), "data": dict(data)})
    wanting = [
        row for row in WebhookEndpoint.objects.filter(active=True) if not row.events or event in row.events
    ]
    Notice.objects.bulk_create(
        [
            Notice(
                endpoint=endpoint,
                event=event,
                booking_uid=booking_uid,
                dedupe_key=dedupe_key,
                notice_id=f"msg_{new_uid(26)}",
                body=plain if endpoint.kind == Kind.WEBHOOK else _chat_body(endpoint, event, data),
                created_at=now,
            )
            for endpoint in wanting
        ],
        ignore_conflicts=True,
    )
    return list(Notice.objects.filter(dedupe_key=dedupe_key).order_by("pk").values_list("pk", flat=True))


def _chat_body(endpoint: WebhookEndpoint, event: str, data: Mapping[str, Any]) -> str:
    tenant = current_tenant()
    said = announcement(
        event,
        data,
        business=tenant.name,
        time_zone=tenant.time_zone,
        portal_url=tenant_url(tenant, "/portal/"),
    )
    return _json(CHATS[endpoint.kind].body(said))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def deliver_notice(notice_pk: int, *, now: datetime) -> Notified:
    """Send one queued notice; one that was received is not sent again.

    Raises Unreachable or RateLimited (try again), Rejected (it failed for good and says why in
    `failed_words`), NoticeNotFound, and RuntimeError inside a transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A notice is never delivered inside a database transaction.")
    started = Notice.objects.filter(pk=notice_pk, state__in=("queued", "sending")).update(
        state="sending",
        started_at=now,
        attempts=F("attempts") + 1,
        repeats=F("repeats") + Case(When(state="sending", then=Value(1)), default=Value(0)),
    )
    notice = get_notice(notice_pk)
    if not started:
        if notice.state in ("failed", "withdrawn"):
            raise Rejected(notice.failed_words)
        return _notified(notice, already_sent=True)
    try:
        status = _post(notice, now)
    except ProviderError as error:
        _write_failure(notice, error, now)
        raise
    _finish(notice, state="sent", sent_at=now, status_code=status, failed_words="")
    WebhookEndpoint.objects.filter(pk=notice.endpoint.pk).update(last_sent_at=now)
    notice.status_code = status
    return _notified(notice, already_sent=False)


def withdraw_notices(dedupe_key: str, *, because: str) -> int:
    """Withdraw what was queued under this key and has not been received; return how many. One query."""
    waiting = Notice.objects.filter(dedupe_key=dedupe_key, state__in=("queued", "sending"))
    return waiting.update(state="withdrawn", failed_words=because)


def get_notice(notice_pk: int) -> Notice:
    """Return one notice of this tenant with its endpoint; raises NoticeNotFound."""
    try:
        return Notice.objects.select_related("endpoint").get(pk=notice_pk)
    except Notice.DoesNotExist:
        raise NoticeNotFound("This notice does not exist.") from None


def queue_test_notice(endpoint: WebhookEndpoint, *, now: datetime) -> int:
    """Queue one notice that says that it is a test, for this endpoint only; return its id."""
    body = {"type": TEST_EVENT, "timestamp": now.astimezone(UTC).isoformat(), "data": {"test": True}}
    is_plain = endpoint.kind == Kind.WEBHOOK
    made = Notice.objects.create(
        endpoint=endpoint,
        event=TEST_EVENT,
        booking_uid="",
        dedupe_key=f"test:{new_uid()}",
        notice_id=f"msg_{new_uid(26)}",
        body=_json(body) if is_plain else _chat_body(endpoint, TEST_EVENT, {}),
        created_at=now,
    )
    return int(made.pk)


def notices(
    *,
    booking_uid: str | None = None,
    endpoint_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Notice]:
    """Return notices, newest first: all, those of one booking, or those of one endpoint. One query."""
    rows = Notice.objects.select_related("endpoint").order_by("-pk")
    if endpoint_id is not None:
        rows = rows.filter(endpoint_id=endpoint_id)
    if booking_uid is not None:
        rows = rows.filter(booking_uid=booking_uid)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return list(rows[:limit])


def _post(notice: Notice, now: datetime) -> int:
    """Send the body and return the 2xx status; raises ProviderError for every other outcome."""
    body, endpoint = notice.body.encode(), notice.endpoint
    headers = {"Content-Type": "application/json"}
    chat = CHATS.get(endpoint.kind)
    if chat is None:
        headers |= signed_headers(endpoint_secret(endpoint), notice_id=notice.notice_id, body=body, now=now)
    try:
        with (
            guarded_client(timeout_seconds=TIMEOUT_SECONDS, max_bytes=_MOST_READ) as client,
            client.stream("POST", endpoint_address(endpoint), content=body, headers=headers) as answer,
        ):
            if chat:
                _check_chat(chat, answer)
                return answer.status_code
            _check_status(answer)  # what the receiver writes back is not read: the status is the answer
            return answer.status_code
    except ForbiddenAddress as error:
        raise Rejected(f"The webhook's address cannot be used: {error.message}") from error
    except HttpError as error:
        words = f"The webhook does not answer: {error.message}"
        raise Unreachable(words, may_have_acted=error.may_have_acted) from error


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if status == 429:
        raise RateLimited("The webhook asks to slow down (429).", retry_after=_seconds(answer))
    if status in _LATER or status >= 500:
        raise Unreachable(f"The webhook answers with error {status}.", status=status)
    if status == 410:
        raise Rejected("The webhook says that it is gone (410); it is switched off.", status=status)
    raise Rejected(f"The webhook refuses the notice ({status}).", status=status)


def _check_chat(chat: Chat, answer: httpx.Response) -> None:
    """Raise unless the chat took the notice; its words are kept, its address is in none of them."""
    text = answer.read().decode("utf-8", "replace")
    said = Answered(status=answer.status_code, retry_after=answer.headers.get("retry-after", ""), text=text)
    status, words = said.status, one_line(text, limit=120)
    if status == 429:
        raise RateLimited(f"{chat.name} asks to slow down (429).", retry_after=chat.wait_seconds(said))
    if chat.is_gone(said):
        raise Rejected(
            f"{chat.name} says that this webhook is gone ({status}); it is switched off.", status=410
        )
    if status in _LATER or status >= 500:
        raise Unreachable(f"{chat.name} answers with error {status}.", status=status)
    if not 200 <= status < 300:
        raise Rejected(f"{chat.name} refuses the notice ({status}): {words}", status=status)
    if not chat.is_received(said) or text.lstrip().startswith("<"):  # a page: what stands in between answered
        raise Unreachable(f"What answers there is not {chat.name}: {words}", status=status)


def _seconds(answer: httpx.Response) -> float | None:
    """Return Retry-After in seconds; a date is read as "did not say"."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None


def _write_failure(notice: Notice, error: ProviderError, now: datetime) -> None:
    """Keep the failure in words; a 410 switches the endpoint off (Standard Webhooks, "410 Gone")."""
    status = error.fields.get("status")
    state = "queued" if error.is_transient else "failed"
    if error.fields.get("may_have_acted"):
        state = "sending"  # it may have been received: the next attempt is a repeat
    _finish(notice, state=state, status_code=status, failed_words=error.message)
    WebhookEndpoint.objects.filter(pk=notice.endpoint.pk).update(last_failed_at=now, last_error=error.message)
    if status == 410:
        WebhookEndpoint.objects.filter(pk=notice.endpoint.pk).update(active=False)


def _finish(notice: Notice, **outcome: object) -> None:
    """Write the outcome of this attempt, unless a later attempt has started meanwhile."""
    Notice.objects.filter(pk=notice.pk, state="sending", attempts=notice.attempts).update(**outcome)


def _notified(notice: Notice, *, already_sent: bool) -> Notified:
    return Notified(
        notice_id=notice.notice_id,
        status_code=notice.status_code,
        attempts=notice.attempts,
        repeats=notice.repeats,
        already_sent=already_sent,
    )
