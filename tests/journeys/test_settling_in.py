"""An owner settles in: connects a calendar, closes the page to strangers, and makes the own sign-in strong."""

import email
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.accounts.totp import totp
from tests.journeys.chromium import Client
from tests.journeys.conftest import OpenClient
from tests.patience import PATIENCE
from tests.running import Running, eventually

pytestmark = pytest.mark.browser
OWNER = "owner@northwind.example"
SOON = PATIENCE * 30_000


def password_of(demo: Running, address: str) -> str:
    """Return the password that bin/run printed for this address."""
    kept = json.loads((demo.data / "demo.json").read_text())
    return str(next(each["password"] for each in kept if each["email"] == address))


def sign_in(client: Client, demo: Running, address: str = OWNER) -> Page:
    """Sign in at the portal with the password; return the page."""
    client.open("/portal/")
    client.page.get_by_label("E-mail").fill(address)
    client.page.get_by_label("Password").fill(password_of(demo, address))
    client.page.get_by_role("button", name="Sign in", exact=True).click()
    return client.page


def show_again(page: Page, demo: Running, address: str = OWNER) -> None:
    """Answer "Is it you?" with the password."""
    expect(page.get_by_role("heading", level=1, name="Is it you?")).to_be_visible()
    page.get_by_label("Your password").fill(password_of(demo, address))
    page.get_by_role("button", name="Go on").click()


def test_owner_connects_a_real_calendar_to_a_host_and_tests_it(demo: Running, client_at: OpenClient) -> None:
    client = client_at("northwind", width=390)
    page = sign_in(client, demo)
    client.open("/portal/connections/")
    page.get_by_role("link", name="Connect by CalDAV of Bruno Almeida").click()
    page.get_by_label("Address of the server").fill(demo.run_file()["calendar_url"])
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password").fill((demo.data / "keys" / "calendar-ana").read_text().strip())
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", level=1, name="Calendar of Bruno Almeida")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Test this connection").click()
    expect(page.get_by_text("The connection works.")).to_be_visible(timeout=SOON)
    expect(page.get_by_text(re.compile(r"^Read \d+ s ago"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Disconnected. Bruno Almeida’s slots")).to_be_visible()
    actions = [row["action"] for row in demo.rows("northwind", "SELECT action FROM audit_entry ORDER BY seq")]
    assert [each for each in actions if each.endswith("_calendar")] == [
        "connect_calendar",
        "disconnect_calendar",
    ]


def code_in_mail(folder: Path, address: str) -> str:
    """Return the six digits of the newest mail to the address, "" while there is none."""
    for path in sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime, reverse=True):
        message = email.message_from_bytes(path.read_bytes())
        if address in str(message["X-Original-To"]) and "your code for" in str(message["Subject"]):
            return str(message["Subject"])[:6]
    return ""


def test_page_for_certain_domains_opens_with_a_code_by_mail_without_script(
    demo: Running, client_at: OpenClient
) -> None:
    owner = client_at("northwind", width=1280)
    page = sign_in(owner, demo)
    owner.open("/portal/settings/#access")
    page.get_by_label("Visitors with a verified address").check()
    page.get_by_label("Allowed domains").fill("example.com")
    page.locator("#access").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved, and signed in the ledger.")).to_be_visible()
    try:
        visitor = client_at("northwind", width=320, script=False)
        visitor.open("/book/meet/")
        expect(visitor.page.get_by_role("heading", name="This page is for invited visitors")).to_be_visible()
        visitor.page.get_by_label("Your e-mail").fill("ben@example.com")
        visitor.page.get_by_role("button", name="Mail me a code").click()
        expect(visitor.page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        code = eventually(lambda: code_in_mail(demo.data / "mail", "ben@example.com"))
        visitor.page.get_by_label("The six digits").fill(code)
        visitor.page.get_by_role("button", name="Open the page").click()
        expect(visitor.page.get_by_role("heading", level=1, name="Anyone who is free")).to_be_visible()
    finally:
        page.get_by_label("Everyone").check()
        page.locator("#access").get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved, and signed in the ledger.")).to_be_visible()


def test_owner_sets_an_authenticator_app_up_and_signs_in_with_it(
    demo: Running, client_at: OpenClient
) -> None:
    address = "bruno@northwind.example"
    page = sign_in(client_at("northwind", width=390), demo, address)
    page.goto(f"http://northwind.localhost:{demo.port}/portal/settings/")
    page.get_by_role("link", name="Passkeys, authenticator app").click()
    page.get_by_role("link", name="Set up an app").click()
    show_again(page, demo, address)
    secret = page.get_by_label("Or type this secret into the app").input_value()
    expect(page.locator("svg.qr")).to_be_visible()
    page.get_by_label("Code of the app").fill(totp(secret))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible()
    assert page.locator(".codes li").count() == 10
    other = sign_in(client_at("northwind", width=390), demo, address)
    expect(other.get_by_role("heading", level=1, name="One more step")).to_be_visible()
    other.get_by_label("Code of your app").fill(totp(secret, step=1))
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", level=1, name="Today")).to_be_visible(timeout=SOON)
    page.goto(f"http://northwind.localhost:{demo.port}/accounts/2fa/totp/deactivate/")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("Not set up.")).to_be_visible()


@pytest.fixture
def authenticator() -> Iterator[list[CDPSession]]:
    """The sessions whose virtual authenticators end with the test."""
    sessions: list[CDPSession] = []
    yield sessions
    for session in sessions:
        session.detach()


def give_authenticator(page: Page, sessions: list[CDPSession]) -> None:
    """Plug in a device that has resident keys and knows its user, as a phone does."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sessions.append(session)


def test_owner_adds_a_passkey_and_signs_in_with_it_alone(
    demo: Running, client_at: OpenClient, authenticator: list[CDPSession]
) -> None:
    client = client_at("northwind", width=1280)
    page = sign_in(client, demo)
    give_authenticator(page, authenticator)
    client.open("/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    show_again(page, demo)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1, name="Recovery codes")).to_be_visible(timeout=SOON)
    client.open("/portal/connections/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("navigation", name="Portal")).to_be_visible(timeout=SOON)
    client.open("/accounts/2fa/webauthn/")  # and takes it away again, so that the password signs in alone
    page.get_by_role("link", name="Remove Passkey").click()
    show_again(page, demo)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No passkey is left.")).to_be_visible()
