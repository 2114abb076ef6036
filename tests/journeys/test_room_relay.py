"""Two people whose networks do not connect meet through a relay, and find each other again after it died.

Direct paths are blocked by the installation's own setting (HOLDFAST_ROOM_RELAY_ONLY): the pages may use relayed
candidates only, and the test looks at the pair that carries the call, on both ends.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.chromium import ARGUMENTS
from tests.journeys.coturn import SECRET, Coturn, forget, make_coturn
from tests.journeys.room_scene import ALLOW_CAMERA, FAKE_CAMERA, LAUNCH, Meeting, Someone, open_room
from tests.patience import PATIENCE
from tests.running import running

pytestmark = pytest.mark.coturn
RECONNECT_MS = PATIENCE * 90_000


@pytest.fixture
def coturn() -> Iterator[Coturn]:
    """A relay, running."""
    made = make_coturn()
    try:
        made.start()
        yield made
    finally:
        forget(made)


@pytest.fixture
def meeting(coturn: Coturn, browser: Browser) -> Iterator[Meeting]:
    """An open room of an installation that sends calls through the relay only."""
    settings = {
        "HOLDFAST_TURN_URLS": coturn.url, "HOLDFAST_TURN_SECRET": SECRET, "HOLDFAST_ROOM_RELAY_ONLY": "on",
    }  # fmt: skip
    cameras = browser.browser_type.launch(**LAUNCH, args=[*ARGUMENTS, FAKE_CAMERA, ALLOW_CAMERA])
    with running(**settings) as demo:
        made = open_room(demo, cameras)
        yield made
        made.close()
    cameras.close()


def test_a_call_goes_through_the_relay_and_comes_back_when_the_relay_does(
    coturn: Coturn, meeting: Meeting
) -> None:
    ana = meeting.host()
    ben = meeting.guest("Ben", ana)
    for person in (ana, ben):
        assert person.hears_and_sees(1, seconds=60), coturn.log()[-3000:]
        check_relayed(person)
    coturn.stop()
    expect(ana.tile("Ben").locator(".tile-words")).to_contain_text("Connection lost", timeout=RECONNECT_MS)
    coturn.start()
    expect(ana.tile("Ben").locator(".tile-words")).to_have_text("", timeout=RECONNECT_MS)
    for person in (ana, ben):
        assert person.hears_and_sees(1, seconds=60), coturn.log()[-3000:]
        check_relayed(person)


def check_relayed(person: Someone) -> None:
    """Each sends from the relay; the other's end is called prflx where its first packet came before word of it did."""
    ((mine, theirs),) = (each["pair"] for each in person.received())
    assert (mine, theirs in ("relay", "prflx")) == ("relay", True), theirs
