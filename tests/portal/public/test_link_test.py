"""Test the link, on the booking's page: the proof runs again now, whoever lacks the token gets nowhere."""

import pytest
from django.test import Client

from booking.api import NotChangeable, get_booking, try_link
from kernel.clock import now
from portal.wait import waiting_places
from tests.database import World
from tests.portal.public.conftest import Visitor, entries, words


@pytest.fixture
def booked(world: World, acme: Visitor) -> str:
    """A confirmed booking whose room nobody serves here; made online behind the guard's back."""
    address = acme.book("site-visit")
    with world.superuser("acme") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE booking_meeting SET location_kind = 'built_in_room',"
            " join_url = 'http://acme.localhost/room/x/', link_key = 'k', link_proved_at = now(),"
            ' link_proof = \'{"url": "http://acme.localhost/room/x/"}\''
        )
    return address


def test_link_that_does_not_answer_is_said_and_nothing_changes(
    world: World, acme: Visitor, booked: str
) -> None:
    before = entries(world)
    answer = acme.post(f"{booked}test-link/", {})
    said = words(answer)
    assert answer.status_code == 200
    assert "The link did not work just now." in said
    assert "Your booking stands." in said
    part = acme.post(f"{booked}test-link/", {}, **{"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<form")
    assert entries(world) == before


def test_link_is_tested_by_post_with_the_token_alone(acme: Visitor, stranger: Visitor, booked: str) -> None:
    assert acme.get(f"{booked}test-link/").status_code == 405
    uid = booked.split("/")[2]
    assert stranger.post(f"/b/{uid}/{'A' * 32}/test-link/", {}).status_code == 404
    crossed = Client(headers={"host": "acme.localhost", "sec-fetch-site": "cross-site"})
    assert crossed.post(f"{booked}test-link/").status_code == 403


def test_eleventh_test_of_a_minute_is_refused(acme: Visitor, booked: str) -> None:
    answers = [acme.post(f"{booked}test-link/", {}).status_code for _ in range(11)]
    assert answers == [*[200] * 10, 429]


def test_no_thread_waits_for_a_thread_that_waits(acme: Visitor, booked: str) -> None:
    taken = 0
    while waiting_places().acquire(blocking=False):
        taken += 1
    try:
        assert "Many links are being tested" in words(acme.post(f"{booked}test-link/", {}))
    finally:
        for _ in range(taken):
            waiting_places().release()


def test_booking_without_a_link_has_none_to_test(world: World, acme: Visitor) -> None:
    address = acme.book("site-visit")
    assert "Test the link" not in words(acme.get(address))
    answer = acme.post(f"{address}test-link/", {})
    assert (answer.status_code, answer["Location"]) == (303, address)
    with world.enter("acme"), pytest.raises(NotChangeable):
        try_link(get_booking(address.split("/")[2]), now=now())
