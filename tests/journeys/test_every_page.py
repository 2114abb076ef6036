"""No page has an axe-core violation, light or dark, scrolls sideways at 320 px, or logs an error."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.isolation.addresses import CONFIGURATIONS, every_address
from tests.isolation.rules import RULES
from tests.journeys.chromium import PATIENCE_MS
from tests.journeys.crawling import Visit
from tests.running import Running, eventually

pytestmark = pytest.mark.browser

# Addresses with a GET that no crawl ends at, each with its reason.
NO_PAGE_OF_ITS_OWN = {
    "keys": "JSON",
    "public:brand": "a style sheet",
    "public:logo": "a picture",
    "public:decide": "from a mail to a host: tests/portal/public, tests/portal/business/test_approving.py",
    "public:series": "of a series that was booked: tests/portal/public",
    "public:stop_texts": "of a booking with a number for texts: tests/portal/api/test_texts.py",
    "public:stop_series_texts": "of a series with a number for texts: tests/portal/api/test_texts.py",
    "public:calendar_file": "a calendar file",
    "public:progress": "a part of the booking's page",
    "room:signal": "JSON",
    "api:slots": "JSON",
    "api:booking": "JSON",
    "api:nothing": "JSON",
    "business:message_html": "a mail's own page in a frame",
    "room:host": "the room again, for whoever signs in",
    "business:find": "JSON for the palette",
    "business:own_hours": "a host's way to their hours, which an owner sees too",
    "business:reassign": "of a meeting that another host could take",
    "business:webhook": "once there is one: tests/portal/business/test_connections.py",
    "business:remove_webhook": "once there is one",
    "business:revoke_api_key": "once there is one",
    "business:decline": "of a booking that waits for it: tests/portal/business/test_approving.py",
    "business:finish_account": "after consent at Google: tests/portal/business",
    "business:wording_preview": "a part of the words' page in a frame",
    "business:take_away": "behind the password: tests/journeys/test_taking_away.py",
    "staff:delete": "of a suspended business: tests/journeys/test_staff.py",
    "staff:onboarding": "after its form: tests/journeys/test_staff.py",
    "staff:onboarding_progress": "a part of the onboarding's page",
    "staff:link_name": "an answer to the form's script",
    "staff:contention_test": "after its form: tests/journeys/test_staff.py",
    "staff:contention_progress": "a part of the test's page",
    "account_inactive": "shown to whom the owner switched off",
    "account_signup": "closed: says so",
    "account_reset_password_done": "after a form",
    "account_reset_password_from_key": "from a mail",
    "account_reset_password_from_key_done": "after a form",
    "public:access": "of a closed page: tests/journeys look at it there",
    "public:access_code": "of a closed page: tests/journeys look at it there",
}


def visit(browser: Browser, demo: Running, host: str, site: str) -> Visit:
    """Return somebody at a host with nothing seen yet."""
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    return Visit(page, f"http://{host}:{demo.port}", CONFIGURATIONS[site])


def sign_in(demo: Running, somebody: Visit, email: str) -> None:
    """Sign in by the form."""
    passwords = {
        each["email"]: each["password"] for each in json.loads((demo.data / "demo.json").read_text())
    }
    somebody.page.goto(f"{somebody.root}/accounts/login/")
    somebody.page.get_by_label("E-mail").fill(email)
    somebody.page.get_by_label("Password").fill(passwords[email])
    somebody.page.get_by_role("button", name="Sign in").click()
    somebody.page.wait_for_load_state()


@pytest.fixture(scope="module")
def booked(demo: Running) -> dict[str, Any]:
    """A confirmed online booking at Acme, with its links, so that every page has something to show."""
    day = (datetime.now(UTC) + timedelta(days=4)).date()
    start = demo.slots("acme", "intro-call", str(day), str(day + timedelta(days=6)))[0]
    answer = demo.book("acme", "intro-call", start, wait=10)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    path = f"/bookings/{made['uid']}"
    token = made["manage_url"].rstrip("/").rsplit("/", 1)[1]

    def read() -> dict[str, Any]:
        found: dict[str, Any] = demo.api(
            "acme", "GET", path, headers={"Authorization": f"Bearer {token}"}
        ).json()
        return found

    assert eventually(lambda: read().get("status") == "confirmed"), read()
    return read()


def path_of(link: str) -> str:
    """Return a link without its host."""
    return "/" + link.split("/", 3)[3]


def test_client_pages(demo: Running, browser: Browser, booked: dict[str, Any]) -> None:
    client = visit(browser, demo, "acme.localhost", "business")
    client.walk(["/", path_of(booked["manage_url"]), path_of(booked["meeting_url"]), "/accounts/login/"])
    client.look_again("/book/site-visit/?time_zone=Asia/Kolkata")
    client.page.set_viewport_size({"width": 1280, "height": 900})
    client.page.goto(f"{client.root}/book/consultation/")
    client.page.locator(".start").first.locator("label").click()
    client.page.locator(".start:has(:checked) button").click()
    client.page.wait_for_url("**/details/")
    client.walk([path_of(client.page.url)])
    other = visit(browser, demo, "northwind.localhost", "business")
    other.walk(["/"])
    assert "\n".join(client.faults + other.faults) == ""
    _every_page_was_seen(
        client.seen | other.seen, {"public:", "room:", "account_login", "account_reset_password"}
    )


def test_portal_pages(demo: Running, browser: Browser, booked: dict[str, Any]) -> None:
    owner = visit(browser, demo, "acme.localhost", "business")
    sign_in(demo, owner, "owner@acme.example")
    owner.walk(["/portal/"])
    assert "\n".join(owner.faults) == ""
    _every_page_was_seen(owner.seen, {"business:"})


def test_staff_pages(demo: Running, browser: Browser) -> None:
    staff = visit(browser, demo, "localhost", "staff")
    sign_in(demo, staff, "staff@localhost.example")
    staff.walk(["/"])
    assert "\n".join(staff.faults) == ""
    _every_page_was_seen(staff.seen, {"staff:"}, site="staff")


def _every_page_was_seen(seen: dict[str, str], spaces: set[str], *, site: str = "business") -> None:
    wanted = {
        address.name
        for address in every_address()
        if address.site == site
        and address.name.startswith(tuple(spaces))
        and "GET" in RULES[site][address.name].methods.split()
    }
    assert sorted(wanted - seen.keys() - NO_PAGE_OF_ITS_OWN.keys()) == [], "no link leads to these pages"
