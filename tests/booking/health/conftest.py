"""What the health check stands on: our own pages over HTTP, a mail server, and the business that is looked at."""

from collections.abc import Iterator

import pytest

from booking.health.checking import read
from booking.health.findings import Asked, Finding
from booking.models import ProbeResult
from tests.booking.conftest import mails, web
from tests.booking.scene import now
from tests.database import World

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


def seen(probe: str, *, thorough: bool = False) -> Finding:
    """Ask one probe now and return the finding that counts."""
    (reading,) = read([probe], Asked(now(), thorough=thorough))
    return reading.worst


def kept(probe: str) -> str:
    """Return the state that was kept of a probe."""
    return ProbeResult.objects.get(probe=probe).state
