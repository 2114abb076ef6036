"""Who may open a business's pages: a closed page says nothing of what is behind it, on any way in."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.api import User, create_api_key
from audit.api import Actor
from kernel.clock import now
from tenants.api import change_tenant, current_tenant
from tests.database import World
from tests.portal.public.conftest import Visitor, entries, text, words

ALICE = Actor("user", "1")
SECRETS = ("Intro call", "Consultation", "Site visit", "Ana Martins", "Plain answers", "intro-call", "09:00")
CLOSED_PAGES = ("/", "/?next=1", "/with/ana/", "/book/intro-call/", "/book/intro-call/?date=2030-01-01")


def close(world: World, access: str, domains: tuple[str, ...] = ()) -> None:
    """Let the owner of Acme decide who may come in."""
    with world.enter("acme"):
        changes = {"access": access, "allowed_domains": list(domains)}
        change_tenant(current_tenant(), changes=changes, actor=ALICE)


def code_of(message: Any) -> str:
    """The six digits of a mail."""
    return re.findall(r"^\d{6}$", message.body, flags=re.MULTILINE)[0]


def ask_code(visitor: Visitor, address: str, onward: str = "/book/intro-call/") -> None:
    """Ask for a code, as the door offers."""
    answer = visitor.post("/access/", {"email": address, "next": onward})
    assert (answer.status_code, answer["Location"].split("?")[0]) == (303, "/access/code/")


def test_open_page_shows_what_a_closed_one_must_not(acme: Visitor) -> None:
    assert "Intro call" in text(acme.get("/"))
    assert "Ana Martins" in text(acme.get("/with/ana/"))


@pytest.mark.parametrize(("access", "door"), [("members", "/accounts/login/"), ("domains", "/access/")])
def test_closed_pages_lead_to_their_door_and_say_nothing(
    world: World, acme: Visitor, access: str, door: str
) -> None:
    close(world, access, ("example.org",))
    for path in CLOSED_PAGES:
        answer = acme.get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (303, door), path
        shown = text(answer) + text(acme.get(answer["Location"])).split("<main")[1]
        assert [secret for secret in SECRETS if secret in shown and secret not in path] == []
    fragment = acme.get("/book/intro-call/", **{"HX-Request": "true"})
    assert (fragment.status_code, fragment.content) == (204, b"")
    held = acme.post("/book/intro-call/hold", {"start": "2030-01-01T10:00:00+00:00", "time_zone": "UTC"})
    assert (held.status_code, held["Location"]) == (303, f"{door}?next=%2F")


@pytest.mark.parametrize("access", ["members", "domains"])
def test_closed_api_answers_403_and_an_api_key_opens_it(world: World, acme: Visitor, access: str) -> None:
    close(world, access, ("example.org",))
    query = "/api/v1/slots?event_type=intro-call&start=2030-01-07&end=2030-01-08"
    for answer in (
        acme.get(query),
        acme.client.post("/api/v1/bookings", "{}", content_type="application/json"),
        acme.get("/api/v1/slots?event_type=no-such-type&start=2030-01-07&end=2030-01-08"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert [secret for secret in SECRETS if secret in text(answer)] == []
    with world.enter("acme"):
        key = create_api_key("Site", scopes=["bookings:read"], created_by=None, now=now()).secret
    assert acme.get(query, Authorization=f"Bearer {key}").status_code == 200


def test_booking_made_before_keeps_its_link_and_its_room(
    world: World, acme: Visitor, stranger: Visitor
) -> None:
    address = acme.book("site-visit")
    close(world, "members")
    assert "Site visit" in text(stranger.get(address))
    assert stranger.get(f"{address}cancel/").status_code == 200
    assert stranger.get("/room/no-such-room/").status_code == 404  # its own answer, not the door


def test_member_comes_in_and_another_business_s_member_does_not(
    world: World, client_for: Callable[[str], Client]
) -> None:
    close(world, "members")
    member, other = client_for("acme.localhost"), client_for("northwind.localhost")
    with world.enter("acme"):
        member.force_login(User.objects.get(email="ana@acme.example"))
    with world.enter("northwind"):
        other.force_login(User.objects.get(email="owner@northwind.example"))
    assert member.get("/book/intro-call/").status_code == 200
    other.defaults["HTTP_HOST"] = "acme.localhost"
    assert other.get("/book/intro-call/").status_code == 303


def test_code_by_mail_lets_this_browser_in(world: World, acme: Visitor, stranger: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "Ben@Example.org")
    (message,) = mail.outbox
    assert (message.to, "Acme Advisory" in message.subject) == (["Ben@Example.org"], True)
    onward = {"code": code_of(message), "next": "/book/intro-call/"}
    assert stranger.post("/access/code/", onward).status_code == 303  # another browser: asks from the start
    assert stranger.get("/book/intro-call/").status_code == 303
    answer = acme.post("/access/code/", onward)
    assert (answer.status_code, answer["Location"]) == (303, "/book/intro-call/")
    assert "Intro call" in text(acme.get("/book/intro-call/"))


def test_visitor_of_a_domain_that_is_no_longer_allowed_is_out(world: World, acme: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    acme.post("/access/code/", {"code": code_of(mail.outbox[0])})
    close(world, "domains", ("example.net",))
    assert acme.get("/").status_code == 303


def test_visitor_ticket_of_one_business_is_nothing_at_another(
    world: World, acme: Visitor, northwind: Visitor
) -> None:
    for slug in ("acme", "northwind"):
        with world.enter(slug):
            changes = {"access": "domains", "allowed_domains": ["example.org"]}
            change_tenant(current_tenant(), changes=changes, actor=ALICE)
    ask_code(acme, "ben@example.org")
    acme.post("/access/code/", {"code": code_of(mail.outbox[0])})
    northwind.client.cookies = acme.client.cookies
    assert acme.get("/").status_code == 200
    assert northwind.get("/").status_code == 303


def test_every_address_gets_the_same_answer(world: World, acme: Visitor, stranger: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    ask_code(stranger, "ben@example.net")
    here, there = (words(visitor.get("/access/code/")) for visitor in (acme, stranger))
    assert here.replace("ben@example.org", "X") == there.replace("ben@example.net", "X")
    assert [message.to for message in mail.outbox] == [["ben@example.org"]]


def test_wrong_code_costs_a_try_and_the_sixth_try_is_too_late(world: World, acme: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    code = code_of(mail.outbox[0])
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert acme.post("/access/code/", {"code": wrong}).status_code == 422
    assert acme.post("/access/code/", {"code": code}).status_code == 422
    assert acme.get("/").status_code == 303


def test_code_works_once_and_the_newest_counts(world: World, acme: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    ask_code(acme, "ben@example.org")
    first, second = (code_of(message) for message in mail.outbox)
    if first != second:
        assert acme.post("/access/code/", {"code": first}).status_code == 422
    assert acme.post("/access/code/", {"code": second}).status_code == 303
    acme.client.cookies.pop("holdfast_visitor")
    ask_code(acme, "ben@example.org")
    assert acme.post("/access/code/", {"code": second}).status_code in (303, 422)


def test_code_ends_after_ten_minutes(world: World, acme: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    later = now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr("portal.public.views.access.read_clock", lambda: later)
    assert acme.post("/access/code/", {"code": code_of(mail.outbox[0])}).status_code == 422


def test_sixth_code_of_an_hour_is_refused_in_words(world: World, acme: Visitor) -> None:
    close(world, "domains", ("example.org",))
    for _ in range(5):
        ask_code(acme, "ben@example.org")
    answer = acme.post("/access/", {"email": "ben@example.org"})
    assert answer.status_code == 422
    assert "Too many codes were asked for" in words(answer)
    assert len(mail.outbox) == 5


def test_door_leads_nowhere_else(world: World, acme: Visitor) -> None:
    close(world, "domains", ("example.org",))
    ask_code(acme, "ben@example.org")
    answer = acme.post("/access/code/", {"code": code_of(mail.outbox[0]), "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_closing_is_signed_with_what_was_before(world: World) -> None:
    before = entries(world)
    close(world, "members")
    assert entries(world) == before + 1
    close(world, "members")
    assert entries(world) == before + 1  # nothing differs, nothing is signed
