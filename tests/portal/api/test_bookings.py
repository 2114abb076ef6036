"""POST /api/v1/bookings: one booking per start and per key, and a clear answer on every other way out."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.api import create_api_key, revoke_api_key
from booking.api import Booking, EventTypeHost, manage_url
from kernel.clock import now
from tests.database import World
from tests.portal.api.asking import at, bearer, book, open_monday, problem, read, send

NOT_JSON = "The body is not JSON (RFC 8259, UTF-8). Send one JSON object."
KEY = {"Idempotency-Key": "5b0d8f0e-5f0c-4c1d-9d6a-2f1f6f3f9a11"}


def _only_booking(world: World) -> tuple[Booking, str]:
    with world.enter("acme"):
        booking = Booking.objects.select_related("meeting").get()
        return booking, manage_url(booking)


def _invalid(field: str, words: str) -> dict[str, Any]:
    title = "The request cannot be used as it is"
    return problem("invalid_request", 400, title, words, errors={field: words})


def test_an_online_booking_waits_for_its_link(world: World, acme: Client) -> None:
    response = book(acme, at(10), guests=["eva@example.com"], answers={"topic": "Growth"})
    booking, url = _only_booking(world)
    assert booking.expires_at is not None
    assert (response.status_code, response["Location"], response["Cache-Control"]) == (
        201,
        f"/api/v1/bookings/{booking.uid}",
        "no-store",
    )
    assert read(response) == {
        "uid": booking.uid,
        "status": "awaiting_link",
        "start": at(10),
        "end": at(10, 30),
        "host": "ana",
        "manage_url": url,
        "hold_expires_at": booking.expires_at.isoformat().replace("+00:00", "Z"),
    }
    assert (booking.attendee_name, booking.attendee_email) == ("Bruno Dias", "bruno@example.com")
    assert (booking.guests, booking.answers, booking.source) == (
        ["eva@example.com"],
        {"topic": "Growth"},
        "api",
    )
    assert "Preference-Applied" not in response
    assert "Idempotency-Replayed" not in response


def test_a_meeting_in_person_is_confirmed_at_once(world: World, acme: Client) -> None:
    response = book(acme, at(10), event_type="site-visit")
    booking, url = _only_booking(world)
    assert response.status_code == 201
    assert read(response) == {
        "uid": booking.uid,
        "status": "confirmed",
        "start": at(10),
        "end": at(11, 30),
        "host": "ana",
        "manage_url": url,
    }


def test_a_collective_meeting_names_all_its_hosts(northwind: Client) -> None:
    answer = read(book(northwind, at(10), event_type="panel"))
    assert (answer["host"], answer["hosts"]) == ("bruno", ["bruno", "chloe", "daniel"])


def test_a_round_robin_start_can_be_had_from_a_named_host(northwind: Client) -> None:
    assert read(book(northwind, at(10), event_type="meet", host="chloe"))["host"] == "chloe"


def test_a_taken_start_is_409_with_the_nearest_open_slots(acme: Client) -> None:
    assert book(acme, at(10)).status_code == 201
    response = book(acme, at(10))
    assert response["Content-Type"] == "application/problem+json"
    document = read(response)
    assert document == problem(
        document["code"],
        409,
        document["title"],
        document["detail"],
        alternatives=[
            {"start": at(9), "end": at(9, 30)},
            {"start": at(9, 30), "end": at(10)},
            {"start": at(10, 30), "end": at(11)},
        ],
    )
    assert document["code"] in ("slot_taken", "host_busy")
    assert document["detail"].endswith("Choose another time.")


def test_a_start_outside_the_hours_is_409_with_its_reason(acme: Client) -> None:
    document = read(book(acme, at(20)))
    assert (document["status"], document["code"], document["title"]) == (
        409,
        "outside_hours",
        "This time is outside the bookable hours",
    )
    assert len(document["alternatives"]) == 3


def test_the_same_key_and_body_answer_the_same_booking(world: World, acme: Client) -> None:
    first = book(acme, at(10), headers=KEY)
    again = book(acme, at(10), headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert read(again) == read(first)
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    _only_booking(world)


def test_the_same_key_with_another_body_is_422(world: World, acme: Client) -> None:
    assert book(acme, at(10), headers=KEY).status_code == 201
    response = book(acme, at(11), headers=KEY)
    assert response.status_code == 422
    assert read(response) == problem(
        "idempotency_mismatch",
        422,
        "This Idempotency-Key belongs to another request",
        "This Idempotency-Key was used for another request. Use a new key.",
    )
    assert _only_booking(world)[0].meeting.starts_at.isoformat().replace("+00:00", "Z") == at(10)


def test_a_key_that_cannot_be_used_is_400(acme: Client) -> None:
    response = book(acme, at(10), headers={"Idempotency-Key": "two words"})
    assert response.status_code == 400
    assert list(read(response)["errors"]) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"attendee": {"name": "B", "email": "no address"}}, "attendee.email", None),
        ({"attendee": {"name": "B", "email": "a@example.com,b@example.com"}}, "attendee.email", None),
        ({"guests": ["a@example.com", "b@example.com\u202e"]}, "guests", None),
        ({"guests": [f"g{n}@example.com" for n in range(11)]}, "guests", "At most 10 guests can be added."),
        ({"answers": {f"q{n}": "a" for n in range(21)}}, "answers", "At most 20 answers."),
    ],
)
def test_what_an_attendee_gives_is_checked(
    acme: Client, change: dict[str, Any], field: str, words: str | None
) -> None:
    document = read(book(acme, at(10), **change))
    assert document == _invalid(field, words or document["detail"])


@pytest.mark.parametrize(
    ("content", "content_type", "status", "detail"),
    [
        ("{", "application/json", 400, NOT_JSON),
        ('{"a": NaN}', "application/json", 400, NOT_JSON),
        ('{"a": 1, "a": 2}', "application/json", 400, NOT_JSON),
        ("[" * 9000, "application/json", 400, NOT_JSON),
        (b"\xff\xfe", "application/json", 400, NOT_JSON),
        (" " * 16385, "application/json", 413, "The body is larger than 16384 bytes. Send a shorter one."),
        ("a=1", "application/x-www-form-urlencoded", 415, None),
        ("{}", "text/plain", 415, None),
    ],
)
def test_a_body_that_is_no_json(
    acme: Client, content: Any, content_type: str, status: int, detail: str | None
) -> None:
    response = acme.post("/api/v1/bookings", data=content, content_type=content_type)
    document = read(response)
    title = "The request cannot be used as it is"
    assert document == problem("invalid_request", status, title, detail or document["detail"])
    assert response.status_code == status


def test_an_unknown_event_type_and_host_are_named(acme: Client) -> None:
    for change, field in (({"event_type": "nothing"}, "event_type"), ({"host": "bruno"}, "host")):
        response = book(acme, at(10), **change)
        assert (response.status_code, list(read(response)["errors"])) == (404, [field])


def test_the_eleventh_booking_of_a_minute_is_refused_before_it_is_read(acme: Client) -> None:
    assert {send(acme, "/api/v1/bookings", {}).status_code for _ in range(10)} == {400}
    response = book(acme, at(10))
    assert (response.status_code, read(response)["code"]) == (429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 60


def test_limits_can_be_lifted(acme: Client, settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    assert {send(acme, "/api/v1/bookings", {}).status_code for _ in range(30)} == {400}


def test_an_api_key_books_as_itself_and_counts_for_itself(world: World, acme: Client) -> None:
    with world.enter("acme"):
        made = create_api_key("Shop", scopes=["bookings:write"], created_by=None, now=now())
    for _ in range(10):
        send(acme, "/api/v1/bookings", {})
    assert book(acme, at(10)).status_code == 429
    assert book(acme, at(10), headers=bearer(made.secret)).status_code == 201
    with world.enter("acme"):
        revoke_api_key(made.key, now=now())


def test_a_key_without_scope_or_life_is_refused(world: World, acme: Client, northwind: Client) -> None:
    with world.enter("acme"):
        reader = create_api_key("Reader", scopes=["bookings:read"], created_by=None, now=now())
        dead = create_api_key("Dead", scopes=["bookings:write"], created_by=None, now=now())
        revoke_api_key(dead.key, now=now())
    forbidden = book(acme, at(10), headers=bearer(reader.secret))
    assert (forbidden.status_code, read(forbidden)) == (
        403,
        problem(
            "forbidden",
            403,
            "You may not do that here",
            "This API key lacks the scope bookings:write. Use one that has it.",
        ),
    )
    unknown = problem(
        "unauthorized",
        401,
        "A manage token or an API key is needed",
        "This API key is not known here, or was revoked. Leave Authorization out, or use a live key.",
    )
    for client, headers in (
        (acme, bearer(dead.secret)),
        (acme, bearer("hf_nothing_here")),
        (acme, {"Authorization": "Basic YTpi"}),
        (northwind, bearer(reader.secret)),  # a key of another tenant
    ):
        response = book(client, at(10), headers=headers)
        assert (response.status_code, response["WWW-Authenticate"], read(response)) == (
            401,
            'Bearer realm="holdfast"',
            unknown,
        )


def test_a_busy_database_is_503_with_retry_after_and_books_nothing(world: World, acme: Client) -> None:
    with world.owner("acme") as owner, owner.transaction():
        owner.execute("LOCK TABLE booking_occupancy IN ACCESS EXCLUSIVE MODE")
        response = book(acme, at(10), event_type="intro-call")
    assert (response.status_code, response["Retry-After"], read(response)["code"]) == (503, "1", "busy")
    with world.enter("acme"):
        assert Booking.objects.count() == 0


def test_statements_of_a_booking_do_not_grow_with_hosts(world: World, northwind: Client) -> None:
    assert book(northwind, at(16), event_type="meet").status_code == 201  # the ledger's keys are opened here
    counts = []
    for start, hosts in ((at(9), 6), (at(10), 3), (at(11), 1)):
        with world.enter("northwind"):
            offered = EventTypeHost.objects.filter(event_type__slug="meet").order_by("host_id")
            EventTypeHost.objects.filter(pk__in=[row.pk for row in offered][hosts:]).delete()
        assert book(northwind, at(3), event_type="meet").status_code == 409  # reads the catalog that changed
        with CaptureQueriesContext(connection) as statements:
            assert book(northwind, start, event_type="meet").status_code == 201
        counts.append(len(statements))
    assert counts == [10, 10, 9]  # several free hosts are put in order: one more


@pytest.mark.parametrize("earlier", [1, 3])
def test_statements_of_a_booking_that_confirms_at_once_and_of_one_that_loses(
    world: World, acme: Client, settings: Settings, earlier: int
) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    for number in range(earlier):
        day = open_monday() + timedelta(days=1 + number)
        assert book(acme, at(14, day=day), event_type="site-visit").status_code == 201
    with CaptureQueriesContext(connection) as statements:
        won = book(acme, at(14), event_type="site-visit")
    assert (won.status_code, read(won)["status"]) == (201, "confirmed")
    said = [query["sql"][:90] for query in statements]
    assert len(said) == 8, said  # five messages; BEGIN and COMMIT go with others; the broker is not there
    assert book(acme, at(14), event_type="site-visit").status_code == 409  # works out the alternatives
    with CaptureQueriesContext(connection) as statements:
        assert book(acme, at(14), event_type="site-visit").status_code == 409
    assert len(statements) == 1  # the stamps: why, and what else is open, is known by then
