"""Several lengths and places of one meeting type: chosen on the page and over the API; the meeting carries it."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from booking.api import Booking, EventType
from tests.database import World
from tests.portal.api.asking import at, book, read
from tests.portal.public.conftest import START, Visitor, text, words


@pytest.fixture(autouse=True)
def _choices(world: World) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(
            more_durations=[30, 120], more_locations=[{"kind": "phone", "detail": "We call you"}]
        )


def made(world: World) -> tuple[int, str, str]:
    """Minutes, kind of place and its detail of the latest booking's meeting."""
    with world.enter("acme"):
        meeting = Booking.objects.select_related("meeting").order_by("-pk")[0].meeting
        minutes = (meeting.ends_at - meeting.starts_at).total_seconds() // 60
        return int(minutes), meeting.location_kind, meeting.location_detail


def choose(acme: Visitor, query: str) -> HttpResponse:
    page = acme.get(f"/book/site-visit/?{query}")
    start = START.findall(text(page))[0]
    wanted = dict(part.split("=") for part in query.split("&"))
    return acme.post("/book/site-visit/hold", {"start": start, "time_zone": "Europe/Lisbon", **wanted})


def test_the_page_offers_every_length_and_place(acme: Visitor) -> None:
    page = acme.get("/book/site-visit/")
    assert "How long" in words(page)
    assert 'href="/book/site-visit/?duration=30"' in text(page)
    assert 'href="/book/site-visit/?location=phone"' in text(page)
    assert 'name="duration" value="30"' in text(acme.get("/book/site-visit/?duration=30"))


def test_what_was_chosen_is_held_and_shown(acme: Visitor, world: World) -> None:
    answer = choose(acme, "duration=120&location=phone")
    assert answer.status_code == 303
    assert made(world) == (120, "phone", "We call you")
    details = words(acme.get(answer["Location"]))
    assert "2 hours" in details
    assert "By phone" in details


def test_what_is_not_on_offer_is_not_chosen(acme: Visitor, world: World) -> None:
    assert choose(acme, "duration=45&location=fixed_link").status_code == 303
    with world.enter("acme"):
        usual = EventType.objects.get(slug="site-visit")
    assert made(world) == (usual.duration_minutes, "in_person", usual.location_detail)


def test_the_api_takes_both(world: World) -> None:
    client = Client(headers={"host": "acme.localhost"})
    answer = book(client, at(9), event_type="site-visit", duration_minutes=30, location="phone")
    assert answer.status_code == 201, answer.content
    assert (read(answer)["start"], read(answer)["end"]) == (at(9), at(9, 30))
    assert made(world) == (30, "phone", "We call you")


@pytest.mark.parametrize("wrong", [{"duration_minutes": 45}, {"location": "fixed_link"}])
def test_the_api_names_what_is_not_on_offer(wrong: dict[str, Any]) -> None:
    client = Client(headers={"host": "acme.localhost"})
    answer = book(client, at(9), event_type="site-visit", **wrong)
    assert (answer.status_code, list(read(answer)["errors"])) == (400, list(wrong))


def test_slots_of_another_length_end_later(world: World) -> None:
    client = Client(headers={"host": "acme.localhost"})
    day = at(9)[:10]
    found = client.get(
        "/api/v1/slots",
        {"event_type": "site-visit", "start": day, "end": day, "time_zone": "UTC", "duration_minutes": "120"},
    )
    first = read(found)["slots"][day][0]
    assert int(first["end"][11:13]) - int(first["start"][11:13]) == 2
