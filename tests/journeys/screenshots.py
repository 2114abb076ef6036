"""Pictures of the pages, of the running demo: `python -m tests.journeys.screenshots [folder]`.

Writes docs/screenshots/client-*.png and portal-*.png: what README shows, and what anyone who changes a page looks at.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.journeys.chromium import PATIENCE_MS, Client, chromium
from tests.journeys.portal_pictures import portal_days
from tests.journeys.staff_pictures import take_staff
from tests.running import ROOT, Running, running

FOLDER = ROOT / "docs" / "screenshots"
WIDE, PHONE = 1280, 390


class Camera:
    """Opens browsers at the demo and keeps what they show."""

    def __init__(self, browser: Browser, demo: Running, folder: Path) -> None:
        self.browser, self.demo, self.folder = browser, demo, folder
        folder.mkdir(parents=True, exist_ok=True)

    def client(
        self,
        host: str,
        *,
        width: int = WIDE,
        dark: bool = False,
        script: bool = True,
        zone: str = "Europe/Lisbon",
    ) -> Client:
        """A fresh browser at a business."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800 if width > 700 else 844},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            timezone_id=zone,
            device_scale_factor=1.5 if width > 700 else 2,
        )
        return Client(context.new_page(), f"http://{host}.localhost:{self.demo.port}")

    def take(self, client: Client, name: str, *, kind: str = "client") -> None:
        """Keep the whole page as <kind>-<name>.png."""
        if client.page.evaluate("document.documentElement.classList.contains('js')"):
            client.page.wait_for_load_state("networkidle")
        client.page.screenshot(path=self.folder / f"{kind}-{name}.png", full_page=True, animations="disabled")
        print(f"{kind}-{name}.png", flush=True)


def choosing(camera: Camera) -> None:
    """The front doors and the picker."""
    for host, name in (("acme", "home"), ("northwind", "directory")):
        client = camera.client(host)
        client.open("/")
        camera.take(client, name)
    for name, options in {
        "picker": {},
        "picker-dark": {"dark": True, "zone": "America/New_York"},
        "picker-phone-day": {"width": PHONE},
    }.items():
        client = camera.client("acme", **options)  # type: ignore[arg-type]  # one table of mixed options
        client.open("/book/intro-call/")
        camera.take(client, name)
    phone = camera.client("northwind", width=PHONE)
    phone.open("/book/workshop/")
    phone.pick(day=1, time=1)
    camera.take(phone, "picker-phone-time")


def booking(camera: Camera) -> None:
    """From the details to a cancelled meeting; without script the progress page stands still for its picture."""
    client = camera.client("acme", zone="America/New_York")
    client.open("/book/intro-call/")
    client.choose(day=2, time=2)
    expect(client.page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    camera.take(client, "details")
    plain = camera.client("acme", script=False)
    plain.open("/book/consultation/")
    plain.choose(day=3, time=0)
    plain.give_details(email="plain@example.com")
    camera.take(plain, "progress")
    client.give_details()
    client.wait_until("You are booked")
    client.page.get_by_text("What happened").click()
    camera.take(client, "confirmed")
    link = client.page.locator("a.address").get_attribute("href") or ""
    room = camera.client("acme")
    room.page.goto(link)
    camera.take(room, "room")
    phone = camera.client("acme", width=PHONE, dark=True, zone="America/New_York")
    phone.page.goto(client.page.url)
    camera.take(phone, "confirmed-phone-dark")
    client.page.get_by_role("link", name="Move it to another time").click()
    expect(client.page.locator("#picker")).to_be_visible()
    camera.take(client, "move")
    client.page.go_back()
    client.page.get_by_role("link", name="Cancel it").click()
    client.page.get_by_label("Why").fill("The train is late.")
    client.page.get_by_role("button", name="Cancel the meeting").click()
    client.wait_until("This meeting is cancelled")
    camera.take(client, "cancelled")


def lost_race(camera: Camera) -> None:
    """A time that somebody else took between the page and the click."""
    first, second = camera.client("acme"), camera.client("acme", width=PHONE)
    for client in (first, second):
        client.open("/book/site-visit/")
        client.pick(day=3, time=1)
    for client in (first, second):
        client.go_on()
        client.page.wait_for_load_state()
    camera.take(second, "lost-race-phone")


def failing(camera: Camera) -> None:
    """A booking whose room cannot be proven."""
    client = camera.client("acme")
    client.open("/book/intro-call/")
    client.choose(day=2, time=2)
    client.give_details()
    failed = client.page.get_by_role("heading", name="This meeting was not booked")
    expect(failed).to_be_visible(timeout=3 * PATIENCE_MS)
    camera.take(client, "failed")


def main() -> None:
    """Start the demo, walk through it, keep the pictures."""
    from tests.journeys.screenshots_setting_up import setting_up  # it needs the Camera of this file
    from tests.journeys.settling_pictures import settling  # which takes Camera from here

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with running() as demo, chromium() as browser:
        camera = Camera(browser, demo, folder)
        choosing(camera)
        booking(camera)
        lost_race(camera)
        take_staff(browser, demo, folder)
        setting_up(camera)
        settling(camera)
        portal_days(camera)
    with running(HOLDFAST_SELF_ADDRESS="127.0.0.1:1") as demo, chromium() as browser:
        failing(Camera(browser, demo, folder))


if __name__ == "__main__":
    main()
