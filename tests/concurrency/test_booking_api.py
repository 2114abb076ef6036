"""Many clients at once over the API: one winner per place, everybody else told what is open, nobody a 5xx."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from tests.database import World
from tests.patience import PATIENCE
from tests.portal.api.asking import at, bearer, book, read, send, token_of

Ask = Callable[[Client], HttpResponse]


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False


def _at_once(host: str, asks: Sequence[Ask]) -> list[HttpResponse]:
    """Send all requests at the same moment, each from a thread with a connection of its own."""
    gate = threading.Barrier(len(asks))

    def send_one(ask: Ask) -> HttpResponse:
        client = Client(headers={"host": host}, raise_request_exception=False)
        try:
            gate.wait(30 * PATIENCE)
            return ask(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as threads:
        return list(threads.map(send_one, asks))


def _live_rows(world: World, slug: str) -> list[tuple[int, str]]:
    with world.superuser(slug) as database:
        return [
            (resource, blocked)
            for resource, blocked in database.execute(
                "SELECT resource_id, blocked::text FROM booking_occupancy WHERE retired_at IS NULL"
            ).fetchall()
        ]


def _statuses(responses: Sequence[HttpResponse]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_thirty_clients_one_slot_one_201(world: World) -> None:
    responses = _at_once(
        "acme.localhost",
        [
            lambda client, n=n: book(  # type: ignore[misc]
                client, at(10), attendee={"name": f"Client {n}", "email": f"client{n}@example.com"}
            )
            for n in range(30)
        ],
    )
    assert _statuses(responses) == {201: 1, 409: 29}
    for response in responses:
        document = read(response)
        if response.status_code == 409:
            assert document["code"] in ("slot_taken", "host_busy")
            assert document["alternatives"] == [
                {"start": at(9), "end": at(9, 30)},
                {"start": at(9, 30), "end": at(10)},
                {"start": at(10, 30), "end": at(11)},
            ]
    assert len(_live_rows(world, "acme")) == 1


def test_twenty_clients_six_free_hosts_exactly_six(world: World) -> None:
    responses = _at_once("northwind.localhost", [lambda client: book(client, at(10), event_type="meet")] * 20)
    assert _statuses(responses) == {201: 6, 409: 14}
    winners = {read(response)["host"] for response in responses if response.status_code == 201}
    assert winners == {"bruno", "chloe", "daniel", "eva-maria", "fatima", "gustavo"}
    assert len({resource for resource, _ in _live_rows(world, "northwind")}) == 6


def test_twelve_seats_are_sold_to_twelve(world: World) -> None:
    responses = _at_once(
        "northwind.localhost", [lambda client: book(client, at(10), event_type="workshop")] * 24
    )
    assert _statuses(responses) == {201: 12, 409: 12}
    assert {read(response)["code"] for response in responses if response.status_code == 409} == {"seats_full"}
    assert len(_live_rows(world, "northwind")) == 1


def test_a_long_and_a_short_meeting_never_overlap(world: World) -> None:
    hours = [9, 10, 11, 12, 13, 14, 15]
    asks: list[Ask] = []
    for hour in hours:
        asks.append(lambda client, h=hour: book(client, at(h), event_type="consultation"))  # type: ignore[misc]
        asks.append(lambda client, h=hour: book(client, at(h, 30), event_type="intro-call"))  # type: ignore[misc]
    responses = _at_once("acme.localhost", asks)
    assert {*_statuses(responses)} <= {201, 409}
    for pair in zip(responses[::2], responses[1::2], strict=True):
        assert sorted(response.status_code for response in pair) == [201, 409]
    assert len(_live_rows(world, "acme")) == len(hours)


def test_one_key_sent_twenty_times_at_once_is_one_booking(world: World) -> None:
    headers = {"Idempotency-Key": "5b0d8f0e-5f0c-4c1d-9d6a-2f1f6f3f9a11"}
    responses = _at_once(
        "northwind.localhost", [lambda c: book(c, at(10), event_type="meet", headers=headers)] * 20
    )
    assert _statuses(responses) == {201: 20}
    assert len({response.content for response in responses}) == 1
    assert Counter("Idempotency-Replayed" in response for response in responses) == {False: 1, True: 19}
    assert len(_live_rows(world, "northwind")) == 1


def test_cancel_and_reschedule_at_once_end_in_one_of_both(world: World) -> None:
    client = Client(headers={"host": "acme.localhost"})
    for hour in (9, 12, 15):
        booked = read(book(client, at(hour), event_type="site-visit"))
        path, headers = f"/api/v1/bookings/{booked['uid']}", bearer(token_of(booked))
        asks: list[Ask] = [lambda c, p=path, h=headers: send(c, f"{p}/cancel", {}, headers=h)] * 4  # type: ignore[misc]
        asks += [
            lambda c, p=path, h=headers: send(c, f"{p}/reschedule", {"start": at(10, 30)}, headers=h)
        ] * 4  # type: ignore[misc]
        assert {*_statuses(_at_once("acme.localhost", asks))} <= {200, 404, 409}
        status = _status_of(world, booked)
        assert status in ("confirmed", "cancelled")
        assert len(_live_rows(world, "acme")) == (1 if status == "confirmed" else 0)
        if status == "confirmed":
            with world.superuser("acme") as database:
                (version,) = database.execute(
                    "SELECT manage_version FROM booking_booking WHERE uid = %s", [booked["uid"]]
                ).fetchone()  # type: ignore[misc]
            assert version == 1
            return


def _status_of(world: World, booked: Any) -> str:
    with world.superuser("acme") as database:
        row = database.execute(
            "SELECT status FROM booking_booking WHERE uid = %s", [booked["uid"]]
        ).fetchone()
    assert row is not None
    return str(row[0])
