"""Choosing another time gives the held one back at once, and never touches a booking that was sent."""

from collections.abc import Callable

from django.test import Client

from booking.api import Booking, get_booking, get_event_type, hold, manage_token
from tests.booking.scene import CLIENT, booked, first_slots, now, workday
from tests.database import World

START = workday(11)


def _held() -> Booking:
    return hold(
        get_event_type("site-visit"),
        start=START,
        time_zone="Europe/Lisbon",
        now=now(),
        actor=CLIENT,
        visitor="v",
    )


def test_another_time_frees_the_held_one(world: World, client_for: Callable[[str], Client]) -> None:
    with world.enter("acme"):
        booking = _held()
        event_type = get_event_type("site-visit")
        assert START not in [slot.start for slot in first_slots(event_type, START)]
        address = f"/b/{booking.uid}/{manage_token(booking)}/release/"
    browser = client_for("acme.localhost")
    assert browser.get(address).status_code == 405
    answer = browser.post(address)
    assert (answer.status_code, answer["Location"]) == (303, "/book/site-visit/")
    with world.enter("acme"):
        assert START in [slot.start for slot in first_slots(event_type, START)]
        assert get_booking(booking.uid).status == Booking.Status.EXPIRED


def test_a_booking_that_was_sent_is_not_released(world: World, client_for: Callable[[str], Client]) -> None:
    with world.enter("acme"):
        booking = booked("site-visit", START)
        address = f"/b/{booking.uid}/{manage_token(booking)}/release/"
    assert client_for("acme.localhost").post(address).status_code == 303
    with world.enter("acme"):
        assert get_booking(booking.uid).status == Booking.Status.CONFIRMED
