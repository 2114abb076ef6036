"""An owner makes a meeting type that a client books; invites a host, who comes in and sets her own hours."""

import email
import email.policy
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import OpenClient
from tests.journeys.test_owner import OpenOwner, owner_at  # noqa: F401  the fixture
from tests.running import Running, eventually

pytestmark = pytest.mark.browser
PASSWORD = "three unusual words"


def test_a_new_meeting_type_is_previewed_and_then_booked(
    demo: Running,
    owner_at: OpenOwner,  # noqa: F811  pytest's way
    client_at: OpenClient,
) -> None:
    owner = owner_at()
    owner.open("/portal/meeting-types/")
    owner.page.get_by_role("link", name="New meeting type").click()
    owner.page.get_by_label("Title", exact=True).fill("Portfolio review")
    owner.page.get_by_role("radio", name="In person").check()
    owner.page.get_by_label("The address", exact=True).fill(
        "Rua do Alecrim 26, Lisboa\nRua do Almada 5, Porto"
    )
    owner.page.get_by_label("Length", exact=True).fill("45")
    owner.page.get_by_label("Title", exact=True).focus()
    preview = owner.page.locator("#preview")
    expect(preview.get_by_text("45 minutes")).to_be_visible()
    expect(preview.locator("li.figures").first).to_be_visible()
    owner.page.get_by_role("button", name="Add a question").click()
    owner.page.get_by_role("textbox", name="Question 1").fill("Which portfolio?")
    owner.page.get_by_role("checkbox", name="Must be answered").check()
    expect(preview).to_contain_text("Which portfolio?")
    owner.page.get_by_role("button", name="Create it").click()
    expect(owner.page.locator(".notice.good")).to_contain_text(
        "“Portfolio review” is saved. Clients can book it"
    )

    client = client_at("acme", script=False)
    client.open("/")
    client.page.get_by_role("link", name="Portfolio review").click()
    client.page.get_by_role("link", name="In person, Rua do Almada 5, Porto").click()
    client.choose(day=2, time=0)
    client.page.get_by_label("Which portfolio?").fill("The blue one")
    client.give_details(name="Maria Antónia", email="portfolio@example.com")
    client.wait_until("You are booked")
    expect(client.page.get_by_text("The blue one")).to_be_visible()
    expect(client.page.get_by_text("In person, Rua do Almada 5, Porto")).to_be_visible()

    owner.open("/portal/bookings/?search=portfolio@example.com")
    owner.page.get_by_role("link", name="Maria Antónia").first.click()
    expect(owner.page.get_by_text("The blue one").first).to_be_visible()


def test_an_invited_host_sets_a_password_and_her_hours(
    demo: Running,
    owner_at: OpenOwner,  # noqa: F811  pytest's way
    client_at: OpenClient,
) -> None:
    owner = owner_at()
    owner.open("/portal/people/")
    owner.page.get_by_role("link", name="Invite somebody").click()
    owner.page.get_by_label("Name", exact=True).fill("Carla Dias")
    owner.page.get_by_label("E-mail", exact=True).fill("carla@acme.example")
    owner.page.get_by_role("button", name="Send the invitation").click()
    expect(owner.page.locator(".notice.good")).to_contain_text("on its way to carla@acme.example")

    host = client_at("acme", width=390).page
    link = eventually(lambda: invitation(demo, "carla@acme.example"))
    host.goto(link)
    expect(host.get_by_role("heading", level=1)).to_have_text("Welcome, Carla Dias")
    host.get_by_label("Password", exact=True).fill(PASSWORD)
    host.get_by_label("The same again").fill(PASSWORD)
    host.get_by_role("button", name="Open my account").click()
    host.get_by_label("E-mail", exact=True).fill("carla@acme.example")
    host.get_by_label("Password").fill(PASSWORD)
    host.get_by_role("button", name="Sign in", exact=True).click()
    expect(host.get_by_role("heading", level=1)).to_be_visible()
    host.goto(f"http://acme.localhost:{demo.port}/portal/hours/")
    host.get_by_label("Monday, stretch 1 closes", exact=True).fill("12:00")
    host.get_by_role("button", name="Add a stretch on Monday").click()
    expect(host.get_by_label("Monday, stretch 2 opens", exact=True)).to_have_value("13:00")
    expect(host.locator("#hours-preview")).to_contain_text("09:00–12:00, 13:00–17:00")
    host.get_by_role("button", name="Save the hours").click()
    expect(host.locator(".notice.good")).to_contain_text("The hours are saved.")
    (kept,) = demo.rows(
        "acme",
        "SELECT count(*) AS stretches FROM booking_weeklyhours w JOIN booking_schedule s ON s.id = w.schedule_id"
        " JOIN booking_host h ON h.resource_id = s.host_id WHERE h.email = 'carla@acme.example'",
    )
    assert kept["stretches"] == 6


def invitation(demo: Running, recipient: str) -> str:
    """Return the link in the mail that reached the sink; "" while there is none."""
    for path in (demo.data / "mail").glob("*.eml"):
        with path.open("rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        text = mail.get_body(("plain",))
        if recipient in str(mail["To"]) and text is not None:
            found = re.search(r"http://\S+/accounts/invitation/\S+", text.get_content())
            if found:
                return found[0]
    return ""
