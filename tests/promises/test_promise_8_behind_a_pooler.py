"""Promise 8, behind a pooler: requests of two businesses meet on one server connection, and each is answered from its
own schema. `POOLED_REQUESTS=10000 bin/test --only pgbouncer` sends 10,000; `bin/test` itself a part of them."""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client

from booking.api import Booking
from kernel.postgres.role import speak_as
from kernel.tenancy import PUBLIC, entered
from tests.database import World
from tests.portal.api.asking import at, bearer, book, open_monday, read, token_of
from tests.simulators.pgbouncer import one_connection

pytestmark = pytest.mark.pgbouncer
REQUESTS = int(os.environ.get("POOLED_REQUESTS", "1500"))
CLIENTS = 6
BOOKINGS = 8
TENANTS = {"acme": "site-visit", "northwind": "meet"}
NAMES = {"acme": "Site visit", "northwind": "Bruno"}  # what only its own schema knows
Kept = tuple[str, str, str]  # tenant, uid, manage token


@pytest.fixture
def pooled(world: World) -> Iterator[World]:
    """The world through one server connection, with the limits that an operator's address would carry."""
    with one_connection(world.app_url()) as url:
        speak_as(url)
        try:
            yield world
        finally:
            connections.close_all()
            speak_as(world.app_url())


def canaries(client_for: Callable[[str], Client]) -> list[Kept]:
    """Bookings of each business, in the other one's sight never to be found."""
    kept: list[Kept] = []
    for slug, event_type in TENANTS.items():
        for number in range(BOOKINGS):
            start = at(9 + 5 * (number % 2), day=open_monday() + timedelta(days=number // 2))
            name = {"name": f"Canary of {slug}", "email": f"{slug}{number}@example.com"}
            host = {} if slug == "acme" else {"host": "bruno"}
            answer = book(
                client_for(f"{slug}.localhost"), start, event_type=event_type, attendee=name, **host
            )
            assert answer.status_code == 201, answer.content
            made = read(answer)
            kept.append((slug, made["uid"], token_of(made)))
    return kept


def test_each_of_two_businesses_is_answered_from_its_own_schema(
    pooled: World, client_for: Callable[[str], Client]
) -> None:
    kept = canaries(client_for)
    wanted = random.Random(7).choices(kept, k=REQUESTS)
    other = {"acme": "northwind.localhost", "northwind": "acme.localhost"}

    def ask(mine: list[Kept]) -> Counter[tuple[str, bool]]:
        found: Counter[tuple[str, bool]] = Counter()
        clients = {slug: Client(headers={"host": f"{slug}.localhost"}) for slug in TENANTS}
        try:
            for number, (slug, uid, token) in enumerate(mine):
                if number % 5 == 4:  # the same question at the other business's door
                    there = Client(headers={"host": other[slug]})
                    answer = there.get(f"/api/v1/bookings/{uid}", headers=bearer(token))
                    found["elsewhere", answer.status_code in (401, 404)] += 1
                elif number % 5 == 3:
                    answer = clients[slug].get("/")
                    found["page", NAMES[slug] in answer.content.decode()] += 1
                else:
                    answer = clients[slug].get(f"/api/v1/bookings/{uid}", headers=bearer(token))
                    found["own", answer.status_code == 200 and read(answer).get("uid") == uid] += 1
                with entered(getattr(pooled, slug)):
                    name = Booking.objects.order_by("?").values_list("attendee_name", flat=True).first()
                    found["row", name == f"Canary of {slug}"] += 1
        finally:
            connections.close_all()
        return found

    with ThreadPoolExecutor(CLIENTS) as threads:
        found = sum(threads.map(ask, (wanted[start::CLIENTS] for start in range(CLIENTS))), Counter())
    assert {kind for kind, _ in found} == {"own", "elsewhere", "page", "row"}
    assert {kind: count for kind, count in found.items() if not kind[1]} == {}
    assert sum(count for (kind, _), count in found.items() if kind != "row") == REQUESTS


def test_the_pool_has_one_server_connection_and_the_limits_travel(pooled: World) -> None:
    with entered(PUBLIC), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert cursor.fetchone() == ("2s", "20s")

    def backend(_number: int) -> int:
        try:
            with entered(PUBLIC), connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid(), pg_sleep(0.01)")
                return int(cursor.fetchone()[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert len(set(threads.map(backend, range(4 * CLIENTS)))) == 1
