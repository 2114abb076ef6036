"""`Prefer: wait`: the answer tells how the booking ended, confirmed with its link or lost with its reason."""

import time
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from booking.api import Booking
from tests.database import World
from tests.portal.api.asking import at, bearer, book, problem, read, send, token_of
from tests.portal.api.conftest import Worker
from tests.simulators.http import Answer, http_site

WAIT = {"Prefer": "wait=20"}
LOST = "The meeting link could not be made to work, so nothing was booked. Choose a time again."
RUBBISH = b'<meta name="holdfast-room" content="another|2026-01-01T00:00:00+00:00">'


def test_waits_for_the_proven_link(world: World, web: str, acme: Client, worker: Worker) -> None:
    with worker():
        response = book(acme, at(10), headers=WAIT)
    with world.enter("acme"):
        booking = Booking.objects.select_related("meeting").get()
        assert (booking.status, booking.meeting.link_proved_at is not None) == ("confirmed", True)
    answer = read(response)
    assert (response.status_code, response["Preference-Applied"]) == (201, "wait=20")
    assert answer == {
        "uid": booking.uid,
        "status": "confirmed",
        "start": at(10),
        "end": at(10, 30),
        "host": "ana",
        "meeting_url": booking.meeting.join_url,
        "manage_url": answer["manage_url"],
    }
    assert read(acme.get(f"/api/v1/bookings/{booking.uid}", headers=bearer(token_of(answer)))) == answer


def test_a_link_that_proves_nothing_is_409_and_the_slot_is_free_again(
    world: World, acme: Client, worker: Worker, settings: Settings
) -> None:
    key = {"Idempotency-Key": "once"}
    with http_site(lambda seen: Answer(body=RUBBISH)) as site:
        settings.HOLDFAST_SELF_ADDRESS = site.address
        with worker():
            response = book(acme, at(10), headers={**WAIT, **key})
    nearest = [
        {"start": at(9, 30), "end": at(10)},
        {"start": at(10), "end": at(10, 30)},
        {"start": at(10, 30), "end": at(11)},
    ]
    expected = problem(
        "link_unverified",
        409,
        "The meeting link could not be proven",
        LOST,
        alternatives=nearest,
    )
    assert (response.status_code, response["Preference-Applied"], read(response)) == (
        409,
        "wait=20",
        expected,
    )
    replayed = book(acme, at(10), headers=key)
    assert (replayed.status_code, replayed["Idempotency-Replayed"], read(replayed)) == (409, "true", expected)
    with world.enter("acme"):
        assert [*Booking.objects.values_list("status", flat=True)] == ["failed"]
    assert book(acme, at(10)).status_code == 201


def test_a_failed_booking_is_read_with_its_reason(
    world: World, acme: Client, worker: Worker, settings: Settings
) -> None:
    waiting = read(book(acme, at(10)))
    with http_site(lambda seen: Answer(body=RUBBISH)) as site:
        settings.HOLDFAST_SELF_ADDRESS = site.address
        with worker():
            _until_final(acme, waiting)
    answer = read(_read(acme, waiting))
    waiting.pop("hold_expires_at")
    assert answer == {
        **waiting,
        "status": "failed",
        "failure": {"code": "link_unverified", "detail": LOST},
    }


def test_without_a_worker_the_wait_ends_with_the_status_of_now(acme: Client) -> None:
    started = time.monotonic()
    response = book(acme, at(10), headers={"Prefer": "wait=1"})
    assert 1 <= time.monotonic() - started < 5
    assert (response.status_code, response["Preference-Applied"]) == (201, "wait=1")
    assert read(response)["status"] == "awaiting_link"


@pytest.mark.usefixtures("_fresh_places")
def test_where_no_place_to_wait_is_free_the_answer_comes_at_once(acme: Client, settings: Settings) -> None:
    settings.HOLDFAST_WEB_THREADS = 3
    started = time.monotonic()
    response = book(acme, at(10), headers={"Prefer": "wait=10"})
    assert time.monotonic() - started < 5
    assert (response.status_code, "Preference-Applied" in response) == (201, False)


def test_a_reschedule_waits_for_the_proof_of_the_new_time(web: str, acme: Client, worker: Worker) -> None:
    with worker():
        booked = read(book(acme, at(10), headers=WAIT))
        path, headers = f"/api/v1/bookings/{booked['uid']}/reschedule", bearer(token_of(booked))
        response = send(acme, path, {"start": at(14)}, headers={**headers, **WAIT})
    answer = read(response)
    assert (response.status_code, response["Preference-Applied"]) == (200, "wait=20")
    assert answer == {
        **booked,
        "start": at(14),
        "end": at(14, 30),
        "meeting_url": answer["meeting_url"],
        "manage_url": answer["manage_url"],
        "move": {"status": "confirmed", "start": at(14), "end": at(14, 30)},
    }
    assert answer["manage_url"] != booked["manage_url"]


def test_a_reschedule_under_way_says_so_and_keeps_the_old_time(
    web: str, acme: Client, worker: Worker
) -> None:
    with worker():
        booked = read(book(acme, at(10), headers=WAIT))
    path = f"/api/v1/bookings/{booked['uid']}/reschedule"
    response = send(acme, path, {"start": at(14)}, headers=bearer(token_of(booked)))
    answer = read(response)
    deadline = answer["move"]["hold_expires_at"]
    assert response.status_code == 200
    assert answer == {
        **booked,
        "move": {"status": "held", "start": at(14), "end": at(14, 30), "hold_expires_at": deadline},
    }


def test_a_lost_reschedule_is_409_and_the_booking_stands(
    web: str, acme: Client, worker: Worker, settings: Settings
) -> None:
    with worker():
        booked = read(book(acme, at(10), headers=WAIT))
    with http_site(lambda seen: Answer(body=RUBBISH)) as site:
        settings.HOLDFAST_SELF_ADDRESS = site.address
        with worker():
            path = f"/api/v1/bookings/{booked['uid']}/reschedule"
            response = send(acme, path, {"start": at(14)}, headers={**bearer(token_of(booked)), **WAIT})
    document = read(response)
    assert (response.status_code, document["code"], len(document["alternatives"])) == (
        409,
        "link_unverified",
        3,
    )
    stands = read(_read(acme, booked))
    assert {**stands, "move": None} == {**booked, "move": None}
    assert stands["move"]["status"] == "failed"


def _read(client: Client, booked: Any) -> Any:
    return client.get(f"/api/v1/bookings/{booked['uid']}", headers=bearer(token_of(booked)))


def _until_final(client: Client, booked: Any) -> None:
    for _ in range(200):
        if read(_read(client, booked))["status"] != "awaiting_link":
            return
        time.sleep(0.2)
    raise AssertionError("it never ended")
