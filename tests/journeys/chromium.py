"""Debian's Chromium, driven by Playwright, and a client's way through the pages as a person would take it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.patience import PATIENCE

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = PATIENCE * 30_000


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Start Debian's Chromium without a window, with `more` arguments; nothing is downloaded."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Client:
    """Somebody with a browser at a business. Every step uses what the page offers: its links and buttons."""

    page: Page
    root: str

    def open(self, path: str) -> None:
        """Open an address of the business."""
        self.page.goto(f"{self.root}{path}")

    def pick(self, *, day: int = 1, time: int = 0) -> str:
        """Pick the open day and its time of these numbers; return the time's words, "09:30".

        The days are counted in the next month where the one shown has fewer left.
        """
        days = self.page.locator("a.day.open")
        if days.count() <= day:
            self.page.get_by_role("link", name="Next month").click()
            expect(days.nth(day)).to_be_visible(timeout=PATIENCE_MS)
        chosen = days.nth(day)
        number = chosen.inner_text().strip()
        chosen.click()
        expect(self.page.locator("#day-title")).to_contain_text(f" {number} ")
        start = self.page.locator(".start").nth(time)
        start.locator("label").click()
        return start.locator(".clock").inner_text().split()[0]

    def go_on(self) -> None:
        """Press the button that the picked time turned into."""
        self.page.locator(".start:has(:checked) button").click()

    def choose(self, *, day: int = 1, time: int = 0) -> str:
        """Pick a time and go on with it; return its words."""
        words = self.pick(day=day, time=time)
        self.go_on()
        return words

    def give_details(self, *, name: str = "Maria Antónia", email: str = "maria@example.com") -> None:
        """Fill the details in and send them."""
        expect(self.page.get_by_role("heading", name="Who is coming?")).to_be_visible()
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Your e-mail").fill(email)
        self.page.get_by_role("button", name="Book this time").click()

    def wait_until(self, heading: str) -> None:
        """Wait until the page, which refreshes itself, has this heading."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible(timeout=PATIENCE_MS)

    def hours(self) -> str:
        """The hours that the booking's page names, "09:30 – 10:00" without its thin spaces."""
        row = self.page.locator(".facts-table > div").nth(1).locator(".figures").first
        return re.sub(r"\s", "", row.inner_text())
