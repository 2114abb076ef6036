"""Pictures of Connections, Settings and the sign-in's security, and of a page for certain domains."""

import json

from playwright.sync_api import Page

from tests.journeys.screenshots import PHONE, WIDE, Camera

OWNER = "owner@acme.example"


def settling(camera: Camera) -> None:
    """Keep portal-connections, -calendar, -settings, -settings-phone-dark, -security, and client-access-phone."""
    page = signed_in(camera)
    take(camera, page, "/portal/connections/", "connections")
    page.get_by_role("button", name="Test this connection").first.click()
    page.wait_for_load_state()
    take(camera, page, "", "calendar")
    take(camera, page, "/portal/settings/?accent=%23ffd400", "settings")
    take(camera, page, "/accounts/2fa/", "security")
    take(camera, signed_in(camera, width=PHONE, dark=True), "/portal/settings/", "settings-phone-dark")
    close(page, camera, "domains")
    visitor = camera.client("acme", width=PHONE)
    visitor.open("/")
    camera.take(visitor, "access-phone")
    close(page, camera, "everyone")


def close(page: Page, camera: Camera, access: str) -> None:
    """Choose who may open the page, in the settings."""
    page.goto(f"http://acme.localhost:{camera.demo.port}/portal/settings/#access")
    page.locator(f'input[name=access][value="{access}"]').check()
    page.get_by_label("Allowed domains").fill("example.com")
    page.locator("#access").get_by_role("button", name="Save").click()
    page.wait_for_load_state()


def signed_in(camera: Camera, *, width: int = WIDE, dark: bool = False) -> Page:
    """Return a page with the session of Acme's owner."""
    client = camera.client("acme", width=width, dark=dark)
    kept = json.loads((camera.demo.data / "demo.json").read_text())
    client.open("/accounts/login/")
    client.page.get_by_label("E-mail").fill(OWNER)
    client.page.get_by_label("Password").fill(
        next(each["password"] for each in kept if each["email"] == OWNER)
    )
    client.page.get_by_role("button", name="Sign in").click()
    client.page.wait_for_url("**/portal/**")
    return client.page


def take(camera: Camera, page: Page, path: str, name: str) -> None:
    """Keep the whole page at `path` ("": where it is) as portal-<name>.png."""
    if path:
        page.goto(f"http://acme.localhost:{camera.demo.port}{path}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=camera.folder / f"portal-{name}.png", full_page=True, animations="disabled")
    print(f"portal-{name}.png", flush=True)
