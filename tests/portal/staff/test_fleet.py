"""The fleet: staff only, numbers and states only, worst first, one cost whatever their number."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from booking.api import open_incident
from jobs.api import Job
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from portal.staff.fleet import fleet
from tenants.api import Domain, Tenant
from tests.booking.scene import booked, workday
from tests.database import PASSWORD, World
from tests.portal.business.conftest import signed_in
from tests.portal.business.test_booking import words

QUERIES = (
    9  # domain and tenant, session, user; owner's jobs; businesses, their addresses; storage, usage, due jobs
)


def test_staff_see_businesses_with_address_state_and_use(world: World, sam: Client) -> None:
    with world.enter("acme"):
        booked("site-visit", workday(11))
    said = words(sam.get("/").content)
    assert "Acme Advisory http://acme.localhost:8000/ Open 1 booking in 30 days 1 host" in said
    assert "Northwind Studio http://northwind.localhost:8000/ Open 0 bookings in 30 days 6 hosts" in said
    assert "http://localhost:8000/" not in said
    assert "Ben" not in said, "what a business holds is its own"


@pytest.mark.parametrize(
    ("field", "word"), [("paused_at", "Paused"), ("suspended_at", "Suspended"), ("ready_at", "Being set up")]
)
def test_state_is_said(world: World, sam: Client, field: str, word: str) -> None:
    with entered(PUBLIC), world.as_owner():
        value = None if field == "ready_at" else datetime(2026, 11, 1, tzinfo=UTC)
        Tenant.objects.filter(slug="acme").update(**{field: value})
    assert f"http://acme.localhost:8000/ {word}" in words(sam.get("/").content)


def order(world: World) -> list[tuple[str, str]]:
    """Return the fleet as staff read it: short name and state, from the top."""
    with world.enter("staff"):
        return [(row.tenant.slug, row.state.word) for row in fleet(now())]


def test_whose_clients_are_harmed_stands_first(world: World) -> None:
    assert order(world) == [("acme", "Open"), ("northwind", "Open")]
    with world.enter("northwind"):
        open_incident(
            "link", subject="host:1", title="No link", consequence="Clients see nothing.", now=now()
        )
    assert order(world) == [("northwind", "Incidents"), ("acme", "Open")]
    long_ago = now() - timedelta(minutes=5)
    with entered(PUBLIC):
        Job.objects.create(schema=world.acme, kind="run", ref="0", due_at=long_ago, created_at=long_ago)
        Tenant.objects.filter(slug="northwind").update(suspended_at=now())
    assert order(world) == [("acme", "Behind"), ("northwind", "Suspended")]


def test_it_says_when_nothing_performs_the_owners_jobs(world: World, sam: Client) -> None:
    assert "owner’s jobs" not in words(sam.get("/").content)
    long_ago = now() - timedelta(minutes=1)
    with entered(PUBLIC):
        Job.objects.create(
            schema=world.staff, kind="owner:run", ref="0", due_at=long_ago, created_at=long_ago
        )
    assert "Nothing performs the owner’s jobs at the moment" in words(sam.get("/").content)


def test_what_all_wait_for_is_said_once(world: World, sam: Client) -> None:
    long_ago = now() - timedelta(minutes=9, seconds=30)
    with entered(PUBLIC):
        for schema in (world.acme, world.northwind):
            assert "businesses wait" not in words(sam.get("/").content)
            Job.objects.create(schema=schema, kind="run", ref="0", due_at=long_ago, created_at=long_ago)
    assert "Jobs of 2 businesses wait, the oldest for 9 minutes" in words(sam.get("/").content)


def test_stranger_is_asked_to_sign_in(client_for: Callable[[str], Client]) -> None:
    answer = client_for("localhost").get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/")


def test_owner_of_a_business_is_a_stranger_here(world: World) -> None:
    with world.enter("acme"):
        alice = signed_in("localhost", User.objects.get(email="owner@acme.example"))
    assert alice.get("/").status_code == 302


def test_sign_in_leads_to_the_list(client_for: Callable[[str], Client]) -> None:
    client = client_for("localhost")
    page = client.get("/accounts/login/").content.decode()
    assert "Holdfast · Staff console" in page
    answer = client.post("/accounts/login/", {"login": "staff@localhost.example", "password": PASSWORD})
    assert answer["Location"] == "/"


@pytest.mark.parametrize("path", ["/portal/", "/portal/bookings/", "/api/v1/slots", "/book/intro-call/"])
def test_pages_of_a_business_are_not_here(sam: Client, path: str) -> None:
    assert sam.get(path).status_code == 404


def test_list_costs_the_same_for_two_businesses_and_four(
    world: World, sam: Client, django_assert_num_queries: Callable[[int], Any]
) -> None:
    sam.get("/")  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES):
        sam.get("/")
    with entered(PUBLIC), world.as_owner():
        for letter in "ab":
            tenant = Tenant.objects.create(
                name=letter,
                slug=letter,
                schema_name="t_"
                + letter * 16,  # not complete: nothing is asked of a schema that is not there
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            Domain.objects.create(domain=f"{letter}.localhost", tenant=tenant, is_primary=True)
    sam.get("/")  # the registry changed: hosts are looked up anew
    with django_assert_num_queries(QUERIES):
        assert "http://a.localhost:8000/" in words(sam.get("/").content)
