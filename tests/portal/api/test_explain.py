"""`explain=1`: anybody gets codes; a key that may read bookings gets whose matter it is, and why, in words."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.api import create_api_key
from tests.booking.scene import LISBON, now, workday
from tests.booking.test_explaining import busy
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()


@pytest.fixture(autouse=True)
def _index_is_fresh(settings: Settings) -> None:
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 600


def withheld(client: Client, **headers: str) -> list[dict[str, Any]]:
    query = {"event_type": "consultation", "start": str(DAY), "end": str(DAY), "explain": "1"}
    answer = client.get("/api/v1/slots", query, headers=headers or None)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["withheld"]
    return found


def key(*scopes: str) -> str:
    """A new key of the business, in the current tenant."""
    return create_api_key("n8n", scopes=scopes, created_by=None, now=now()).secret


def test_anybody_gets_codes_and_no_more(world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
        writer = key("bookings:write")
    client = Client(headers={"host": "acme.localhost"})
    for headers in ({}, {"Authorization": f"Bearer {writer}"}):
        found = withheld(client, **headers)
        assert {tuple(each) for each in found} == {("start", "reason")}
        assert {each["reason"] for each in found} == {"calendar_busy"}
        assert len(found) == 4


def test_a_key_that_reads_bookings_gets_whose_and_why(world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
        reader = key("bookings:read")
    found = withheld(Client(headers={"host": "acme.localhost"}), Authorization=f"Bearer {reader}")
    assert found[0] == {
        "start": workday(13).isoformat().replace("+00:00", "Z"),
        "reason": "calendar_busy",
        "host": "ana",
        "detail": "Ana Martins’s calendar “Private” is busy 13:30–15:00.",
    }


@pytest.mark.parametrize("at", [13, 14])
def test_the_problem_of_a_refused_booking_carries_the_reason_that_was_told(world: World, at: int) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
    client = Client(headers={"host": "acme.localhost"})
    start = workday(at).isoformat().replace("+00:00", "Z")
    (told,) = [each["reason"] for each in withheld(client) if each["start"] == start]
    body = {
        "event_type": "consultation", "start": start, "time_zone": "Europe/Lisbon",
        "attendee": {"name": "Ben", "email": "ben@example.com"},
    }  # fmt: skip
    answer = client.post("/api/v1/bookings", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, told)
