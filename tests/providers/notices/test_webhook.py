"""A notice reaches every endpoint that wants it, signed, at least once; what went wrong is said in words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from kernel.crypto import CannotOpen
from providers.api import (
    InvalidEndpoint,
    NoticeNotFound,
    Notified,
    RateLimited,
    Rejected,
    Unreachable,
    WebhookEndpoint,
    add_webhook_endpoint,
    deliver_notice,
    get_notice,
    notices,
    queue_notices,
    remove_webhook_endpoint,
    webhook_endpoints,
)
from providers.models import Notice
from providers.notices.endpoints import endpoint_secret
from providers.notices.signing import signed_headers
from tests.database import World
from tests.simulators.http import Answer, Site, http_site

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
DATA = {"uid": "b1", "attendee": {"name": "Ben Müller"}}


@pytest.fixture
def site(world: World, settings: Any) -> Iterator[Site]:
    with http_site() as running, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        for endpoint in webhook_endpoints():
            remove_webhook_endpoint(endpoint.pk)
        yield running


def test_a_notice_arrives_signed_with_exactly_the_stored_body(site: Site) -> None:
    endpoint, secret = add_webhook_endpoint(site.url("/hook"), now=NOW)
    (made,) = _queue()
    notified = deliver_notice(made, now=LATER)
    row = get_notice(made)
    (seen,) = site.seen
    assert (seen.method, seen.path, seen.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert json.loads(seen.body) == {
        "type": "booking.confirmed",
        "timestamp": "2026-10-01T12:00:00+00:00",
        "data": DATA,
    }
    assert seen.body == row.body.encode()
    expected = signed_headers(secret, notice_id=row.notice_id, body=seen.body, now=LATER)
    assert {name: seen.headers[name] for name in expected} == expected
    assert (row.state, row.status_code, row.sent_at, row.attempts, row.repeats) == ("sent", 200, LATER, 1, 0)
    assert notified == Notified(
        notice_id=row.notice_id, status_code=200, attempts=1, repeats=0, already_sent=False
    )
    endpoint.refresh_from_db()
    assert (endpoint.last_sent_at, endpoint.last_error) == (LATER, "")


def test_each_endpoint_gets_the_events_it_asked_for_once(site: Site) -> None:
    every, _ = add_webhook_endpoint(site.url("/all"), now=NOW)
    add_webhook_endpoint(site.url("/cancelled"), events=["booking.cancelled"], now=NOW)
    off, _ = add_webhook_endpoint(site.url("/off"), now=NOW)
    WebhookEndpoint.objects.filter(pk=off.pk).update(active=False)
    first = _queue()
    assert _queue() == first
    assert [row.endpoint for row in notices()] == [every]
    assert len(_queue(event="booking.cancelled", key="c")) == 2
    assert [row.event for row in notices(booking_uid="b1", limit=1)] == ["booking.cancelled"]


def test_what_was_received_is_not_sent_again(site: Site) -> None:
    add_webhook_endpoint(site.url(), now=NOW)
    (made,) = _queue()
    deliver_notice(made, now=NOW)
    assert deliver_notice(made, now=LATER).already_sent is True
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    ("status", "error", "state", "words"),
    [
        (500, Unreachable, "queued", "The webhook answers with error 500."),
        (503, Unreachable, "queued", "The webhook answers with error 503."),
        (408, Unreachable, "queued", "The webhook answers with error 408."),
        (429, RateLimited, "queued", "The webhook asks to slow down (429)."),
        (302, Rejected, "failed", "The webhook refuses the notice (302)."),
        (400, Rejected, "failed", "The webhook refuses the notice (400)."),
        (404, Rejected, "failed", "The webhook refuses the notice (404)."),
        (410, Rejected, "failed", "The webhook says that it is gone (410); it is switched off."),
    ],
)
def test_each_refusal_has_its_name_and_its_words(
    site: Site, status: int, error: type[Exception], state: str, words: str
) -> None:
    endpoint, _ = add_webhook_endpoint(site.url(), now=NOW)
    site.answer = lambda seen: Answer(status=status, headers={"Retry-After": "7", "Location": "/"})
    (made,) = _queue()
    with pytest.raises(error) as refused:
        deliver_notice(made, now=LATER)
    row = get_notice(made)
    assert (type(refused.value), row.state, row.failed_words) == (error, state, words)
    endpoint.refresh_from_db()
    assert (endpoint.last_failed_at, endpoint.last_error, endpoint.active) == (LATER, words, status != 410)
    if isinstance(refused.value, RateLimited):
        assert refused.value.retry_after == 7.0


def test_a_passing_failure_is_tried_again_under_the_same_id(site: Site) -> None:
    add_webhook_endpoint(site.url(), now=NOW)
    (made,) = _queue()
    answers = iter([Answer(status=500), Answer(raw=b""), Answer(status=204)])
    site.answer = lambda seen: next(answers)
    for _ in range(2):
        with pytest.raises(Unreachable):
            deliver_notice(made, now=NOW)
    notified = deliver_notice(made, now=LATER)
    assert (notified.status_code, notified.attempts, notified.repeats) == (
        204,
        3,
        1,
    )  # the silent one may count
    assert len({seen.headers["webhook-id"] for seen in site.seen}) == 1
    assert len({seen.body for seen in site.seen}) == 1


def test_nobody_listening_is_no_repeat(site: Site, settings: Any) -> None:
    settings.HOLDFAST_HTTP_ALLOW = ("127.0.0.1:1",)
    add_webhook_endpoint("http://127.0.0.1:1/", now=NOW)
    (made,) = _queue()
    with pytest.raises(Unreachable):
        deliver_notice(made, now=NOW)
    assert get_notice(made).state == "queued"


def test_a_private_address_is_refused_for_good(site: Site, settings: Any) -> None:
    settings.HOLDFAST_HTTP_ALLOW = ()
    add_webhook_endpoint(site.url(), now=NOW)
    (made,) = _queue()
    with pytest.raises(Rejected) as refused:
        deliver_notice(made, now=NOW)
    assert refused.value.message == (
        "The webhook's address cannot be used: 127.0.0.1 is not a public address on the internet."
    )
    assert (site.seen, get_notice(made).state) == ([], "failed")
    with pytest.raises(Rejected):
        deliver_notice(made, now=LATER)


def test_nothing_is_delivered_inside_a_transaction(site: Site) -> None:
    add_webhook_endpoint(site.url(), now=NOW)
    (made,) = _queue()
    with transaction.atomic(), pytest.raises(RuntimeError):
        deliver_notice(made, now=NOW)
    assert site.seen == []


def test_the_secret_is_sealed_and_opens_only_in_its_own_row(site: Site) -> None:
    one, secret = add_webhook_endpoint(site.url("/1"), now=NOW)
    two, _ = add_webhook_endpoint(site.url("/2"), now=NOW)
    one.refresh_from_db()
    assert endpoint_secret(one) == secret
    assert secret.encode() not in bytes(one.sealed_secret)
    two.sealed_secret = one.sealed_secret
    with pytest.raises(CannotOpen):
        endpoint_secret(two)


def test_an_endpoint_that_cannot_be_added_is_refused_in_words(site: Site) -> None:
    add_webhook_endpoint(site.url(), now=NOW)
    for url, events, words in (
        (site.url(), (), "This webhook is there already."),
        ("ftp://example.org/", (), "A webhook's address starts with https://."),
        ("https://example.org/", ("booking.lost",), "There is no event called 'booking.lost'."),
    ):
        with pytest.raises(InvalidEndpoint) as refused:
            add_webhook_endpoint(url, events=events, now=NOW)
        assert refused.value.message == words
    assert len(webhook_endpoints()) == 1


def test_another_tenants_notice_is_unknown(site: Site, world: World) -> None:
    add_webhook_endpoint(site.url(), now=NOW)
    (made,) = _queue()
    with world.enter("northwind"):
        assert Notice.objects.count() == 0
        with pytest.raises(NoticeNotFound):
            deliver_notice(made, now=NOW)
    assert site.seen == []


def _queue(*, event: str = "booking.confirmed", key: str = "k") -> list[int]:
    return queue_notices(event, booking_uid="b1", data=DATA, dedupe_key=key, now=NOW)
