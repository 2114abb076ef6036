"""Manage links: derived, compared, void after a reschedule, and of one tenant only."""

from booking.api import get_booking, is_manage_token, manage_token, manage_url
from tests.booking.scene import booked, workday
from tests.database import World


def test_a_token_opens_its_booking_until_the_version_changes(world: World) -> None:
    with world.enter("acme"):
        booking = booked("site-visit", workday(11))
        token = manage_token(booking)
        assert manage_url(booking) == f"http://acme.localhost:8000/b/{booking.uid}/{token}/"
        assert is_manage_token(get_booking(booking.uid), token)
        assert not is_manage_token(booking, token[:-1])
        assert not is_manage_token(booking, "")
        assert not is_manage_token(booking, "ß" + token)
        booking.manage_version += 1
        assert not is_manage_token(booking, token)
        other = manage_token(booking)
    with world.enter("northwind"):
        assert manage_token(booking) != other
