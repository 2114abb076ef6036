"""The host name picks the tenant; a host that nobody owns gets one plain answer that says nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.api import Domain, Tenant, current_tenant, is_own_host, tenant_url
from tests.database import World

ClientFor = Callable[[str], Client]
PATHS = ["/", "/portal/", "/accounts/login/", "/api/v1/slots", "/static/portal/css/base.css", "/nothing"]
NOT_OURS = [
    "unknown.localhost",
    "acme.localhost.evil.example",
    "127.0.0.1",
    "public.localhost",
    "a b",
    "[::1",
]


def whole(client: Client, path: str, method: str = "get") -> bytes:
    """Return status, headers and body as bytes: everything that a stranger sees."""
    response = getattr(client, method)(path)
    head = "\n".join(f"{name}: {value}" for name, value in sorted(response.headers.items()))
    return f"{response.status_code}\n{head}\n\n".encode() + b"".join(
        response.streaming_content if response.streaming else [response.content]
    )


NOT_FOUND = b"404\nContent-Type: text/plain; charset=utf-8\n\nNot found.\n"


@pytest.mark.parametrize("host", NOT_OURS)
def test_an_unknown_host_gets_the_same_bytes_whatever_it_asks(
    world: World, client_for: ClientFor, host: str
) -> None:
    client = client_for(host)
    assert {whole(client, path) for path in PATHS} == {NOT_FOUND}
    assert whole(client, "/api/v1/bookings", "post") == NOT_FOUND


@pytest.mark.parametrize(
    "host", ["acme.localhost", "ACME.localhost", "acme.localhost:8000", "Acme.Localhost:80"]
)
def test_a_known_host_is_known_in_any_case_and_with_any_port(
    world: World, client_for: ClientFor, host: str
) -> None:
    response = client_for(host).get("/")
    assert (response.status_code, b"Intro call" in response.content) == (200, True)


def test_a_tenant_that_is_not_ready_answers_nowhere(world: World, client_for: ClientFor) -> None:
    Tenant.objects.filter(slug="acme").update(ready_at=None)
    assert {whole(client_for("acme.localhost"), path) for path in PATHS} == {NOT_FOUND}
    assert client_for("northwind.localhost").get("/").status_code == 200


def test_the_platforms_host_shows_the_console_and_no_booking_page(
    world: World, client_for: ClientFor
) -> None:
    client = client_for("localhost")
    assert (client.get("/book/intro-call/").status_code, client.get("/accounts/login/").status_code) == (
        404,
        200,
    )


def test_links_are_built_from_the_domain_and_never_from_the_request(world: World, settings: object) -> None:
    acme = Tenant.objects.get(slug="acme")
    assert tenant_url(acme, "/x/") == "http://acme.localhost:8000/x/"
    settings.HOLDFAST_PUBLIC_PORT = 443  # type: ignore[attr-defined]
    settings.HOLDFAST_PUBLIC_SCHEME = "https"  # type: ignore[attr-defined]
    Domain.objects.create(tenant=acme, domain="book.acme.example", is_primary=False)
    with world.enter("acme"):
        assert (tenant_url(None, "/x/"), current_tenant()) == ("https://acme.localhost/x/", acme)
    assert (is_own_host("BOOK.acme.example"), is_own_host("evil.example")) == (True, False)
