"""The staff's list of businesses: staff only, addresses and state only, one cost whatever their number."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from kernel.tenancy import PUBLIC, entered
from tenants.api import Domain, Tenant
from tests.database import PASSWORD, World
from tests.portal.business.conftest import signed_in
from tests.portal.business.test_booking import words

QUERIES = 5  # domain and tenant, session, user; businesses, their addresses


@pytest.fixture
def sam(world: World) -> Client:
    """A member of the platform's staff."""
    with world.enter("staff"):
        return signed_in("localhost", User.objects.get(email="staff@localhost.example"))


def test_staff_see_businesses_with_addresses_and_state(sam: Client) -> None:
    said = words(sam.get("/").content)
    assert "Acme Advisory http://acme.localhost:8000/ Client-facing Europe/Lisbon Open" in said
    assert "Northwind Studio http://northwind.localhost:8000/ Company-wide Europe/Lisbon Open" in said
    assert "http://localhost:8000/" not in said


@pytest.mark.parametrize(
    ("field", "word"), [("paused_at", "Paused"), ("suspended_at", "Suspended"), ("ready_at", "Being set up")]
)
def test_state_is_said(world: World, sam: Client, field: str, word: str) -> None:
    with entered(PUBLIC), world.as_owner():
        value = None if field == "ready_at" else datetime(2026, 11, 1, tzinfo=UTC)
        Tenant.objects.filter(slug="acme").update(**{field: value})
    assert f"Client-facing Europe/Lisbon {word}" in words(sam.get("/").content)


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
    with django_assert_num_queries(QUERIES):
        sam.get("/")
    with entered(PUBLIC), world.as_owner():
        for letter in "ab":
            tenant = Tenant.objects.create(
                name=letter,
                slug=letter,
                schema_name="t_" + letter * 16,
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            Domain.objects.create(domain=f"{letter}.localhost", tenant=tenant, is_primary=True)
    with django_assert_num_queries(QUERIES):
        assert "http://a.localhost:8000/" in words(sam.get("/").content)
