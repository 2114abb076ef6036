"""One running demo and one Chromium for all journeys; each test gets a browser profile of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.journeys.chromium import PATIENCE_MS, Client, chromium
from tests.running import Running, running

OpenClient = Callable[..., Client]


@pytest.fixture(scope="session")
def demo() -> Iterator[Running]:
    """The demo, started by bin/run."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def client_at(demo: Running, browser: Browser) -> Iterator[OpenClient]:
    """Open a browser at a business: client_at("acme", width=390, script=False, time_zone="Asia/Tokyo").

    What the page logs as an error (a blocked style, a failed script) fails the test at its end.
    """
    contexts = []
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if (
            message.type == "error" and "status of 409" not in message.text
        ):  # a lost race is part of the journey
            errors.append(message.text)

    def make(
        host: str, *, width: int = 390, script: bool = True, time_zone: str = "Europe/Lisbon", **more: Any
    ) -> Client:
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            java_script_enabled=script,
            timezone_id=time_zone,
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: note(message))
        return Client(page, f"http://{host}.localhost:{demo.port}")

    yield make
    for context in contexts:
        context.close()
    assert errors == []
