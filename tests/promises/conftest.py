"""The world around a booking, each part real: our own pages over HTTP, a mail server, a webhook, a calendar."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from booking.api import get_host
from kernel.clock import now
from providers.api import add_webhook_endpoint, connect_caldav
from tests.database import World
from tests.simulators.http import Site, http_site
from tests.simulators.radicale import Radicale, radicale
from tests.simulators.smtp import MailSink, mail_sink
from tests.simulators.web import product_over_http


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False


@pytest.fixture
def acme(client_for: Callable[[str], Client]) -> Client:
    """A client of Acme: one host, ana."""
    return client_for("acme.localhost")


@pytest.fixture
def northwind(client_for: Callable[[str], Client]) -> Client:
    """A client of Northwind: six hosts."""
    return client_for("northwind.localhost")


@pytest.fixture
def web(world: World, settings: Settings) -> Iterator[str]:
    """The product over real HTTP on loopback ("host:port"), so that rooms can be proven."""
    with product_over_http(settings) as address:
        yield address


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailSink]:
    """A mail server that accepts."""
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        yield sink


@pytest.fixture
def webhook(world: World, settings: Settings) -> Iterator[Site]:
    """A program of Acme's that wants to be told."""
    with http_site() as site:
        settings.HOLDFAST_HTTP_ALLOW = (*settings.HOLDFAST_HTTP_ALLOW, site.address)
        with world.enter("acme"):
            add_webhook_endpoint(site.url("/told"), now=now())
        yield site


@dataclass(frozen=True)
class Calendar:
    """Ana's calendar in a Radicale of hers."""

    server: Radicale
    url: str

    def texts(self) -> list[str]:
        """Return the events that stand in it."""
        return list(self.server.objects(self.url).values())


@pytest.fixture(scope="module")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    """A Radicale with the account "ana"."""
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def calendar(world: World, settings: Settings, radicale_server: Radicale, tmp_path: Path) -> Calendar:
    """A new calendar of Ana's, connected: read for busy, and written to."""
    account = radicale_server.with_account(f"ana-{tmp_path.name}")
    url = account.make_calendar("work")
    settings.HOLDFAST_HTTP_ALLOW = (*settings.HOLDFAST_HTTP_ALLOW, account.address)
    with world.enter("acme"):
        connect_caldav(
            get_host("ana").pk, url=url, username=account.username, password=account.password, now=now()
        )
    return Calendar(account, url)
