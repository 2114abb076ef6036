"""Onboarding from the console: the form's faults beside their fields, progress, Retry, Roll back, the password link."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from audit.api import Run
from audit.sagas import workflows
from kernel.tenancy import entered
from tenants.api import Tenant
from tenants.onboarding import steps
from tests.database import World
from tests.portal.business.conftest import signed_in
from tests.portal.business.test_booking import words
from tests.simulators.smtp import mail_sink
from tests.tenants.onboarding import Desk, failing_at

FORM = {
    "name": "Harbour Dental", "slug": "harbour", "mode": "client_facing", "time_zone": "Europe/Lisbon",
    "administrator": "Dora Mar", "email": "dora@harbour.example",
}  # fmt: skip


@pytest.fixture
def desk(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The desk, with a mail server and pages that answer."""
    monkeypatch.setattr(steps, "prove", lambda domain, event_type, now: {"page": 200, "open_times": 42})
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        yield Desk(world)


def send(sam: Client, **changed: str) -> Any:
    """Send the form in."""
    return sam.post("/businesses/new/", {**FORM, **changed})


def test_one_form_leads_to_a_page_that_ends_with_a_link_that_works(desk: Desk, sam: Client) -> None:
    answer = send(sam)
    assert (answer.status_code, answer["Location"]) == (303, "/onboarding/1/")
    assert "Onboarding Harbour Dental" in words(sam.get("/onboarding/1/").content)
    desk.perform(1)
    page = sam.get("/onboarding/1/progress/").content.decode()
    assert "Harbour Dental is open" in page
    assert "hx-trigger" not in page
    link = page.split('password-link" href="')[1].split('"')[0]
    path = link.removeprefix("http://harbour.localhost:8000")
    dora = Client(headers={"host": "harbour.localhost"})
    form = dora.get(path, follow=True)
    assert "Choose a new password" in words(form.content)
    assert dora.get("/").status_code == 200


def test_the_password_link_is_shown_only_until_somebody_has_a_password(desk: Desk, sam: Client) -> None:
    send(sam)
    desk.perform(1)
    assert "password-link" in sam.get("/businesses/harbour/").content.decode()
    with entered(Tenant.objects.get(slug="harbour").schema_name):
        dora = User.objects.get()
        dora.set_password("correct horse battery")
        dora.save()
    for path in ("/businesses/harbour/", "/onboarding/1/"):
        assert "password-link" not in sam.get(path).content.decode()


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        ("name", " ", "What is the business called?"),
        ("slug", "", "Choose a link name"),
        ("slug", "ab", "3 to 40 characters"),
        ("slug", "har_bour", "small letters a to z"),
        ("slug", "-harbour", "begin and end with a letter or digit"),
        ("slug", "www", "is kept for the platform itself"),
        ("slug", "acme", "acme.localhost” is taken"),
        ("mode", "fancy", "fancy is not one of the available choices"),
        ("time_zone", "Mars/Olympus", "Choose a time zone from the list"),
        ("administrator", "", "Who is in charge there?"),
        ("email", "dora@", "is not a domain that mail can be sent to"),
        ("email", "a@b.example,c@d.example", "This is not a mail address"),
    ],
)
def test_a_fault_is_said_beside_its_field_and_nothing_is_made(
    world: World, sam: Client, field: str, sent: str, said: str
) -> None:
    answer = send(sam, **{field: sent})
    assert answer.status_code == 400
    assert said in words(answer.content)
    assert "Harbour Dental" in answer.content.decode() or field == "name", "what was typed stays"
    assert Tenant.objects.filter(kind="business").count() == 2


@pytest.mark.parametrize(
    ("slug", "said"),
    [("harbour", "http://harbour.localhost:8000/ is free"), ("acme", "taken"), ("www", "kept")],
)
def test_the_link_name_is_checked_while_it_is_typed(world: World, sam: Client, slug: str, said: str) -> None:
    assert said in words(sam.get("/businesses/new/link-name/", {"slug": slug}).content)


@pytest.mark.parametrize(("act", "end"), [("retry", "is open"), ("roll-back", "was not onboarded")])
def test_a_stopped_onboarding_is_retried_or_rolled_back(
    desk: Desk, sam: Client, monkeypatch: pytest.MonkeyPatch, act: str, end: str
) -> None:
    monkeypatch.setitem(workflows._workflows, "onboarding", failing_at("make_meeting_type"))
    send(sam)
    desk.perform(1)
    stopped = words(sam.get("/onboarding/1/").content)
    assert "Onboarding Harbour Dental stopped" in stopped
    assert "The power went out. Nothing that was made is lost." in stopped
    assert sam.post(f"/onboarding/1/{act}/")["Location"] == "/onboarding/1/"
    desk.perform(1)
    assert f"Harbour Dental {end}" in words(sam.get("/onboarding/1/").content)
    assert sam.post(f"/onboarding/1/{act}/").status_code == 303
    assert "not waiting for a decision any more" in words(sam.get("/onboarding/1/").content)


def test_what_ran_shows_it_with_its_signed_steps(desk: Desk, sam: Client) -> None:
    send(sam)
    desk.perform(1)
    assert "Onboarded Harbour Dental at harbour.localhost" in words(sam.get("/what-ran/").content)
    said = words(sam.get("/what-ran/1/").content)
    assert "Visited the page, and found open times on it" in said
    assert "the platform’s staff" in said
    assert "Dora" not in said
    assert "This cannot be undone" in words(sam.get("/what-ran/1/undo/").content)


@pytest.mark.parametrize("path", ["/onboarding/99/", "/onboarding/99/progress/", "/businesses/nobody/"])
def test_what_is_not_there_is_a_404_in_words(world: World, sam: Client, path: str) -> None:
    answer = sam.get(path)
    assert answer.status_code == 404
    assert "No such" in words(answer.content)


def test_another_run_is_no_onboarding(desk: Desk, sam: Client) -> None:
    sam.post("/businesses/acme/suspend/")
    with desk.world.enter("staff"):
        run = Run.objects.get()
    assert sam.get(f"/onboarding/{run.pk}/").status_code == 404
    assert sam.post(f"/onboarding/{run.pk}/roll-back/").status_code == 404


PAGES = (
    "/", "/businesses/new/", "/businesses/new/link-name/?slug=x", "/businesses/acme/", "/businesses/acme/delete/",
    "/what-ran/", "/contention/", "/onboarding/1/",
)  # fmt: skip
ACTS = ("/businesses/new/", "/businesses/acme/suspend/", "/businesses/acme/resume/", "/businesses/acme/delete/",
        "/contention/", "/onboarding/1/retry/", "/onboarding/1/roll-back/")  # fmt: skip


def test_another_tenants_owner_gets_nothing_of_the_console(world: World) -> None:
    with world.enter("acme"):
        alice = signed_in("localhost", User.objects.get(email="owner@acme.example"))
    for answer in [*(alice.get(path) for path in PAGES), *(alice.post(path, FORM) for path in ACTS)]:
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert Tenant.objects.filter(kind="business", suspended_at=None).count() == 2
    with world.enter("acme"):
        at_home = signed_in("acme.localhost", User.objects.get(email="owner@acme.example"))
    for path in ("/businesses/new/", "/businesses/acme/", "/contention/", "/what-ran/"):
        assert at_home.get(path).status_code == 404


def test_staff_without_the_role_are_refused_in_words(world: World) -> None:
    with world.enter("staff"):
        guest = signed_in(
            "localhost", User.objects.create_user("guest@localhost.example", name="Guest", role="host")
        )
    assert "Owners and admins see this" in words(guest.get("/").content)
    with world.enter("staff"):
        User.objects.filter(name="Guest").update(host_id=1)
    answer = guest.get("/")
    assert (answer.status_code, "The console is for the platform’s owners" in words(answer.content)) == (
        403,
        True,
    )


def test_an_empty_record_says_what_will_be_in_it(world: World, sam: Client) -> None:
    assert "When a business is onboarded" in words(sam.get("/what-ran/").content)
