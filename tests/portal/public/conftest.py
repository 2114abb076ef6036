"""Browsers without script at the demo's two businesses, and the ways that every test walks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.booking.scene import workday
from tests.database import World

MARIA = {"name": "Maria Antónia", "email": "maria@example.com", "guests": "", "notes": ""}
_DAY = workday(10).date()
WHOLE_DAY = f"?month={_DAY:%Y-%m}&date={_DAY}"  # today may be nearly over
START = re.compile(r'name="start" value="([^"]+)"')


@dataclass(frozen=True)
class Visitor:
    """A client of one business, who follows what the pages offer."""

    client: Client

    def get(self, path: str, **headers: str) -> HttpResponse:
        """Open an address."""
        return self.client.get(path, headers=headers or None)  # type: ignore[return-value]

    def post(self, path: str, data: dict[str, str], **headers: str) -> HttpResponse:
        """Send a form."""
        return self.client.post(path, data, headers=headers or None)  # type: ignore[return-value]

    def starts(self, event: str, query: str = "") -> list[str]:
        """The starts that the picker offers on a day, as its form sends them; `query` says another day."""
        return START.findall(text(self.get(f"/book/{event}/{query or WHOLE_DAY}")))

    def hold(self, event: str, *, start: str = "") -> str:
        """Hold a start (the first one offered); return the address of its details."""
        start = start or self.starts(event)[0]
        answer = self.post(f"/book/{event}/hold", {"start": start, "time_zone": "Europe/Lisbon"})
        assert answer.status_code == 303, text(answer)
        return answer["Location"]

    def book(self, event: str, *, start: str = "", **change: str) -> str:
        """Hold and send the details; return the address of the booking's page."""
        answer = self.post(self.hold(event, start=start), MARIA | change)
        assert answer.status_code == 303, text(answer)
        return answer["Location"]


@pytest.fixture
def acme(client_for: Callable[[str], Client]) -> Visitor:
    """At Acme: one host, ana; client-facing."""
    return Visitor(client_for("acme.localhost"))


@pytest.fixture
def northwind(client_for: Callable[[str], Client]) -> Visitor:
    """At Northwind: six hosts; company-wide."""
    return Visitor(client_for("northwind.localhost"))


@pytest.fixture
def stranger(client_for: Callable[[str], Client]) -> Visitor:
    """Somebody else, at Acme."""
    return Visitor(client_for("acme.localhost", REMOTE_ADDR="203.0.113.9"))  # type: ignore[call-arg]  # Client takes WSGI environ


def text(response: HttpResponse) -> str:
    """The page as a reader's source view shows it."""
    return unescape(response.content.decode())


def words(response: HttpResponse) -> str:
    """The page's words alone, whitespace folded."""
    body = re.sub(r"<(script|style|svg|head)\b.*?</\1>", " ", text(response), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def heading(response: HttpResponse) -> str:
    """The page's one <h1>."""
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", text(response), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found).split())


def entries(world: World, slug: str = "acme") -> int:
    """How many signed entries a business's ledger has: what changed anything left one."""
    with world.superuser(slug) as connection:
        row = connection.execute("SELECT count(*) FROM audit_entry").fetchone()
        assert row is not None
        return int(row[0])
