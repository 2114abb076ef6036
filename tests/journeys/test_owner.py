"""An owner reads what the automation did and takes it back, in a real browser, with and without script."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.journeys.chromium import PATIENCE_MS
from tests.patience import PATIENCE
from tests.running import Running, eventually

pytestmark = pytest.mark.browser
SOON = PATIENCE * 30_000
ALICE = "owner@acme.example"
SETTLING = ".htmx-request, .htmx-swapping, .htmx-settling"


@dataclass(frozen=True)
class Owner:
    """Somebody with an account and a browser at Acme."""

    page: Page
    root: str

    def open(self, path: str) -> None:
        """Open a page of the portal."""
        self.page.goto(f"{self.root}{path}")

    def sign_in(self, email: str, password: str) -> None:
        """Come to the portal and sign in."""
        self.open("/portal/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", level=1, name="Today")).to_be_visible()
        self.page.wait_for_load_state()  # its scripts have run: keys are heard from now on

    def undo_newest(self) -> None:
        """Open What ran, follow the newest Undo and confirm it."""
        self.open("/portal/what-ran/")
        self.page.locator(".run-undo").first.click()
        expect(self.page.get_by_role("heading", level=1, name="Undo this?")).to_be_visible()
        self.page.get_by_role("button", name="Undo this run").click()

    def see(self, heading: str, word: str) -> None:
        """Wait, reloading, until the page with this heading shows this word as its state."""
        shown = self.page.get_by_role("heading", level=1, name=f"{heading} {word}")
        assert eventually(lambda: self.reload() and shown.count() == 1, every=0.5)

    def reload(self) -> bool:
        """Load the page again, or let the navigation that a click has just begun end in its place."""
        try:
            self.page.reload()
        except Error as error:
            if "Not attached to an active page" not in error.message:
                raise
            self.page.wait_for_load_state()
        return True


OpenOwner = Callable[..., Owner]


@pytest.fixture
def owner_at(demo: Running, browser: Browser) -> Iterator[OpenOwner]:
    """Open a browser at Acme: owner_at(width=1280, script=False, email=…, refused=True).

    What the pages log as an error fails the test; `refused` allows the note of an answer 409 or 403.
    """
    contexts, errors = [], []
    passwords = {
        each["email"]: each["password"] for each in json.loads((demo.data / "demo.json").read_text())
    }

    def make(
        *,
        width: int = 1280,
        script: bool = True,
        email: str = ALICE,
        refused: bool = False,
        dark: bool = False,
    ) -> Owner:
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda said: (
                errors.append(said.text)
                if said.type == "error" and not (refused and "status of 4" in said.text)
                else None
            ),
        )
        owner = Owner(page, f"http://acme.localhost:{demo.port}")
        owner.sign_in(email, passwords[email])
        return owner

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def book(demo: Running, number: int) -> tuple[str, str]:
    """Book the open intro call of this number, a week from now or later, and wait until its run has ended."""
    first = datetime.now(UTC).date() + timedelta(days=7)
    start = demo.slots("acme", "intro-call", first.isoformat(), (first + timedelta(days=13)).isoformat())[
        number
    ]
    answer = demo.book("acme", "intro-call", start, wait=20).json()
    assert answer["status"] == "confirmed", answer
    assert eventually(lambda: finished(demo, answer["uid"]))  # everyone told: a running run has no Undo yet
    return answer["uid"], start


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_owner_undoes_a_confirmation_and_then_the_undo(
    demo: Running, owner_at: OpenOwner, script: bool
) -> None:
    uid, _ = book(demo, 0)
    owner = owner_at(script=script)
    owner.open("/portal/bookings/")
    owner.page.locator(f'a[href="/portal/bookings/{uid}/"]').click()
    expect(owner.page.locator(".proof")).to_have_text(re.compile(r"^Tested \d\d:\d\d$"))
    owner.undo_newest()
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text("Cancelled Ben Ode")
    owner.open(f"/portal/bookings/{uid}/")
    owner.see("Ben Ode", "Cancelled")
    assert eventually(lambda: demo.events(uid) == [])
    assert eventually(lambda: finished(demo, uid))
    owner.undo_newest()
    owner.open(f"/portal/bookings/{uid}/")
    owner.see("Ben Ode", "Confirmed")


def finished(demo: Running, uid: str) -> bool:
    """Say whether every run about this booking has ended."""
    states = demo.rows("acme", "SELECT state FROM audit_run WHERE payload->>'booking' = %s", uid)
    return {row["state"] for row in states} == {"done"}


def test_owner_is_told_that_the_slot_is_gone(demo: Running, owner_at: OpenOwner) -> None:
    uid, start = book(demo, 2)
    owner = owner_at(refused=True)
    owner.open(f"/portal/bookings/{uid}/")
    owner.page.get_by_role("link", name="Cancel booking").click()
    owner.page.get_by_label("Reason").fill("The room is flooded.")
    owner.page.get_by_role("button", name="Cancel the booking").click()
    owner.see("Ben Ode", "Cancelled")
    assert eventually(lambda: finished(demo, uid))
    cancellation = demo.rows(
        "acme", "SELECT id FROM audit_run WHERE workflow = 'cancellation' AND payload->>'booking' = %s", uid
    )[0]["id"]
    assert demo.book("acme", "intro-call", start, wait=20).json()["status"] == "confirmed"
    owner.open(f"/portal/what-ran/{cancellation}/undo/")
    owner.page.get_by_role("button", name="Undo this run").click()
    expect(owner.page.get_by_role("heading", level=1, name="It was not undone")).to_be_visible()
    expect(owner.page.get_by_role("alert")).to_contain_text("The time is gone")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_owner_reschedules_on_a_phone(demo: Running, owner_at: OpenOwner, script: bool) -> None:
    uid, start = book(demo, 4)
    owner = owner_at(width=390, script=script, dark=True)
    owner.open(f"/portal/bookings/{uid}/")
    owner.page.get_by_role("link", name="Reschedule").click()
    owner.page.locator(".choice").nth(6).click()
    owner.page.get_by_role("button", name="Move to the chosen time").click()
    expect(owner.page).to_have_url(f"{owner.root}/portal/bookings/{uid}/")

    def moved() -> bool:
        now = demo.api("acme", "GET", f"/slots?event_type=intro-call&start={start[:10]}&end={start[:10]}")
        return start in now.text and owner.reload()

    assert eventually(moved)
    owner.see("Ben Ode", "Confirmed")
    expect(owner.page.locator(".run-sentence").first).to_contain_text("Moved Ben Ode")


def test_evidence_unfolds_under_its_run(demo: Running, owner_at: OpenOwner) -> None:
    book(demo, 8)
    owner = owner_at()
    owner.open("/portal/what-ran/")
    owner.page.locator(".unfold > summary").first.press("Enter")
    expect(owner.page.locator(".evidence .entry").first).to_be_visible(timeout=SOON)
    assert owner.page.locator(".evidence").count() == 1


def test_search_keeps_the_page_and_its_address(demo: Running, owner_at: OpenOwner) -> None:
    book(demo, 10)
    owner = owner_at()
    owner.open("/portal/bookings/")
    owner.page.get_by_label("Search name, e-mail or reference").fill("nobody at all")
    owner.page.keyboard.press("Enter")
    expect(owner.page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    expect(owner.page).to_have_url(re.compile(r"/portal/bookings/\?search=nobody(%20|\+)at(%20|\+)all"))
    owner.page.go_back()
    expect(owner.page.locator(".sheet-link").first).to_be_visible()


def test_host_sees_no_record_of_the_business(demo: Running, owner_at: OpenOwner) -> None:
    host = owner_at(email="ana@acme.example", refused=True)
    assert host.page.locator(".portal-nav a").all_inner_texts() == [
        "Today", "Bookings", "Meeting types", "Your hours", "Connections", "Settings",
    ]  # fmt: skip
    host.open("/portal/what-ran/")
    expect(host.page.get_by_role("heading", level=1)).to_have_text("Owners and admins see this")


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_its_screen(demo: Running, owner_at: OpenOwner, width: int) -> None:
    uid, _ = book(demo, 12 + [320, 390, 768, 1280].index(width))
    owner = owner_at(width=width)
    message, run = (
        demo.rows("acme", f"SELECT max(id) AS id FROM {table}")[0]["id"]
        for table in ("providers_message", "audit_run")
    )
    pages = [
        "/portal/", "/portal/bookings/", f"/portal/bookings/{uid}/", f"/portal/bookings/{uid}/cancel/",
        f"/portal/bookings/{uid}/reschedule/", "/portal/what-ran/", f"/portal/what-ran/{run}/",
        f"/portal/what-ran/{run}/undo/", "/portal/messages/", f"/portal/messages/{message}/",
    ]  # fmt: skip
    for path in pages:
        owner.open(path)
        for summary in owner.page.locator("summary").all()[:4]:
            summary.click()
        assert (path, owner.page.evaluate("document.documentElement.scrollWidth - innerWidth")) <= (path, 0)


def test_owner_books_for_a_client_and_watches_it_being_made(demo: Running, owner_at: OpenOwner) -> None:
    owner = owner_at(width=390)
    page = owner.page
    page.get_by_role("link", name="Book for a client").click()
    page.get_by_label("Client’s name").fill("Maria Antónia")
    page.get_by_label("Client’s e-mail").fill("maria@example.com")
    page.get_by_label("Meeting type").select_option("intro-call")
    expect(page.locator(SETTLING)).to_have_count(0)
    page.get_by_role("button", name="Later").click()
    expect(page.locator(SETTLING)).to_have_count(0)
    page.locator(".new-day .choice").last.click()
    expect(page.get_by_label("Client’s name")).to_have_value("Maria Antónia")
    page.get_by_role("button", name="Book this time").click()
    shown = page.get_by_role("heading", level=1, name="Maria Antónia Confirmed")
    expect(shown).to_be_visible(timeout=SOON)  # without a reload: the page looks again by itself
    expect(page.locator(".proof")).to_have_text(re.compile(r"^Tested \d\d:\d\d$"))
    assert eventually(lambda: demo.mail("maria@example.com"))


def test_palette_leads_to_a_client_and_rows_answer_the_keyboard(demo: Running, owner_at: OpenOwner) -> None:
    uid, _ = book(demo, 20)
    owner = owner_at()
    page = owner.page
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find or do")).to_be_visible()
    page.keyboard.type(uid)
    expect(page.get_by_role("option", name=re.compile("Ben Ode"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{owner.root}/portal/bookings/{uid}/")
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("bookin")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    owner.open("/portal/bookings/")
    page.keyboard.press("/")
    expect(page.get_by_label("Search name, e-mail or reference")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    first = page.locator(".sheet-link a").first
    expect(first).to_be_focused()
    address = first.get_attribute("href") or ""
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{owner.root}{address}")
