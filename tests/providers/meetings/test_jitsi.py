"""Jitsi: the same key gives the same link, bound to its room; the proof goes up to the room's door."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.api import Actor, Entry, body_of_entry
from kernel.clock import now as clock_now
from providers.api import (
    MeetingRequest,
    NotJoinable,
    Rejected,
    checked_jitsi,
    forget_jitsi,
    jitsi_server,
    meeting_provider,
    try_jitsi,
    use_jitsi,
)
from providers.models import JitsiServer
from tests.database import World
from tests.simulators.jitsi import Fault, JitsiSimulator, jitsi_simulator

ALICE = Actor(type="user", id="7")
NOW = clock_now().replace(microsecond=0)
REQUEST = MeetingRequest(
    key="m1-0",
    meeting_uid="m1",
    title="Intro call",
    starts_at=NOW + timedelta(days=2),
    ends_at=NOW + timedelta(days=2, minutes=30),
)
JITSI = meeting_provider("jitsi")


@pytest.fixture
def server(world: World, settings: Any) -> Iterator[JitsiSimulator]:
    """A server that wants tokens, connected to Acme."""
    with jitsi_simulator() as running, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (running.site.address,)
        use_jitsi(checked_jitsi(running.url, app_id="holdfast", secret="s3cret"), now=NOW, actor=ALICE)
        yield running


def claims(url: str) -> dict[str, Any]:
    part = parse_qs(urlsplit(url).query)["jwt"][0].split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said


def test_the_same_key_gives_the_same_link_bound_to_its_room(server: JitsiSimulator) -> None:
    link = JITSI.create(REQUEST, now=NOW)
    assert JITSI.create(REQUEST, now=NOW + timedelta(hours=1)) == link
    room = urlsplit(link.url).path.removeprefix("/")
    assert claims(link.url) == {
        "aud": "jitsi",
        "iss": "holdfast",
        "sub": "127.0.0.1",
        "room": room,
        "exp": int((REQUEST.ends_at + timedelta(hours=6)).timestamp()),
    }
    other = JITSI.create(replace(REQUEST, key="m1-m2"), now=NOW)
    assert urlsplit(other.url).path != urlsplit(link.url).path
    assert len(link.url) <= 500  # what a meeting can keep


def test_two_businesses_have_other_rooms_for_one_key(server: JitsiSimulator, world: World) -> None:
    link = JITSI.create(REQUEST, now=NOW)
    with world.enter("northwind"):
        use_jitsi(checked_jitsi(server.url, app_id="holdfast", secret="s3cret"), now=NOW, actor=ALICE)
        assert JITSI.create(REQUEST, now=NOW).url != link.url


def test_proof_signs_in_with_the_links_own_token(server: JitsiSimulator) -> None:
    link = JITSI.create(REQUEST, now=NOW)
    proof = JITSI.prove(link, REQUEST, now=NOW)
    assert [said["room"] for said in server.signed_in] == [urlsplit(link.url).path.removeprefix("/")]
    assert (proof.url, dict(proof.evidence)) == (
        link.url,
        {
            "kind": "jitsi",
            "meeting": "m1",
            "status": 200,
            "domain": "meet.internal",
            "signed_in": True,
            "with_token": True,
        },
    )
    assert server.refused == []


def test_a_server_without_tokens_is_proven_without_one(world: World, settings: Any) -> None:
    with jitsi_simulator(secret="") as open_server, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (open_server.site.address,)
        use_jitsi(checked_jitsi(open_server.url, app_id="", secret=""), now=NOW, actor=ALICE)
        link = JITSI.create(REQUEST, now=NOW)
        assert "jwt" not in link.url
        assert JITSI.prove(link, REQUEST, now=NOW).evidence["with_token"] is False


@pytest.mark.parametrize(
    ("fault", "transient", "words"),
    [
        ("500", True, "The room’s page answers with error 500."),
        ("gone", False, "The room’s page answers with error 404."),
        ("rubbish", True, "What answers there is not Jitsi Meet."),
        ("no signalling", True, "The Jitsi server’s signalling answers with error 502."),
        ("slow", True, "The Jitsi server does not answer"),
        ("silent", True, "The Jitsi server does not answer"),
    ],
)
def test_each_fault_is_named_and_proves_nothing(
    server: JitsiSimulator, monkeypatch: pytest.MonkeyPatch, fault: Fault, transient: bool, words: str
) -> None:
    monkeypatch.setattr("providers.meetings.jitsi.TIMEOUT_SECONDS", 0.4)
    link = JITSI.create(REQUEST, now=NOW)
    server.plan = [fault] * 4
    with pytest.raises(NotJoinable) as refused:
        JITSI.prove(link, REQUEST, now=NOW)
    assert refused.value.message.startswith(words)
    assert refused.value.is_transient is transient
    assert server.signed_in == []


@pytest.mark.parametrize(
    ("app_id", "secret", "said"),
    [
        ("holdfast", "changed", "refuses our token. Invalid signature"),
        ("another", "s3cret", "refuses our token. Invalid issuer"),
        ("", "", "wants a token: give it the application’s id and secret. token required"),
    ],
)
def test_a_server_that_refuses_us_says_why(
    server: JitsiSimulator, app_id: str, secret: str, said: str
) -> None:
    with pytest.raises(NotJoinable) as refused:
        try_jitsi(checked_jitsi(server.url, app_id=app_id, secret=secret), now=clock_now())
    assert refused.value.message == f"The Jitsi server {said}"


def test_a_link_of_another_time_or_another_server_is_not_proven(server: JitsiSimulator) -> None:
    link = JITSI.create(REQUEST, now=NOW)
    with pytest.raises(NotJoinable):
        JITSI.prove(link, replace(REQUEST, key="m1-m9"), now=NOW)
    forget_jitsi(actor=ALICE)
    with pytest.raises(NotJoinable):
        JITSI.prove(link, REQUEST, now=NOW)
    with pytest.raises(Rejected):
        JITSI.create(REQUEST, now=NOW)


def test_the_secret_is_sealed_and_in_no_entry(server: JitsiSimulator) -> None:
    assert b"s3cret" not in bytes(JitsiServer.objects.get().sealed_secret)
    kept = jitsi_server()
    assert kept is not None
    assert kept.secret == "s3cret"
    body = body_of_entry(Entry.objects.order_by("-seq")[0])
    assert (body["action"], body["payload"]) == ("connect_jitsi", {"server": "127.0.0.1"})


@pytest.mark.parametrize(
    ("address", "app_id", "secret", "setting"),
    [
        ("http://meet.example.com", "", "", "base_url"),
        ("https://user@meet.example.com", "", "", "base_url"),
        ("", "", "", "base_url"),
        ("meet.example.com", "a", "", "secret"),
        ("meet.example.com", "", "b", "app_id"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused_by_setting(
    address: str, app_id: str, secret: str, setting: str
) -> None:
    with pytest.raises(Rejected) as refused:
        checked_jitsi(address, app_id=app_id, secret=secret)
    assert refused.value.fields["setting"] == setting
    assert checked_jitsi("meet.example.com/", app_id="", secret="").base_url == "https://meet.example.com"
