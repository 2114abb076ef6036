"""Pictures of the staff console, of the running demo: part of `python -m tests.journeys.screenshots`."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.journeys.chromium import PATIENCE_MS
from tests.patience import PATIENCE
from tests.running import Running

LONG = PATIENCE * 120_000


def take_staff(browser: Browser, demo: Running, folder: Path) -> None:
    """Walk through the console and keep staff-*.png; makes a business and the sandbox."""
    demo.command("sandbox")
    page = _signed_in(browser, demo)
    _onboarding(page, folder)
    _contention(page, folder)
    page.goto(f"http://localhost:{demo.port}/")
    _keep(page, folder, "fleet")
    page.goto(f"http://localhost:{demo.port}/what-ran/")
    _keep(page, folder, "what-ran")
    _ending(page, demo, folder)
    phone = _signed_in(browser, demo, width=390, dark=True)
    _keep(phone, folder, "fleet-phone-dark")


def _signed_in(browser: Browser, demo: Running, *, width: int = 1280, dark: bool = False) -> Page:
    sign_ins = json.loads((demo.data / "demo.json").read_text())
    sam = next(entry for entry in sign_ins if entry["host"] == "localhost")
    context = browser.new_context(
        viewport={"width": width, "height": 800 if width > 700 else 844},
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.5 if width > 700 else 2,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"http://localhost:{demo.port}/")
    page.get_by_label("E-mail").fill(sam["email"])
    page.get_by_label("Password").fill(sam["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Businesses")).to_be_visible()
    return page


def _onboarding(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Onboard a business").click()
    page.locator("#id_name").fill("Harbour Dental")
    page.locator("#id_slug").press_sequentially("harbour")
    page.locator("#id_administrator").fill("Dora Mar")
    page.locator("#id_email").fill("dora@harbour.example")
    expect(page.locator("#slug-said")).to_contain_text("is free")
    _keep(page, folder, "onboard")
    page.get_by_role("button", name="Onboard it").click()
    expect(page.locator(".tick.doing")).to_be_visible()
    page.screenshot(path=folder / "staff-onboarding.png", full_page=True, animations="disabled")
    expect(page.get_by_role("heading", level=1, name="Harbour Dental is open")).to_be_visible(timeout=LONG)
    _keep(page, folder, "onboarded")


def _contention(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Contention").click()
    for number, scenario in enumerate(("Round-robin", "Overlapping", "Same slot")):
        page.get_by_role("radio", name=scenario).check()
        page.get_by_label("Clients").fill(str((60, 100, 200)[number]))
        page.get_by_role("button", name="Run the test").click()
        expect(page.get_by_role("link", name="Run another")).to_be_visible(timeout=LONG)
        if scenario == "Same slot":
            _keep(page, folder, "contention-verdict")
        page.get_by_role("link", name="Run another").click()
    _keep(page, folder, "contention")


def _ending(page: Page, demo: Running, folder: Path) -> None:
    page.goto(f"http://localhost:{demo.port}/businesses/harbour/")
    page.get_by_role("button", name="Suspend Harbour Dental").click()
    _keep(page, folder, "business-suspended")
    page.get_by_role("link", name="Delete it").click()
    _keep(page, folder, "delete")
    page.goto(f"http://localhost:{demo.port}/businesses/harbour/")
    page.get_by_role("button", name="Resume Harbour Dental").click()


def _keep(page: Page, folder: Path, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / f"staff-{name}.png", full_page=True, animations="disabled")
    print(f"staff-{name}.png", flush=True)
