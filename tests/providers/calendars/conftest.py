"""A real Radicale and a real Xandikos for these tests; every test has a calendar of its own in one of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from providers.calendars.busy_rules import BusyRules
from providers.calendars.caldav import CalDavCalendar
from providers.calendars.dav_session import DavAccount
from tests.simulators.dav_server import DavServer
from tests.simulators.radicale import Radicale, radicale
from tests.simulators.xandikos import Xandikos, xandikos

_numbers = count(1)


@pytest.fixture(scope="session")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    """A Radicale with the account "ana"."""
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Xandikos]:
    """A Xandikos with the account "ana"."""
    with xandikos(tmp_path_factory.mktemp("xandikos")) as server:
        yield server


@pytest.fixture(params=["radicale", "xandikos"])
def each_server(request: pytest.FixtureRequest, settings: Settings) -> DavServer:
    """One server after the other, allowed as a private address: what a test says holds for both."""
    server: DavServer = request.getfixturevalue(f"{request.param}_server")
    settings.HOLDFAST_HTTP_ALLOW = (server.address,)
    return server


@pytest.fixture
def calendar_server(radicale_server: Radicale, settings: Settings) -> Radicale:
    """The same Radicale, allowed as a private address."""
    settings.HOLDFAST_HTTP_ALLOW = (radicale_server.address,)
    return radicale_server


@pytest.fixture
def calendar_url(calendar_server: DavServer) -> str:
    """A new, empty calendar."""
    return calendar_server.make_calendar(f"calendar-{next(_numbers)}")


@pytest.fixture
def open_calendar(calendar_server: DavServer) -> Callable[..., CalDavCalendar]:
    """Return a function that opens a calendar as Holdfast does, for tenant "acme"."""

    def opened(url: str, **changes: object) -> CalDavCalendar:
        rules = BusyRules(
            zone=ZoneInfo("Europe/Lisbon"),
            own_suffix="@acme.holdfast",
            addresses=frozenset({"ana@acme.example"}),
        )
        account = DavAccount(url=url, username="ana", password=calendar_server.password)
        return CalDavCalendar(account, url=url, rules=rules, **changes)  # type: ignore[arg-type]

    return opened


def utc(text: str) -> datetime:
    """Return the UTC instant of "2026-03-29 01:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar_text(*events: str, zones: str = "") -> str:
    """Return a calendar object around the given VEVENT lines; UID and DTSTAMP are added where missing."""
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Another client//EN"]
    if zones:
        parts.append(zones.strip())
    for event in events:
        lines = [line.strip() for line in event.strip().splitlines()]
        if not any(line.startswith("UID:") for line in lines):
            lines.insert(0, "UID:event-1")
        parts += ["BEGIN:VEVENT", *lines, "DTSTAMP:20260101T000000Z", "SUMMARY:Private words", "END:VEVENT"]
    parts.append("END:VCALENDAR")
    return "\r\n".join("\r\n".join(part.splitlines()) for part in parts) + "\r\n"
