"""Who comes into a room: a host who proves it, others by a host's decision; four at most, nobody remembered."""

from datetime import timedelta

import pytest
from django.core import signing

from accounts.api import User
from holdfast.clock import Clock
from kernel.clock import now
from providers.api import Room, RoomParticipant, prune_rooms
from providers.models import RoomLine, RoomSignal
from tests.portal.room.conftest import Guest, Scene, make_room


def test_an_attendee_waits_until_the_host_is_there_and_lets_them_in(scene: Scene) -> None:
    ben = scene.guest()
    heard = ben.hear()
    assert (heard["me"]["state"], heard["host_is_here"], heard["me"]["is_host"]) == ("waiting", False, False)
    ana = scene.host()
    assert ben.hear()["host_is_here"] is True
    assert ana.hear()["door"] == [{"peer": ben.peer, "name": "Ben"}]
    for _ in range(2):  # a second press changes nothing
        assert ana.post("door", {"decision": "admit", "peer": ben.peer}).status_code == 200
    assert ben.state() == "admitted"
    assert [person["name"] for person in ana.hear()["people"]] == ["Ben"]


def test_hosts_of_the_meeting_owners_and_nobody_else_get_a_pass(scene: Scene) -> None:
    with scene.world.enter("acme"):
        other = User.objects.create_user("x@acme.example", name="X", role="host", host_id=999)
    passes = {
        name: bool(scene.pass_of(scene.signed_in(f"{name}@acme.example"))) for name in ("ana", "owner", "x")
    }
    assert passes == {"ana": True, "owner": True, "x": False}
    assert scene.pass_of(scene.client_for("acme.localhost")) == ""
    with scene.world.enter("acme"):
        User.objects.filter(pk=other.pk).update(host_id=User.objects.get(email="ana@acme.example").host_id)
    assert scene.pass_of(scene.signed_in("x@acme.example")) != ""


def test_a_pass_opens_its_own_room_for_a_user_who_may_still_host(scene: Scene) -> None:
    ana = scene.signed_in("ana@acme.example")
    good = scene.pass_of(ana)
    other = make_room(scene.world, starts_at=now(), key="k2", meeting="another meeting")
    forged = signing.dumps([scene.world.acme, scene.room.pk, 1], salt="something else")
    elsewhere = signing.dumps([scene.world.northwind, scene.room.pk, 1], salt="holdfast.room.host")
    refused = [(other.token, good), *((scene.room.token, text) for text in (forged, elsewhere, "x", "a:b:c"))]
    for token, given in refused:
        answer = Guest(ana, token).join("Ana", host_pass=given)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), given
    with scene.world.enter("acme"):
        User.objects.filter(email="ana@acme.example").update(is_active=False)
    assert Guest(ana, scene.room.token).join("Ana", host_pass=good).status_code == 403
    with scene.world.enter("acme"):
        assert not RoomParticipant.objects.exists()


def test_no_word_of_an_attendee_makes_a_host(scene: Scene) -> None:
    ana = scene.host()
    for more in ({"is_host": True}, {"host": True}, {"state": "admitted"}, {"host_pass": ""}):
        guest = Guest(scene.client_for("acme.localhost"), scene.room.token)
        me = guest.join("Eve", **more).json()["me"]
        assert (me["is_host"], me["state"]) == (False, "waiting")
    eve = scene.admitted(ana, "Eve")
    eve.hear(media={"microphone": True, "is_host": True}, is_host=True, me={"is_host": True})
    for decision in ("admit", "deny", "remove"):
        answer = eve.post("door", {"decision": decision, "peer": ana.peer})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    with scene.world.enter("acme"):
        assert [person.name for person in RoomParticipant.objects.filter(is_host=True)] == ["Ana"]


def test_the_host_denies_and_removes_and_the_names_go(scene: Scene) -> None:
    ana, eve = scene.host(), scene.guest("Eve")
    ben = scene.admitted(ana)
    ben.say(ana, "offer")
    assert ana.post("door", {"decision": "deny", "peer": eve.peer}).status_code == 200
    assert ana.post("door", {"decision": "remove", "peer": ben.peer}).status_code == 200
    assert (eve.state(), ben.state()) == ("denied", "removed")
    heard = ana.hear()
    assert (heard["people"], heard["door"], heard["signals"]) == ([], [], [])
    with scene.world.enter("acme"):
        assert {person.name for person in RoomParticipant.objects.filter(is_host=False)} == {""}
    for decision, peer, code in (
        ("admit", ben.peer, "nobody_there"),
        ("deny", eve.peer, "nobody_there"),
        ("remove", eve.peer, "nobody_there"),
        ("remove", ana.peer, "forbidden"),
        ("admit", "unknown", "nobody_there"),
        ("open", ben.peer, "invalid_request"),
    ):
        assert ana.post("door", {"decision": decision, "peer": peer}).json()["code"] == code


def test_four_are_inside_and_a_fifth_waits_until_somebody_leaves(scene: Scene) -> None:
    ana = scene.host()
    guests = [scene.admitted(ana, f"Guest {number}") for number in range(3)]
    fifth = scene.guest("Fifth")
    refused = ana.post("door", {"decision": "admit", "peer": fifth.peer})
    assert (refused.status_code, refused.json()["code"]) == (409, "room_full")
    assert fifth.hear()["is_full"] is True
    second_host = scene.host("owner@acme.example")
    assert second_host.state() == "waiting"  # a host too: a fifth picture is more than a browser carries
    guests[0].post("leave", {})
    assert ana.post("door", {"decision": "admit", "peer": fifth.peer}).status_code == 200
    scene.age(guests[1], timedelta(seconds=46))  # gone without a word: the place is free
    assert ana.post("door", {"decision": "admit", "peer": second_host.peer}).status_code == 200
    assert guests[1].state() == "waiting"  # and who comes back finds it taken
    assert guests[2].state() == "admitted"


def test_a_reload_keeps_the_place_and_silences_the_old_page(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    ana.say(ben, "to the first page")
    again = ben.post("join", {})
    assert (again.status_code, again.json()["me"]["state"], again.json()["me"]["epoch"]) == (
        200,
        "admitted",
        2,
    )
    stale = ben.exchange()
    assert (stale.status_code, stale.json()["code"]) == (409, "opened_elsewhere")
    ben.post("leave", {"away": True, "epoch": 1})  # the old page's farewell arrives late
    ben.epoch = 2
    assert ben.hear()["signals"] == []
    person = ana.hear()["people"][0]
    assert (person["epoch"], person["is_here"]) == (2, True)
    ben.post("leave", {"away": True, "epoch": 2})
    assert ana.hear()["people"][0]["is_here"] is False
    ben.post("leave", {})
    assert ana.hear()["people"] == []
    assert ben.exchange().json()["code"] == ben.post("join", {}).json()["code"] == "unauthorized"


def test_the_door_is_bounded_and_a_name_is_one_clean_line(scene: Scene) -> None:
    for number in range(10):
        scene.guest(f"Guest {number}")
    crowded = Guest(scene.client_for("acme.localhost"), scene.room.token).join("Eleventh")
    assert (crowded.status_code, crowded.json()["code"]) == (429, "door_crowded")
    ana = scene.host()  # a crowd does not keep the host out
    for guest in ana.hear()["door"]:
        ana.post("door", {"decision": "deny", "peer": guest["peer"]})
    guest = scene.guest(" Ev\u202ee \n <b>\x07 " + "x" * 90)
    shown = "Eve <b> " + "x" * 52
    assert guest.hear()["me"]["name"] == shown
    nobody = Guest(scene.client_for("acme.localhost"), scene.room.token).join(" \u200b ")
    assert (nobody.status_code, nobody.json()["words"][:13]) == (400, "Say your name")


@pytest.mark.parametrize("starts_in", [timedelta(minutes=11), timedelta(minutes=-30)])
def test_nobody_comes_in_before_the_opening_or_after_the_end(scene: Scene, starts_in: timedelta) -> None:
    room = make_room(scene.world, starts_at=now() + starts_in, key="k2")
    answer = Guest(scene.client_for("acme.localhost"), room.token).join()
    assert (answer.status_code, answer.json()["code"]) == (403, "not_open")


def test_the_end_and_a_cancellation_end_the_call_and_leave_no_name(scene: Scene) -> None:
    ana = scene.host()
    ben = scene.admitted(ana)
    ben.say(ana, "offer")
    ana.hear(lines=[{"number": 9, "text": "hello"}])
    with scene.world.enter("acme"):
        closes_at = scene.room.closes_at
        assert (
            prune_rooms(
                now=closes_at - timedelta(seconds=1),
            )
            >= 0
        )
        Room.objects.filter(pk=scene.room.pk).update(
            starts_at=closes_at - timedelta(hours=2), ends_at=closes_at - timedelta(hours=1),
            opens_at=closes_at - timedelta(hours=2), closes_at=closes_at - timedelta(hours=1),
        )  # fmt: skip
    assert (ben.exchange().status_code, ben.exchange().json()["code"]) == (403, "not_open")
    with scene.world.enter("acme"):
        Room.objects.filter(pk=scene.room.pk).update(cancelled_at=now())
    assert (ben.exchange().status_code, ben.exchange().json()["code"]) == (404, "not_found")
    with scene.world.enter("acme"):
        assert RoomLine.objects.count() == 1
        prune_rooms(now=now())
        left = [model.objects.count() for model in (RoomParticipant, RoomSignal, RoomLine)]
    assert left == [0, 0, 0]


def test_who_was_silent_for_ten_minutes_is_forgotten(scene: Scene) -> None:
    ana = scene.host()
    scene.age(scene.guest("Ben"), timedelta(minutes=11))
    scene.age(ana, timedelta(minutes=9))
    with scene.world.enter("acme"):
        prune_rooms(now=now())
        assert [person.name for person in RoomParticipant.objects.all()] == ["Ana"]


def test_the_clock_takes_the_names_of_a_closed_room_away(scene: Scene) -> None:
    scene.guest()
    with scene.world.enter("acme"):
        at = now()
        Room.objects.update(
            starts_at=at - timedelta(hours=2), ends_at=at, opens_at=at - timedelta(hours=2), closes_at=at
        )  # fmt: skip
    Clock().tick()
    with scene.world.enter("acme"):
        assert not RoomParticipant.objects.exists()
