"""Pictures of the pages on which a business sets itself up: meeting types, people, hours."""

import json

from playwright.sync_api import expect

from tests.journeys.chromium import Client
from tests.journeys.screenshots import PHONE, WIDE, Camera


def setting_up(camera: Camera) -> None:
    """The owner of Northwind looks at her six hosts and what they offer."""
    owner = _owner(camera)
    owner.open("/portal/meeting-types/")
    camera.take(owner, "meeting-types", kind="portal")
    owner.page.get_by_role("link", name="Panel review", exact=True).click()
    expect(owner.page.locator("#preview li.figures").first).to_be_visible()
    _at_the_top(owner)
    camera.take(owner, "meeting-type", kind="portal")
    owner.page.set_viewport_size({"width": WIDE, "height": 800})
    owner.open("/portal/people/")
    expect(owner.page.get_by_text("Free ").first).to_be_visible()
    camera.take(owner, "people", kind="portal")
    owner.page.get_by_role("link", name="Hours of Chloé Laurent").click()
    owner.page.get_by_label("Monday, stretch 1 closes").fill("12:30")
    owner.page.get_by_role("button", name="Add a stretch on Monday").click()
    _at_the_top(owner)
    camera.take(owner, "hours", kind="portal")
    phone = _owner(camera, width=PHONE, dark=True)
    phone.open("/portal/people/invite/")
    camera.take(phone, "invite-phone-dark", kind="portal")


def _owner(camera: Camera, *, width: int = WIDE, dark: bool = False) -> Client:
    sign_ins = json.loads((camera.demo.data / "demo.json").read_text())
    email = "owner@northwind.example"
    owner = camera.client("northwind", width=width, dark=dark)
    owner.open("/accounts/login/")
    owner.page.get_by_label("E-mail").fill(email)
    owner.page.get_by_label("Password").fill(
        next(each["password"] for each in sign_ins if each["email"] == email)
    )
    owner.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(owner.page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    return owner


def _at_the_top(owner: Client) -> None:
    """Let what stays in sight while one scrolls stand where it belongs, for a picture of the whole page."""
    height = int(owner.page.evaluate("document.documentElement.scrollHeight"))
    owner.page.set_viewport_size({"width": WIDE, "height": height})
