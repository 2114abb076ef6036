"""GET /api/v1/slots: the contract's JSON, every way out, and the same number of statements for any team."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.api import EventType, EventTypeHost
from tests.database import World
from tests.portal.api.asking import at, book, open_monday, problem, read

MONDAY = open_monday()
DAY = MONDAY.isoformat()
NO_TYPE = "There is no meeting type “intro” here. Open the booking page to see which there are."
NO_HOST = "Nobody named “bruno” offers this meeting type. Leave `host` out, or name one of its hosts."
NO_ZONE = "Name an IANA time zone, for example Europe/Lisbon."
SIX = ["bruno", "chloe", "daniel", "eva-maria", "fatima", "gustavo"]


def _ask(client: Client, **query: str) -> Any:
    query = {"event_type": "intro-call", "start": DAY, "end": DAY, "time_zone": "Europe/Lisbon", **query}
    return client.get("/api/v1/slots", {name: value for name, value in query.items() if value != "-"})


def _half_hours(first: int, last: int) -> list[tuple[int, int]]:
    return [(hour, minute) for hour in range(first, last) for minute in (0, 30)]


def _slot(hour: int, minute: int, *, minutes: int = 30, **more: Any) -> dict[str, Any]:
    end = hour * 60 + minute + minutes
    return {"start": at(hour, minute), "end": at(end // 60, end % 60), **more}


def test_a_monday_is_open_from_nine_to_five(acme: Client) -> None:
    response = _ask(acme)
    assert (response.status_code, response["Content-Type"], response["Cache-Control"]) == (
        200,
        "application/json",
        "private, no-cache",
    )
    assert read(response) == {
        "time_zone": "Europe/Lisbon",
        "slots": {DAY: [_slot(hour, minute) for hour, minute in _half_hours(9, 17)]},
    }


def test_the_zone_is_the_business_own_when_none_is_named(acme: Client) -> None:
    assert read(_ask(acme, time_zone="-")) == read(_ask(acme))


def test_dates_are_those_of_the_asked_zone_in_order_and_only_with_slots(acme: Client) -> None:
    friday, sunday = (MONDAY - timedelta(days=3)).isoformat(), (MONDAY - timedelta(days=1)).isoformat()
    assert list(read(_ask(acme, start=friday))["slots"]) == [friday, DAY]
    assert read(_ask(acme, start=sunday, end=sunday)) == {"time_zone": "Europe/Lisbon", "slots": {}}
    auckland = read(_ask(acme, time_zone="Pacific/Auckland", end=(MONDAY + timedelta(days=1)).isoformat()))
    assert auckland["slots"][(MONDAY + timedelta(days=1)).isoformat()][0]["start"] > at(9)


def test_hosts_are_named_where_more_than_one_offers_it(northwind: Client) -> None:
    assert read(_ask(northwind, event_type="meet"))["slots"][DAY][0] == _slot(9, 0, hosts=SIX)
    assert read(_ask(northwind, event_type="panel"))["slots"][DAY][0] == _slot(
        9, 0, minutes=60, hosts=SIX[:3]
    )
    assert read(_ask(northwind, event_type="workshop"))["slots"][DAY][0] == _slot(9, 0, minutes=120)
    assert read(_ask(northwind, event_type="meet", host="chloe"))["slots"][DAY][0] == _slot(
        9, 0, hosts=["chloe"]
    )


@pytest.mark.parametrize("named", ["{}", "W/{}", '"another", W/{}', "*"])
def test_an_answer_that_is_known_is_not_sent_again_until_it_changes(acme: Client, named: str) -> None:
    query = {"event_type": "intro-call", "start": DAY, "end": DAY, "time_zone": "Europe/Lisbon"}
    first = _ask(acme)
    again = acme.get("/api/v1/slots", query, headers={"If-None-Match": named.format(first["ETag"])})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert book(acme, at(10)).status_code == 201
    changed = acme.get("/api/v1/slots", query, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)


def test_explain_tells_why_a_start_is_withheld(acme: Client) -> None:
    assert book(acme, at(10)).status_code == 201
    assert "withheld" not in read(_ask(acme))
    explained = read(_ask(acme, explain="1"))
    assert explained["withheld"] == [{"start": at(10), "reason": "host_busy"}]
    assert explained["slots"] == {DAY: [_slot(h, m) for h, m in _half_hours(9, 17) if (h, m) != (10, 0)]}


@pytest.mark.parametrize(
    ("query", "status", "code", "detail", "errors"),
    [
        ({"event_type": "intro"}, 404, "not_found", NO_TYPE, {"event_type": NO_TYPE}),
        ({"host": "bruno"}, 404, "not_found", NO_HOST, {"host": NO_HOST}),
        (
            {"time_zone": "Lisbon", "end": "-"},
            400,
            "invalid_request",
            "The query cannot be used. Look at: end, time_zone.",
            {"end": "This field is required.", "time_zone": NO_ZONE},
        ),
        (
            {"end": (MONDAY + timedelta(days=62)).isoformat()},
            400,
            "invalid_request",
            "Ask for at most 62 days, the first one first.",
            None,
        ),
        (
            {"end": (MONDAY - timedelta(days=1)).isoformat()},
            400,
            "invalid_request",
            "Ask for at most 62 days, the first one first.",
            None,
        ),
    ],
)
def test_says_what_is_wrong(
    acme: Client, query: dict[str, str], status: int, code: str, detail: str, errors: dict[str, str] | None
) -> None:
    response = _ask(acme, **query)
    titles = {"not_found": "Nothing is here", "invalid_request": "The request cannot be used as it is"}
    more = {} if errors is None else {"errors": errors}
    assert response["Content-Type"] == "application/problem+json"
    assert read(response) == problem(code, status, titles[code], detail, **more)
    assert response.status_code == status


def test_sixty_two_days_are_allowed(acme: Client) -> None:
    assert _ask(acme, end=(MONDAY + timedelta(days=61)).isoformat()).status_code == 200


def test_the_121st_reading_in_a_minute_is_refused(acme: Client) -> None:
    assert {_ask(acme, event_type="no").status_code for _ in range(120)} == {404}
    response = _ask(acme)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert read(response)["code"] == "rate_limited"


def test_only_get_and_every_other_address_answer_in_the_apis_form(acme: Client) -> None:
    wrong = acme.post("/api/v1/slots", data="{}", content_type="application/json")
    assert (wrong.status_code, wrong["Allow"], read(wrong)["code"]) == (405, "GET, HEAD", "invalid_request")
    for path in ("/api/v1/", "/api/v1/slot", "/api/v1/slots/", "/api/v1/bookings/a/b"):
        assert read(acme.get(path)) == problem(
            "not_found",
            404,
            "Nothing is here",
            "The API has no such address. It has /api/v1/slots and /api/v1/bookings.",
        )


def test_statements_do_not_grow_with_hosts_or_days(world: World, northwind: Client) -> None:
    with world.enter("northwind"):
        EventTypeHost.objects.filter(
            event_type=EventType.objects.get(slug="meet"), host__slug__in=SIX[3:]
        ).delete()
    _ask(northwind, event_type="panel")  # reads the catalog
    counts, known = [], set()
    for query in (
        {"event_type": "workshop"},
        {"event_type": "meet"},
        {"event_type": "meet", "host": "bruno"},
        {"event_type": "meet", "end": (MONDAY + timedelta(days=30)).isoformat()},
    ):
        with CaptureQueriesContext(connection) as statements:
            assert _ask(northwind, **query).status_code == 200
        counts.append(len(statements))
        with CaptureQueriesContext(connection) as statements:
            assert _ask(northwind, **query).status_code == 200
        known.add(len(statements))
    counted = 1  # the public rate limit
    assert counts == [
        counted + 3,
        counted + 2,
        counted + 2,
        counted + 2,
    ]  # a group reads its sessions besides
    assert known == {counted + 1}  # the stamps say that nothing changed
