"""Chats are told in their own format, at least once; each fault is named, and the address is in no page or entry."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from audit.api import Entry, body_of_entry
from providers.api import (
    CHATS,
    InvalidEndpoint,
    RateLimited,
    Rejected,
    Unreachable,
    WebhookEndpoint,
    add_chat,
    deliver_notice,
    get_notice,
    queue_notices,
    queue_test_notice,
    remove_webhook_endpoint,
    webhook_endpoints,
)
from providers.notices.announcement import announcement
from tests.database import World
from tests.providers.notices.test_webhook import LATER, NOW
from tests.simulators.chats import KINDS, ChatServer, Fault, chat_server

SECRET = "sEcReTtOkEn"
DATA = {
    "uid": "b1",
    "title": "Intro *call* <!channel> @all",
    "start": "2026-11-03T14:30:00Z",
    "attendee": {"name": "Ben & [Müller](http://evil.example) <@U1> @here"},
    "hosts": [{"name": "Ana", "email": "ana@acme.example"}],
    "manage_url": "http://acme.localhost:8000/b/b1/secret-manage/",
    "reason": "",
}


@pytest.fixture(params=KINDS)
def chat(request: pytest.FixtureRequest, world: World, settings: Any) -> Iterator[ChatServer]:
    with chat_server(request.param) as server, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (server.site.address,)
        for endpoint in webhook_endpoints():
            remove_webhook_endpoint(endpoint.pk)
        add_chat(request.param, server.url, now=NOW)
        yield server


def queue(event: str = "booking.confirmed", data: dict[str, Any] | None = None) -> int:
    (made,) = queue_notices(event, booking_uid="b1", data=data or DATA, dedupe_key=event, now=NOW)
    return made


def test_a_booking_is_told_and_taken_whatever_people_typed(chat: ChatServer) -> None:
    told = deliver_notice(queue(), now=LATER)
    assert (chat.refused, len(chat.taken), told.attempts) == ([], 1, 1)
    said = json.dumps(chat.taken[0], ensure_ascii=False)
    assert "2026-11-03 14:30 Europe/Lisbon" in said.replace("\\\\", "").replace("\\", "")
    assert "/portal/bookings/b1/" in said
    assert "secret-manage" not in said
    assert "webhook-signature" not in chat.site.seen[0].headers


def test_very_long_names_stay_within_the_chats_limits(chat: ChatServer) -> None:
    long = DATA | {"title": "T" * 900, "attendee": {"name": "N" * 900}, "hosts": [{"name": "H" * 5000}]}
    deliver_notice(queue(data=long), now=LATER)
    assert (chat.refused, len(chat.taken)) == ([], 1)


def test_every_event_and_the_test_are_taken(chat: ChatServer) -> None:
    (endpoint,) = webhook_endpoints()
    moved = DATA | {"previous": {"start": "2026-11-02T09:00:00Z"}}
    incident = {"title": "A link died", "consequence": "It is made anew.", "url": "http://acme.localhost/x"}
    made = [
        queue("booking.cancelled", DATA | {"reason": "Ill"}),
        queue("booking.rescheduled", moved),
        queue("booking.reassigned", DATA | {"previous": {"host": {"name": "Bob"}}}),
        queue("incident.opened", incident),
        queue_test_notice(endpoint, now=NOW),
    ]
    for each in made:
        deliver_notice(each, now=LATER)
    assert (chat.refused, len(chat.taken)) == ([], 5)


def test_a_passing_failure_is_tried_again_and_counted(chat: ChatServer) -> None:
    chat.plan = ["500", "silent"]
    made = queue()
    for _ in range(2):
        with pytest.raises(Unreachable):
            deliver_notice(made, now=NOW)
    told = deliver_notice(made, now=LATER)
    assert (told.attempts, told.repeats, len(chat.taken)) == (3, 1, 1)


def test_a_slow_chat_is_given_up_on_for_now(chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.notices.webhook.TIMEOUT_SECONDS", 0.3)
    chat.plan = ["slow"]
    made = queue()
    with pytest.raises(Unreachable):
        deliver_notice(made, now=NOW)
    assert get_notice(made).state == "sending"  # it may have been taken: the next attempt is a repeat


def test_a_rate_limit_says_how_long(chat: ChatServer) -> None:
    chat.plan = ["rate limited"]
    made = queue()
    with pytest.raises(RateLimited) as limited:
        deliver_notice(made, now=NOW)
    assert limited.value.retry_after == (2.5 if chat.kind == "discord" else 7.0)
    assert get_notice(made).state == "queued"
    deliver_notice(made, now=LATER)
    assert len(chat.taken) == 1


@pytest.mark.parametrize("fault", ["rubbish", "a page"])
def test_rubbish_is_no_success_and_passes(chat: ChatServer, fault: Fault) -> None:
    chat.plan = [fault]
    made = queue()
    with pytest.raises(Unreachable) as unanswered:
        deliver_notice(made, now=NOW)
    assert unanswered.value.message.startswith(f"What answers there is not {CHATS[chat.kind].name}")
    assert get_notice(made).state == "queued"
    deliver_notice(made, now=LATER)
    assert len(chat.taken) == 1


def test_a_webhook_that_is_gone_is_switched_off(chat: ChatServer) -> None:
    chat.plan = ["gone"]
    with pytest.raises(Rejected):
        deliver_notice(queue(), now=NOW)
    (endpoint,) = webhook_endpoints()
    assert not endpoint.active
    assert endpoint.last_error.startswith(f"{CHATS[chat.kind].name} says that this webhook is gone")


def test_the_address_is_sealed_and_in_no_entry_and_in_no_fault(chat: ChatServer) -> None:
    endpoint = WebhookEndpoint.objects.get()
    assert SECRET not in endpoint.url
    assert SECRET.encode() not in bytes(endpoint.sealed_url)
    chat.plan = ["500"]
    with pytest.raises(Unreachable) as failed:
        deliver_notice(queue(), now=NOW)
    assert SECRET not in str(failed.value)
    assert SECRET not in str([body_of_entry(each) for each in Entry.objects.all()])
    with pytest.raises(InvalidEndpoint):
        add_chat(chat.kind, chat.url, now=NOW)  # it is there already


@pytest.mark.parametrize(
    ("kind", "url", "fits"),
    [
        ("slack", "https://hooks.slack.com/services/T0/B0/x", True),
        ("slack", "https://hooks.slack.com/triggers/T0/1/x", False),
        ("slack", "https://hooks.slack.com.evil.example/services/T0/B0/x", False),
        ("slack", "http://hooks.slack.com/services/T0/B0/x", False),
        (
            "teams",
            "https://prod-1.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=x",
            True,
        ),
        ("teams", "https://acme.webhook.office.com/webhookb2/x", False),
        ("discord", "https://discord.com/api/webhooks/12/ab-c_d", True),
        ("discord", "https://discord.com/api/v10/webhooks/12/abc", True),
        ("discord", "https://discord.com/channels/12/34", False),
        ("mattermost", "https://chat.acme.example/hooks/xxx-key", True),
        ("mattermost", "https://chat.acme.example/team/channels/x", False),
        ("mattermost", "https://user:pw@chat.acme.example/hooks/x", False),
    ],
)
def test_only_addresses_of_that_chats_webhooks_are_taken(
    world: World, kind: str, url: str, fits: bool
) -> None:
    with world.enter("acme"):
        if fits:
            assert add_chat(kind, url, now=NOW).kind == kind
            return
        with pytest.raises(InvalidEndpoint) as refused:
            add_chat(kind, url, now=NOW)
        assert refused.value.message.startswith("This is not the address of a webhook of ")


def test_the_simulators_refuse_what_is_known_to_be_bad() -> None:
    bad: dict[str, list[Any]] = {
        "slack": [
            {},
            {"text": "<!channel>", "blocks": []},
            {"text": "x", "blocks": [{"type": "image"}]},
            {"txt": "x"},
        ],
        "teams": [{"text": "x"}, {"type": "message", "attachments": [{"contentType": "text/html"}]}],
        "discord": [{"content": "@everyone"}, {"embeds": [{"title": "x" * 257, "fields": []}]}],
        "mattermost": [{"txt": "x"}, {"text": "", "attachments": [{"colour": "red"}]}],
    }
    import httpx

    for kind, bodies in bad.items():
        with chat_server(kind) as server:
            assert [httpx.post(server.url, json=body).status_code for body in bodies] == [400] * len(
                bodies
            ), kind
            assert server.taken == []


def test_an_announcement_is_one_line_each_and_in_the_businesss_zone() -> None:
    data = DATA | {"attendee": {"name": "Ben\r\nCarter"}, "reason": "I am\nill"}
    said = announcement(
        "booking.cancelled", data, business="Acme", time_zone="Europe/Berlin", portal_url="http://a/portal/"
    )
    assert said.title == "Cancelled: Intro *call* <!channel> @all with Ben Carter"
    assert dict(said.rows) == {"When": "2026-11-03 15:30 Europe/Berlin", "Host": "Ana", "Reason": "I am ill"}
    assert said.url == "http://a/portal/bookings/b1/"
