"""What browsers say to each other goes to whom it is for, once, in bounds, and to nobody else."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import now
from providers.api import room_facts, turn_is_set
from providers.models import RoomParticipant, RoomSignal
from tests.portal.room.conftest import Guest, Scene, make_room


def test_a_message_reaches_its_recipient_once_and_is_gone(scene: Scene) -> None:
    ana = scene.host()
    ben, cleo = scene.admitted(ana), scene.admitted(ana, "Cleo")
    ben.say(ana, "an offer")
    ben.say(ana, "[]", kind="candidates")
    assert cleo.hear()["signals"] == []
    first = ana.exchange().json()["signals"]  # the answer is lost on the way: it comes again
    heard = ana.hear()["signals"]
    assert heard == first
    assert [(each["from"], each["epoch"], each["kind"], each["body"]) for each in heard] == [
        (ben.peer, 1, "description", "an offer"),
        (ben.peer, 1, "candidates", "[]"),
    ]
    assert ana.hear()["signals"] == []
    with scene.world.enter("acme"):
        assert RoomSignal.objects.count() == 0


def test_a_repeat_is_taken_once_and_a_word_to_an_older_page_not_at_all(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    ben.say(ana, "once")
    ben.number -= 1
    ben.say(ana, "once")
    ben.say(ana, "stale", to_epoch=7)
    assert [each["body"] for each in ana.hear()["signals"]] == ["once"]
    ben.hear(lines=[{"number": 8, "text": "hello"}])
    ben.hear(lines=[{"number": 8, "text": "hello"}])
    assert [line["text"] for line in ana.hear()["lines"]] == ["hello"]


def test_nothing_of_the_room_is_read_before_admission(scene: Scene) -> None:
    ana = scene.host()
    ben, eve = scene.admitted(ana), scene.guest("Eve")
    ben.say(ana, "secret offer")
    ana.hear(lines=[{"number": 50, "text": "secret line"}])
    for other in (ana, ben):  # to her and by her
        other.say(eve, "to the door")
        eve.say(other, "from the door")
    answer = eve.exchange(ice=True, lines=[{"number": 99, "text": "let me in"}])
    said = answer.json()
    assert {name: said[name] for name in ("people", "door", "signals", "lines")} == {
        "people": [], "door": [], "signals": [], "lines": [],
    }  # fmt: skip
    assert "ice" not in said
    for secret in (b"secret", b"Ana", b"Ben", ben.peer.encode()):
        assert secret not in answer.content
    assert [line["text"] for line in ana.hear(line_after=0)["lines"]] == ["secret line"]
    ana.post("door", {"decision": "admit", "peer": eve.peer})
    heard = eve.hear()
    assert ([each["body"] for each in heard["signals"]], heard["lines"]) == ([], [])  # nor afterwards
    assert {person["name"] for person in heard["people"]} == {"Ana", "Ben"}


def test_a_ticket_opens_one_room_of_one_tenant(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    other = make_room(scene.world, starts_at=now(), key="k2", meeting="other")
    eve = scene.guest("Eve", room=other)
    eve.say(ana, "across rooms")
    assert ana.hear()["signals"] == []
    for token, ticket in ((other.token, ana.ticket), (scene.room.token, eve.ticket)):
        for what in ("signal", "door", "join"):
            crossed = Guest(scene.client_for("acme.localhost"), token, ticket=ticket)
            answer = crossed.post(what, {"epoch": 1, "decision": "admit", "peer": ben.peer})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), what
        Guest(scene.client_for("acme.localhost"), token, ticket=ticket).post("leave", {})
    assert [guest.state() for guest in (ana, ben, eve)] == ["admitted", "admitted", "waiting"]
    elsewhere = Guest(scene.client_for("northwind.localhost"), scene.room.token, ticket=ana.ticket)
    for what in ("signal", "door", "join", "leave"):
        assert elsewhere.post(what, {"epoch": 1}).status_code == 404
    nobody = Guest(scene.client_for("acme.localhost"), scene.room.token)
    body = {"epoch": 1, "decision": "admit", "peer": ben.peer}
    assert [nobody.post(what, body).status_code for what in ("signal", "door")] == [401, 401]


def test_what_is_not_fetched_expires(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    ben.say(ana, "late")
    with scene.world.enter("acme"):
        RoomSignal.objects.update(expires_at=now() - timedelta(seconds=1))
    assert ana.hear()["signals"] == []


def test_an_exchange_is_bounded(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)

    def code(**said: Any) -> tuple[int, str]:
        answer = ben.exchange(**said)
        return answer.status_code, answer.json().get("code", "")

    long = {"number": 1, "to": ana.peer, "to_epoch": 1, "kind": "description", "body": "x" * 32_001}
    bad: list[dict[str, Any]] = [
        {"signals": [long]},
        {"signals": [{**long, "body": "x", "kind": "shout"}]},
        {"signals": [{**long, "body": "a\0b"}]},
        {"signals": [{**long, "body": "\ud800"}]},
        {"signals": [{**long, "body": "x"}] * 41},
        {"signals": ["x"]},
        {"signals": {"number": 1}},
        {"lines": [{"number": 1, "text": "x" * 1001}]},
        {"lines": [{"number": 1, "text": "  "}]},
        {"lines": [{"number": 1, "text": "x"}] * 6},
        {"epoch": "1"},
        {"epoch": True},
        {"after": -1},
        {"after": 2**63},
        {"media": []},
    ]
    assert {code(**said) for said in bad} == {(400, "invalid_request")}
    for raw in ("", "[]", "{", "x" * 200_001, '"\\'):
        answer = ben.http.post(f"/room/{ben.token}/signal", raw, content_type="text/plain")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert ana.hear()["signals"] == []


def test_too_many_exchanges_are_told_to_wait(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    with scene.world.enter("acme"):
        RoomParticipant.objects.filter(peer=ben.peer).update(window_count=399)
    assert ben.exchange().status_code == 200
    refused = ben.exchange()
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < int(refused["Retry-After"]) <= 61
    with scene.world.enter("acme"):
        RoomParticipant.objects.filter(peer=ben.peer).update(window_at=now() - timedelta(minutes=1))
    assert ben.exchange().status_code == 200


def test_unread_messages_do_not_pile_up(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    signal = {"to": ana.peer, "to_epoch": 1, "kind": "candidates", "body": "[]"}
    for burst in range(5):
        ben.hear(signals=[{**signal, "number": burst * 40 + number + 1} for number in range(40)])
    assert ben.exchange(signals=[{**signal, "number": 500}]).json()["code"] == "rate_limited"
    assert len(ana.hear()["signals"]) == 200


def test_the_chat_is_kept_for_a_reload_and_starts_with_ones_own_admission(scene: Scene) -> None:
    ana = scene.host()
    ana.hear(lines=[{"number": 1, "text": "before Ben"}])
    ben = scene.admitted(ana)
    ana.hear(lines=[{"number": 2, "text": "<b>welcome</b>"}])
    said = [(line["peer"], line["name"], line["text"]) for line in ben.hear()["lines"]]
    assert said == [(ana.peer, "Ana", "<b>welcome</b>")]
    ben.post("join", {})
    ben.epoch, ben.line_after = 2, 0
    assert [line["text"] for line in ben.hear()["lines"]] == ["<b>welcome</b>"]


def test_relay_credentials_go_to_people_inside_and_die(scene: Scene, settings: Any) -> None:
    ana = scene.host()
    assert ana.hear(ice=True)["ice"] == []
    settings.HOLDFAST_STUN_URLS, settings.HOLDFAST_TURN_URLS = ("stun:s.example",), ("turn:t.example",)
    settings.HOLDFAST_TURN_SECRET = "north"
    before = int(now().timestamp())
    stun, turn = ana.hear(ice=True)["ice"]
    expiry, _, who = turn["username"].partition(":")
    assert (stun, turn["urls"], who) == ({"urls": ["stun:s.example"]}, ["turn:t.example"], ana.peer)
    assert 0 <= int(expiry) - before - 900 <= 5
    expected = base64.b64encode(hmac.new(b"north", turn["username"].encode(), hashlib.sha1).digest())
    assert turn["credential"] == expected.decode()
    assert "ice" not in ana.hear()


def test_facts_say_whether_a_relay_is_there_and_who_is_inside(scene: Scene, settings: Any) -> None:
    scene.admitted(scene.host())
    scene.guest("Eve")
    with scene.world.enter("acme"):
        facts = room_facts(now=now())
        assert (facts.turn_is_set, facts.open_rooms, facts.people_inside) == (False, 1, 2)
        assert facts.words.startswith("No TURN server is set")
        settings.HOLDFAST_ROOM_RELAY_ONLY = True
        assert "nobody hears" in room_facts(now=now()).words
    settings.HOLDFAST_TURN_URLS = ("turn:t.example",)
    assert turn_is_set() is False  # an address without a secret is no relay
    settings.HOLDFAST_TURN_SECRET = "north"
    assert turn_is_set() is True


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_cannot_speak_here(scene: Scene, site: str) -> None:
    ana = scene.host()
    for what in ("signal", "join", "door", "leave"):
        answer = ana.post(what, {"epoch": 1}, **{"sec-fetch-site": site})
        assert answer.status_code == 403
    assert ana.state() == "admitted"
