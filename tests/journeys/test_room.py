"""People meet in the built-in room: they are let in, hear and see each other, and are told what is wrong."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.chromium import ARGUMENTS
from tests.journeys.room_scene import ALLOW_CAMERA, FAKE_CAMERA, LAUNCH, PATIENCE_MS, Meeting, open_room
from tests.running import Running, eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cameras(browser: Browser) -> Iterator[Browser]:
    """Chromium with a fake camera and a fake microphone, both allowed; by the session's own launcher."""
    launched = browser.browser_type.launch(**LAUNCH, args=[*ARGUMENTS, FAKE_CAMERA, ALLOW_CAMERA])
    yield launched
    launched.close()


@pytest.fixture
def meeting(demo: Running, cameras: Browser) -> Iterator[Meeting]:
    """An open room."""
    made = open_room(demo, cameras)
    yield made
    made.close()


def test_two_people_hear_and_see_each_other_once_the_host_lets_one_in(meeting: Meeting) -> None:
    ben = meeting.someone(width=390)
    ben.open()
    expect(ben.page.locator("#device-words")).to_have_text("Camera and microphone work.")
    expect(ben.page.locator("#level-words")).to_have_text("We hear you")
    ben.ask("Ben <b>")
    ben.see_heading("You are at the door")
    expect(ben.page.locator("#waiting-words")).to_contain_text("The host is not here yet")
    ana = meeting.host()
    expect(ben.page.locator("#waiting-words")).to_contain_text("The host knows that you are here")
    assert ben.received() == ana.received() == []
    ana.admit("Ben <b>")
    expect(ben.page.locator("#call")).to_be_visible()
    assert ben.hears_and_sees(1)
    assert ana.hears_and_sees(1)
    expect(ana.tile("Ben <b>").locator(".tile-words")).to_have_text("")


def test_four_people_mesh_write_and_share_and_a_fifth_is_told_that_it_is_full(
    browser: Browser, meeting: Meeting
) -> None:
    ana = meeting.host()
    ben, cleo = (meeting.guest(name, ana, width=320) for name in ("Ben", "Cleo"))
    for person in (ana, ben, cleo):
        assert person.hears_and_sees(2)
    for person in (ben, cleo):  # one machine encodes for everybody: three more pictures would be too many
        person.page.keyboard.press("Alt+Shift+V")
    expect(ana.tile("Ben").locator(".tile-words")).to_have_text("Camera off", timeout=PATIENCE_MS)
    dan = meeting.guest("Dan", ana, width=320, browser=browser)  # listens
    assert eventually(lambda: len(dan.received()) == 3 and dan.sees())
    eve = meeting.someone(browser=browser)
    eve.open()
    eve.ask("Eve")
    full = "The room is full: 4 people at most."
    expect(eve.page.locator("#waiting-words")).to_contain_text(full, timeout=PATIENCE_MS)
    ana.admit("Eve")
    expect(ana.page.locator("#call-device")).to_contain_text(full, timeout=PATIENCE_MS)
    ana.errors.clear()  # the browser notes the refused admission
    cleo.page.keyboard.press("Alt+Shift+M")
    expect(ana.tile("Cleo").locator(".tile-words")).to_have_text("Camera off · Muted", timeout=PATIENCE_MS)
    ana.page.get_by_role("button", name="Share screen").click()
    words = ben.tile("Ana").locator(".tile-words")
    expect(words).to_contain_text("Shares the screen", timeout=PATIENCE_MS)
    ben.page.get_by_role("button", name="Chat").click()
    ben.page.get_by_label("Message").fill("<img src=x> good morning")
    ben.page.keyboard.press("Enter")
    expect(dan.page.locator("#chat-toggle")).to_have_text("Chat (1 new)", timeout=PATIENCE_MS)
    dan.page.keyboard.press("Alt+Shift+C")
    expect(dan.page.locator(".line-text")).to_have_text("<img src=x> good morning", timeout=PATIENCE_MS)
    assert dan.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    dan.page.get_by_role("button", name="Leave").click()
    dan.see_heading("You left the meeting")
    expect(ana.tile("Dan")).to_have_count(
        0, timeout=PATIENCE_MS
    )  # Dan's page is closed before the server hears it
    ana.admit("Eve")
    assert eventually(lambda: len(eve.received()) == 3)


def test_a_reload_keeps_the_place_and_what_was_switched_off(meeting: Meeting) -> None:
    ana = meeting.host()
    ben = meeting.guest("Ben", ana)
    assert ben.hears_and_sees(1)
    ben.page.get_by_role("button", name="Mute").click()
    expect(ana.tile("Ben").locator(".tile-words")).to_have_text("Muted")
    ben.page.reload()
    expect(ben.page.locator("#call")).to_be_visible()
    assert eventually(ana.sees)
    expect(ana.page.locator("#tiles > li")).to_have_count(2)
    expect(ana.tile("Ben").locator(".tile-words")).to_have_text("Muted")
    expect(ben.page.locator("#mute")).to_have_text("Unmute")
    again = ben.context.new_page()
    again.goto(meeting.address)
    expect(
        again.get_by_role("heading", level=1, name="Intro call")
    ).to_be_visible()  # another tab is another guest


def test_the_host_denies_and_removes(meeting: Meeting) -> None:
    ana = meeting.host()
    eve = meeting.someone()
    eve.open()
    eve.ask("Eve")
    ana.page.get_by_role("button", name="Deny Eve").click()
    eve.see_heading("The host did not let you in")
    ben = meeting.guest("Ben", ana)
    assert ben.hears_and_sees(1)
    ana.page.get_by_role("button", name="Remove Ben").click()
    ana.page.get_by_role("button", name="Keep").click()
    ana.page.get_by_role("button", name="Remove Ben").click()
    ana.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    ben.see_heading("The host removed you from the meeting")
    expect(ana.page.locator("#tiles > li")).to_have_count(1)
    ben.page.get_by_role("button", name="Ask to join again").click()
    expect(ben.page.get_by_label("Your name")).to_be_visible()


def test_a_lost_server_is_said_and_the_call_goes_on(meeting: Meeting) -> None:
    ana = meeting.host()
    ben = meeting.guest("Ben", ana)
    assert ben.hears_and_sees(1)
    ben.context.set_offline(True)  # the server only: media goes between the browsers
    expect(ben.page.locator("#call-line")).to_contain_text("cannot be reached", timeout=PATIENCE_MS)
    assert ben.hears_and_sees(1)
    ben.context.set_offline(False)
    expect(ben.page.locator("#call-line")).to_be_hidden(timeout=PATIENCE_MS)
    ben.errors.clear()  # what the browser noted of the failed requests
    ana.page.get_by_role("button", name="Leave").click()
    expect(ben.page.locator("#tiles > li")).to_have_count(1)


def test_who_has_no_camera_is_told_and_listens(browser: Browser, meeting: Meeting) -> None:
    ana = meeting.host()
    ben = meeting.someone(browser=browser, width=390)
    ben.open()
    expect(ben.page.locator("#device-words")).to_contain_text("No camera and no microphone were found.")
    ben.ask("Ben")
    ana.admit("Ben")
    assert ben.hears_and_sees(1)
    expect(ana.tile("Ben").locator(".tile-words")).to_have_text("Camera off · Muted")
    expect(ben.page.locator("#mute")).to_have_text("Microphone on")


def test_the_end_is_said_to_everybody(meeting: Meeting) -> None:
    ana = meeting.host()
    ben = meeting.guest("Ben", ana)
    meeting.demo.rows(
        "acme",
        """UPDATE providers_room SET starts_at = starts_at - interval '1 hour', ends_at = now(),
           opens_at = opens_at - interval '1 hour', closes_at = now() WHERE token = %s RETURNING id""",
        meeting.token,
    )
    for person in (ana, ben):
        person.see_heading("This meeting has ended")
        assert person.received() == []
        person.errors.clear()  # the browser notes the refused exchange


def test_without_script_the_room_says_what_it_needs(meeting: Meeting) -> None:
    ben = meeting.someone(java_script_enabled=False, width=320)
    ben.open()
    expect(ben.page.get_by_text("This room needs JavaScript")).to_be_visible()
    expect(ben.page.get_by_role("button", name="Ask to join")).to_be_hidden()
    assert meeting.rows() == []


def test_a_forbidden_camera_is_said_in_words(browser: Browser, meeting: Meeting) -> None:
    strict = browser.browser_type.launch(**LAUNCH, args=[*ARGUMENTS, FAKE_CAMERA])
    ben = meeting.someone(browser=strict)
    ben.context.grant_permissions([])  # asks nobody: what is not granted is denied
    ben.open()
    expect(ben.page.locator("#device-words")).to_contain_text("may not use the camera and the microphone")
    expect(ben.page.get_by_role("button", name="Try again")).to_be_visible()
    ben.ask("Ben")
    ben.see_heading("You are at the door")
    strict.close()
