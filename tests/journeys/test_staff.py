"""Platform staff: a business from one form to a booking, and out again; many clients at one slot, and the verdict."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.chromium import PATIENCE_MS
from tests.journeys.conftest import OpenClient
from tests.patience import PATIENCE
from tests.running import Running, eventually

pytestmark = pytest.mark.browser
LONG = PATIENCE * 90_000
OpenStaff = Callable[..., Page]


@pytest.fixture
def staff_at(demo: Running, browser: Browser) -> Iterator[OpenStaff]:
    """Open a browser at the console, signed in: staff_at(width=1280, script=False); its errors fail the test."""
    contexts, errors = [], []

    def make(*, width: int = 1280, script: bool = True) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        sign_in = next(
            entry
            for entry in json.loads((demo.data / "demo.json").read_text())
            if entry["host"] == "localhost"
        )
        page.goto(f"http://localhost:{demo.port}/")
        page.get_by_label("E-mail").fill(sign_in["email"])
        page.get_by_label("Password").fill(sign_in["password"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", level=1, name="Businesses")).to_be_visible()
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def onboard(page: Page, *, name: str, slug: str) -> str:
    """Fill the form in and wait for the end; return the administrator's password link."""
    page.get_by_role("link", name="Onboard a business").click()
    page.locator("#id_name").fill(name)
    page.locator("#id_slug").press_sequentially(slug)
    page.locator("#id_administrator").fill("Dora Mar")
    page.locator("#id_email").fill(f"dora@{slug}.example")
    page.get_by_role("button", name="Onboard it").click()
    open_ = page.get_by_role("heading", level=1, name=f"{name} is open")
    expect(open_).to_be_visible(timeout=LONG)
    return page.locator("a.password-link").get_attribute("href") or ""


def test_staff_onboard_a_business_whose_link_takes_a_booking(
    demo: Running, staff_at: OpenStaff, client_at: OpenClient
) -> None:
    page = staff_at()
    page.goto(f"http://localhost:{demo.port}/businesses/new/")
    page.locator("#id_slug").press_sequentially("acme")
    expect(page.locator("#slug-said")).to_contain_text("is taken")
    page.goto(f"http://localhost:{demo.port}/")
    link = onboard(page, name="Harbour Dental", slug="harbour")

    client = client_at("harbour")
    client.open("/book/meeting/")
    client.choose(day=1, time=1)
    client.give_details()
    client.wait_until("You are booked")

    dora = client_at("harbour", width=1280)
    dora.page.goto(link)
    dora.page.get_by_label("New password").fill("three unusual words")
    dora.page.get_by_label("The same again").fill("three unusual words")
    dora.page.get_by_role("button", name="Save the new password").click()
    dora.open("/portal/")
    dora.page.get_by_label("E-mail").fill("dora@harbour.example")
    dora.page.get_by_label("Password").fill("three unusual words")
    dora.page.get_by_role("button", name="Sign in", exact=True).click()
    dora.open("/portal/bookings/")
    expect(dora.page.get_by_text("Maria Antónia").first).to_be_visible()

    page.get_by_role("link", name="Open its page in the console").click()
    assert "Maria" not in page.content()
    page.get_by_role("button", name="Suspend Harbour Dental").click()
    expect(page.get_by_text("Harbour Dental is suspended.")).to_be_visible()
    told = httpx.get(
        f"http://127.0.0.1:{demo.port}/book/meeting/",
        headers={"Host": f"harbour.localhost:{demo.port}"},
        timeout=PATIENCE_MS / 1000,
    )
    assert (told.status_code, "cannot take bookings at the moment" in told.text) == (503, True)
    dora.page.reload()
    expect(dora.page.get_by_text("Harbour Dental is suspended")).to_be_visible()
    page.get_by_role("button", name="Resume Harbour Dental").click()
    expect(page.get_by_text("Harbour Dental takes bookings again.")).to_be_visible()
    client.open("/book/meeting/")
    expect(client.page.locator("a.day.open").first).to_be_visible()


def test_without_script_a_business_is_onboarded_and_deleted_for_good(
    demo: Running, staff_at: OpenStaff
) -> None:
    page = staff_at(width=390, script=False)
    onboard(page, name="Lighthouse", slug="lighthouse")
    assert eventually(lambda: demo.api("lighthouse", "GET", "/slots").status_code == 400)
    page.get_by_role("link", name="Open its page in the console").click()
    page.get_by_role("button", name="Suspend Lighthouse").click()
    page.get_by_role("link", name="Delete it").click()
    page.get_by_label("Type its name").fill("Lighthouse")
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("heading", level=1, name="Deleted Lighthouse")).to_be_visible()
    assert eventually(lambda: demo.api("lighthouse", "GET", "/slots").status_code == 404)


@pytest.fixture(scope="session")
def bench(demo: Running) -> None:
    """The sandbox of the demo, made by the operator's command."""
    demo.command("sandbox", "--hosts", "4", "--bookings", "4")


def test_the_contention_lab_ends_with_a_verdict(demo: Running, bench: None, staff_at: OpenStaff) -> None:
    page = staff_at()
    for scenario, clients, verdict in (
        ("Same slot", 40, "40 clients wanted one slot: 1 booking, 39 clear refusals, 0 overlaps, 0 errors."),
        (
            "Round-robin",
            12,
            "12 clients wanted anyone of the team at one start: 4 bookings, 8 clear refusals, ",
        ),
        (
            "Overlapping",
            12,
            "12 clients wanted an hour, or the half hour inside it: 1 booking, 11 clear refusals, ",
        ),
    ):
        page.goto(f"http://localhost:{demo.port}/contention/")
        page.get_by_role("radio", name=scenario).check()
        page.get_by_label("Clients").fill(str(clients))
        page.get_by_role("button", name="Run the test").click()
        expect(page.locator(".verdict")).to_contain_text(verdict, timeout=LONG)
        expect(page.get_by_role("img")).to_be_visible()
    page.goto(f"http://localhost:{demo.port}/contention/")
    expect(page.locator(".badge.good")).to_have_count(3, timeout=PATIENCE_MS)


def test_no_page_of_the_console_is_wider_than_a_small_phone(
    demo: Running, bench: None, staff_at: OpenStaff
) -> None:
    page = staff_at(width=320)
    for path in (
        "/", "/businesses/new/", "/businesses/acme/", "/businesses/acme/delete/", "/what-ran/", "/contention/",
        "/accounts/2fa/",
    ):  # fmt: skip
        page.goto(f"http://localhost:{demo.port}{path}")
        assert (path, page.evaluate("document.documentElement.scrollWidth - innerWidth")) <= (path, 0)
