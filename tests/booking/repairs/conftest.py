"""What the fixer stands on: our own pages, a mail server, Ana's calendar, and Acme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from audit.api import Run
from booking.api import get_host
from booking.repairs.passes import start_repair
from booking.repairs.registry import BY_NAME
from booking.repairs.repair import Broken, Search
from providers.api import connect_caldav
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails, web
from tests.booking.scene import now
from tests.database import World
from tests.simulators.radicale import Radicale, radicale

__all__ = ["mails", "web"]  # fixtures


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for our own pages as long as a busy machine needs."""
    monkeypatch.setattr("providers.meetings.room.TIMEOUT_SECONDS", 40)


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    """Inside Acme."""
    with world.enter("acme"):
        yield world


@pytest.fixture
def calendar(acme: World, settings: Settings, tmp_path: Path) -> Iterator[tuple[Radicale, str]]:
    """A Radicale, and in it the address of Ana's connected calendar."""
    with radicale(tmp_path / "radicale") as server:
        url = server.make_calendar("work")
        settings.HOLDFAST_HTTP_ALLOW = (server.address,)
        connect_caldav(
            get_host("ana").pk, url=url, username=server.username, password=server.password, now=now()
        )
        yield server, url


def found(name: str) -> list[Broken]:
    """Return what a repair finds now, however young the fault."""
    return BY_NAME[name].find(Search(now(), eager=True))


def mend(name: str) -> list[Run]:
    """Start the repair of everything that it finds, perform it, and return the runs that ended."""
    runs = [run for each in found(name) if (run := start_repair(BY_NAME[name], each, now=now()))]
    perform_all()
    return [Run.objects.get(pk=run.pk) for run in runs]
