"""A series over the API: all dates or a 409 that names each taken one; read and cancelled by its token."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from booking.api import EventType
from tests.database import World
from tests.portal.api.asking import at, bearer, body, book, open_monday, read, send, token_of


@pytest.fixture(autouse=True)
def _allowed(world: World) -> None:
    with world.enter("acme"):
        EventType.objects.update(series_most=5, window_days=90)


def weekly(count: int = 3, **change: object) -> dict[str, object]:
    return body(at(9), event_type="site-visit", recurrence={"every": "week", "count": count}, **change)


def test_a_recurrence_is_booked_whole(acme: Client) -> None:
    answer = send(acme, "/api/v1/bookings", weekly(), headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 201, answer.content
    made = read(answer)
    days = [open_monday() + timedelta(weeks=n) for n in range(3)]
    assert [each["start"] for each in made["bookings"]] == [at(9, day=day) for day in days]
    assert {each["status"] for each in made["bookings"]} == {"confirmed"}
    again = send(acme, "/api/v1/bookings", weekly(), headers={"Idempotency-Key": "k1"})
    assert (again["Idempotency-Replayed"], read(again)["uid"]) == ("true", made["uid"])
    other = send(acme, "/api/v1/bookings", weekly(2), headers={"Idempotency-Key": "k1"})
    assert (other.status_code, read(other)["code"]) == (422, "idempotency_mismatch")


def test_a_taken_date_is_named_with_its_alternatives_and_agreed_substitutes_book(acme: Client) -> None:
    second = at(9, day=open_monday() + timedelta(weeks=1))
    assert book(acme, second, event_type="site-visit").status_code == 201
    refused = send(acme, "/api/v1/bookings", weekly())
    problem = read(refused)
    assert (refused.status_code, problem["code"], [each["start"] for each in problem["taken"]]) == (
        409, "host_busy", [second],
    )  # fmt: skip
    starts = [
        at(9),
        problem["taken"][0]["alternatives"][0]["start"],
        at(9, day=open_monday() + timedelta(weeks=2)),
    ]
    agreed = body(at(9), event_type="site-visit", starts=starts)
    del agreed["start"]
    answer = send(acme, "/api/v1/bookings", agreed)
    assert (answer.status_code, len(read(answer)["bookings"])) == (201, 3)


def test_it_is_read_and_cancelled_by_its_token(acme: Client) -> None:
    made = read(send(acme, "/api/v1/bookings", weekly()))
    address, headers = f"/api/v1/series/{made['uid']}", bearer(token_of(made))
    assert len(read(acme.get(address, headers=headers))["bookings"]) == 3
    assert acme.get(address).status_code == 401
    assert acme.get(address, headers=bearer(token_of(made["bookings"][0]))).status_code == 404
    for _ in range(2):
        over = send(acme, f"{address}/cancel", {"reason": "Moved"}, headers=headers)
        assert {each["status"] for each in read(over)["bookings"]} == {"cancelled"}


def test_its_page_shows_every_date_and_cancels_the_rest(acme: Client) -> None:
    made = read(send(acme, "/api/v1/bookings", weekly()))
    address = "/series/" + made["manage_url"].partition("/series/")[2]
    page = acme.get(address).content.decode()
    assert page.count("Confirmed") == 3
    assert "Cancel all 3 dates that lie ahead" in page
    assert acme.post(address, {"reason": ""}).status_code == 303
    assert acme.get(address).content.decode().count("Cancelled") == 3
    assert acme.get("/series/none/none/").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recurrence": {"every": "day", "count": 2}}, "recurrence.every"),
        ({"recurrence": {"every": "week", "count": 1}}, "recurrence.count"),
        ({"starts": ["2030-01-01T10:00:00Z", "2030-01-08T10:00:00Z"]}, "starts"),
    ],
)
def test_a_wrong_wish_is_named(acme: Client, change: dict[str, object], field: str) -> None:
    answer = send(acme, "/api/v1/bookings", body(at(9), event_type="site-visit", **change))
    assert (answer.status_code, list(read(answer)["errors"])) == (400, [field])


def test_a_type_without_series_takes_one_date_at_a_time(acme: Client, world: World) -> None:
    with world.enter("acme"):
        EventType.objects.update(series_most=0)
    answer = send(acme, "/api/v1/bookings", weekly())
    assert (answer.status_code, list(read(answer)["errors"])) == (400, ["starts"])


def test_the_page_repeats_a_held_time_and_asks_about_each_taken_date(world: World, acme: Client) -> None:
    from tests.portal.public.conftest import MARIA

    second = at(9, day=open_monday() + timedelta(weeks=1))
    assert book(acme, second, event_type="site-visit").status_code == 201
    held = acme.post("/book/site-visit/hold", {"start": at(9), "time_zone": "Europe/Lisbon"})["Location"]
    assert "Repeat it" in acme.get(held).content.decode()
    refused = acme.post(held, {**MARIA, "repeat_every": "week", "repeat_count": "3"})
    page = refused.content.decode()
    assert (refused.status_code, page.count("is not open</span>"), page.count("is free")) == (409, 1, 2)
    starts = re.findall(r'<input type="hidden" name="starts" value="([^"]+)"', page)
    substitute = re.findall(r'<option value="([^"]+)">', page)[0]
    booked = acme.post(held, {**MARIA, "starts": [starts[0], substitute, starts[1]]})
    assert booked.status_code == 303, booked.content
    assert "3 dates" in acme.get(booked["Location"]).content.decode()


@pytest.mark.parametrize(
    "count",
    ["00599999999", "0059999", "003", "1", "6", "x", "-2", "\u0663", pytest.param("9" * 5000, id="huge")],
)
def test_how_often_it_repeats_is_a_number_of_two_digits_at_most(acme: Client, count: str) -> None:
    from tests.portal.public.conftest import MARIA

    held = acme.post("/book/site-visit/hold", {"start": at(9), "time_zone": "Europe/Lisbon"})["Location"]
    answer = acme.post(held, {**MARIA, "repeat_every": "week", "repeat_count": count})
    page = answer.content.decode()
    assert (answer.status_code, "A series has 2 to 5 dates." in page) == (422, True)
    assert MARIA["email"] in page, "what was typed is still there"
    assert '<option value="week" selected>' in page
    again = acme.post(held, {**MARIA, "repeat_every": "week", "repeat_count": "02"})
    assert again.status_code == 303
    assert "/series/" in again["Location"]
