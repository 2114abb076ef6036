"""Founding: from a database without a tenant to a console that somebody signs in to, and businesses below it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

import holdfast.founding
import tenants.provisioning
from accounts.api import Invitation, User
from audit.api import Outcome, Run, public_keys, verify_ledger
from holdfast.embedded.ports import free_port
from kernel.clock import now
from kernel.postgres.role import speak_as
from kernel.tenancy import PUBLIC, entered
from tenants.api import Domain, Tenant, delete_tenant
from tenants.onboarding import steps
from tests.database import PASSWORD, World
from tests.portal.business.test_booking import words
from tests.simulators.smtp import mail_sink
from tests.tenants.onboarding import STEPS, Desk

HOST, CONSOLE = "book.example.com", "http://book.example.com:8000/"
SAID = {"--domain": HOST, "--name": "Example", "--email": "sam@example.com"}
BUSINESS = {
    "name": "Harbour Dental", "slug": "harbour", "mode": "client_facing", "time_zone": "Europe/Lisbon",
    "administrator": "Dora Mar", "email": "dora@harbour.example",
}  # fmt: skip
Found = Callable[..., list[str]]


@pytest.fixture
def bare(world: World, settings: Settings, tmp_path: Path) -> World:
    """A database that is migrated, and in which nobody is."""
    settings.HOLDFAST_CHECKPOINTS = tmp_path  # the world's know another ledger of the schema `staff`
    settings.OWNER_DATABASE_URL = world.owner_url()
    with world.as_owner():
        for business in Tenant.objects.filter(kind="business"):
            delete_tenant(business)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tenants_domain")
            cursor.execute("DELETE FROM tenants_schemamigration")
            cursor.execute("DELETE FROM tenants_tenant")
            cursor.execute("DROP SCHEMA staff CASCADE")
    return world


@pytest.fixture
def found(bare: World, capsys: pytest.CaptureFixture[str]) -> Found:
    """Give the command in the bare database, with changes: found(email="kim@example.com"); return its lines."""

    def give(**changed: str) -> list[str]:
        said = {**SAID, **{f"--{name}": value for name, value in changed.items()}}
        capsys.readouterr()
        try:
            call_command("found_platform", *[f"{name}={value}" for name, value in said.items()])
        finally:
            speak_as(bare.app_url())
        return capsys.readouterr().out.splitlines()

    return give


def link_of(lines: list[str]) -> str:
    """Return the path of the invitation that the command printed."""
    before, _, link = lines[2].partition(": ")
    assert (before, link.startswith(CONSOLE)) == ("The link works once, for seven days", True)
    return "/" + link.removeprefix(CONSOLE)


def take_up(link: str) -> Client:
    """Choose a password behind an invitation's link, and sign in; return the browser."""
    browser = Client(headers={"host": HOST})
    assert "Welcome, sam" in words(browser.get(link).content)
    chosen = browser.post(link, {"password1": PASSWORD, "password2": PASSWORD})
    assert (chosen.status_code, chosen["Location"]) == (303, "/accounts/login/")
    signed_in = browser.post("/accounts/login/", {"login": "sam@example.com", "password": PASSWORD})
    assert (signed_in.status_code, signed_in["Location"]) == (302, "/")
    return browser


def tenants_there() -> list[tuple[str, str, str]]:
    """Return each tenant's schema and name, and its domain; "" without."""
    with entered(PUBLIC):
        return list(Tenant.objects.order_by("pk").values_list("schema_name", "name", "domains__domain"))


def test_the_first_owner_comes_in_by_the_invitation_and_onboards_a_business_below_the_domain(
    bare: World, found: Found, settings: Settings, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "prove", lambda domain, event_type, now: {"page": 200, "open_times": 42})
    lines = found()
    assert lines[:2] == [f"Example stands at {CONSOLE}", "sam@example.com is invited as an owner, by mail."]
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["sam@example.com"], "Example invites you")
    assert mail.body.startswith("The operator invites you to Example as owner.")
    (mailed,) = re.findall(rf"{CONSOLE}(accounts/invitation/\S+)", mail.body)
    sam = take_up(f"/{mailed}")
    over = Client(headers={"host": HOST}).get(link_of(lines))
    assert over.status_code == 410, "the printed link opens the same invitation, which was taken up"
    assert sam.get("/").status_code == 200
    asked = sam.post("/businesses/new/", BUSINESS)
    assert (asked.status_code, asked["Location"]) == (303, "/onboarding/1/")
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        Desk(bare).perform(1)
    letter = sink.received[0].mail.get_body(("plain",))
    assert letter is not None
    assert "http://harbour.book.example.com:8000/portal/" in letter.get_content()
    with bare.enter("staff"):
        assert Desk(bare).state(Run.objects.get()) == ("done", dict.fromkeys(STEPS, "done"))
    assert Client(headers={"host": "harbour.book.example.com"}).get("/").status_code == 200
    assert Client(headers={"host": "harbour.localhost"}).get("/").status_code == 404
    assert "Harbour Dental" in words(sam.get("/").content)


def test_said_again_it_changes_nothing_that_stands_and_gives_a_fresh_link_until_one_is_taken_up(
    bare: World, found: Found, mailoutbox: list[Any]
) -> None:
    first = link_of(found())
    with bare.enter("staff"):
        keys = public_keys()
    again = found(name="Another")
    assert again[0] == f"Example stands at {CONSOLE}"
    assert tenants_there() == [("staff", "Example", HOST)]
    assert [Client(headers={"host": HOST}).get(link).status_code for link in (first, link_of(again))] == [
        410,
        200,
    ]
    assert [mail.to for mail in mailoutbox] == [["sam@example.com"]] * 2
    take_up(link_of(again))
    assert found(email="Sam@Example.com") == [
        f"Example stands at {CONSOLE}", "sam@example.com has an account there already: nobody was invited.",
    ]  # fmt: skip
    assert len(mailoutbox) == 2
    with bare.enter("staff"):
        assert (public_keys()[0], User.objects.get().role, Invitation.objects.count()) == (
            keys[0],
            "owner",
            1,
        )
        assert verify_ledger("staff", now=now()).outcome is not Outcome.TAMPERED


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (tenants.provisioning, "migrate_tenant"),
        (tenants.provisioning, "furnish_tenant"),
        (holdfast.founding, "_invited"),
        (holdfast.founding, "send_invitation"),
    ],
)
def test_wherever_it_is_killed_the_next_one_finishes(
    bare: World, found: Found, monkeypatch: pytest.MonkeyPatch, where: Any, what: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(where, what, die)
        with pytest.raises(Killed):
            found()
    take_up(link_of(found()))
    assert tenants_there() == [("staff", "Example", HOST)]


def test_while_nobody_signs_in_a_mistyped_address_is_replaced_and_opens_nothing(
    bare: World, found: Found
) -> None:
    mistyped, right = link_of(found(email="sma@example.com")), link_of(found())
    assert Client(headers={"host": HOST}).get(mistyped).status_code == 410
    take_up(right)
    lines = found(email="kim@example.com")
    assert lines[1] == "kim@example.com is invited as an owner, by mail."
    found(email="lee@example.com")
    kim = Client(headers={"host": HOST}).get(link_of(lines))
    assert "Welcome, kim" in words(kim.content), "once somebody is in, an invitation takes no other back"
    with bare.enter("staff"):
        assert list(User.objects.values_list("email", flat=True)) == ["sam@example.com"]


def test_without_a_mail_server_the_link_is_printed_all_the_same(found: Found, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = free_port()
    lines = found()
    said = "sam@example.com is invited as an owner, but no mail server took the mail: hand the link over yourself."
    assert lines[1] == said
    take_up(link_of(lines))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"domain": "https://book.example.com"}, "“https://book.example.com” is not a host name."),
        ({"domain": "book.example.com:8000"}, "“book.example.com:8000” is not a host name."),
        ({"domain": "book..example.com"}, "“book..example.com” is not a host name."),
        ({"domain": "book_.example.com"}, "“book_.example.com” is not a host name."),
        ({"domain": "192.0.2.7"}, "“192.0.2.7” is not a host name."),
        ({"domain": ""}, "“” is not a host name."),
        ({"domain": ".".join(["a" * 60] * 4)}, "is not a host name."),
        ({"email": "sam@"}, "The part after the @ is not a domain that mail can be sent to."),
        ({"email": "sam, kim@example.com"}, "This is not a mail address that we can send to."),
        ({"name": " "}, "The platform's name has 1 to 120 characters."),
        ({"name": "x" * 121}, "The platform's name has 1 to 120 characters."),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_made(
    found: Found, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(CommandError) as refused:
        found(**changed)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert tenants_there() == []


def test_a_domain_is_kept_as_a_browser_sends_it(found: Found) -> None:
    assert (
        found(domain=" Bücher.Example.com ")[0] == "Example stands at http://xn--bcher-kva.example.com:8000/"
    )


def test_there_is_one_platform_and_the_demo_keeps_away_from_it(found: Found) -> None:
    found()
    with pytest.raises(CommandError) as refused:
        found(domain="other.example.com")
    only = "The platform stands at book.example.com, and an installation has one: nothing was changed."
    assert str(refused.value) == only
    with pytest.raises(CommandError) as no_demo:
        call_command("seed_demo")
    assert str(no_demo.value) == f"{only} The demo is not for it: start with --empty."
    assert tenants_there() == [("staff", "Example", HOST)]


@pytest.mark.parametrize(("slug", "domain"), [("staff", "staff.localhost"), ("book", HOST)])
def test_a_tenant_that_has_the_platforms_place_is_named_and_left_alone(
    bare: World, found: Found, slug: str, domain: str
) -> None:
    with bare.as_owner():
        tenant = Tenant.objects.create(
            schema_name="t_0123456789abcdef", slug=slug, name="Here", created_at=now()
        )
        Domain.objects.create(tenant=tenant, domain=domain, is_primary=True)
    with pytest.raises(CommandError, match=r"^There is a business, Here, whose .*: nothing was changed\.$"):
        found()
    assert tenants_there() == [("t_0123456789abcdef", "Here", domain)]


def test_a_database_that_is_not_migrated_or_not_to_the_end_is_refused(
    bare: World, found: Found, settings: Settings
) -> None:
    said = "The database is not migrated: run bin/holdfast migrate (manage.py migrate_all)."
    with bare.owner() as raw:
        raw.execute("DELETE FROM django_migrations WHERE app = 'tenants' AND name = '0006_registry'")
    with pytest.raises(CommandError) as behind:
        found()
    with psycopg.connect(bare.server.superuser_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE holdfast_unmigrated OWNER holdfast_owner")
        settings.OWNER_DATABASE_URL = bare.server.owner_url("holdfast_unmigrated")
        try:
            with pytest.raises(CommandError) as empty:
                found()
        finally:
            admin.execute("DROP DATABASE holdfast_unmigrated WITH (FORCE)")
    assert [str(behind.value), str(empty.value)] == [said, said]


def test_it_waits_for_no_migration_and_needs_the_owner(bare: World, found: Found, settings: Settings) -> None:
    with psycopg.connect(bare.owner_url(), autocommit=True) as migrating:
        migrating.execute("SELECT pg_advisory_lock(%s, 0)", [0x686F6C64])
        with pytest.raises(CommandError, match="Another process is migrating this database"):
            found()
    settings.OWNER_DATABASE_URL = ""
    with pytest.raises(CommandError, match="OWNER_DATABASE_URL is not set"):
        found()
