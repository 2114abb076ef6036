"""A room that cannot be proven: the client is told where it failed, in words, and loses nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.chromium import PATIENCE_MS, Client
from tests.running import Running, running

pytestmark = pytest.mark.browser


@pytest.fixture
def broken_demo() -> Iterator[Running]:
    """A demo whose rooms answer nobody: what the server asks of itself goes to a port where nothing listens."""
    with running(HOLDFAST_SELF_ADDRESS="127.0.0.1:1") as started:
        yield started


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_link_that_was_never_made_is_not_confirmed_and_one_tap_tries_another_time(
    broken_demo: Running, browser: Browser, script: bool
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script)
    context.set_default_timeout(PATIENCE_MS)
    client = Client(context.new_page(), f"http://acme.localhost:{broken_demo.port}")
    client.open("/book/intro-call/")
    client.choose(day=2, time=2)
    client.give_details(name="Maria Antónia", email="maria@example.com")
    expect(client.page.get_by_role("heading", name="This meeting was not booked")).to_be_visible(
        timeout=3 * PATIENCE_MS
    )
    states = [step.get_attribute("class") for step in client.page.locator(".step").all()]
    assert states[:3] == ["step done", "step done", "step failed"]
    assert client.page.locator("a.address").count() == 0
    expect(client.page.locator(".alternatives button")).to_have_count(3)
    client.page.locator(".alternatives button").first.click()
    expect(client.page.get_by_role("heading", level=1)).to_have_text("Booking your meeting")
    rows = broken_demo.rows(
        "acme", "SELECT status, attendee_name FROM booking_booking WHERE attendee_name <> '' ORDER BY id"
    )
    assert rows[0] == {"status": "failed", "attendee_name": "Maria Antónia"}
    assert rows[1]["attendee_name"] == "Maria Antónia"  # carried along by the one tap
    context.close()
