"""Signing in over HTTP: one tenant's account and cookie mean nothing in another; guessing is slowed down."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.adapter import MAIL_ADDRESS, SIGN_IN_HERE
from accounts.api import User
from accounts.models import Throttle
from tests.database import PASSWORD, World
from tests.simulators.smtp import MailSink, mail_sink

ClientFor = Callable[[str], Client]
ALICE = "owner@acme.example"


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password, **more})


def is_signed_out(client: Client) -> bool:
    return (
        client.get("/portal/what-ran/").headers.get("Location") == "/accounts/login/?next=/portal/what-ran/"
    )


@pytest.fixture
def sink(world: World, settings: Any) -> Iterator[MailSink]:
    with mail_sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.HOLDFAST_PUBLIC_PORT = 8000
        yield running


def test_owner_signs_in_whatever_the_case_of_the_address(client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    answer = sign_in(client, "Owner@ACME.example")
    assert (answer.status_code, answer["Location"]) == (302, "/portal/")
    assert client.get("/portal/bookings/").status_code == 200


def test_wrong_password_says_no_more_than_an_unknown_address(client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    wrong = sign_in(client, ALICE, "not this one").content.decode()
    unknown = sign_in(client, "nobody@acme.example", "not this one").content.decode()

    def plain(page: str, email: str) -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.replace(email, "who"))

    assert "are not correct" in wrong
    assert plain(wrong, ALICE) == plain(unknown, "nobody@acme.example")


def test_account_of_one_tenant_does_not_open_another(client_for: ClientFor) -> None:
    client = client_for("northwind.localhost")
    assert sign_in(client, ALICE).status_code == 200
    assert is_signed_out(client)


def test_cookie_of_one_tenant_means_nothing_in_another(client_for: ClientFor) -> None:
    alice = client_for("acme.localhost")
    sign_in(alice, ALICE)
    stranger = client_for("northwind.localhost")
    stranger.cookies["sessionid"] = alice.cookies["sessionid"].value
    answer = stranger.get("/portal/bookings/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/portal/bookings/")


def test_closed_account_does_not_open(world: World, client_for: ClientFor) -> None:
    with world.enter("acme"):
        User.objects.filter(email=ALICE).update(is_active=False)
    client = client_for("acme.localhost")
    sign_in(client, ALICE)
    assert is_signed_out(client)


def test_next_leads_only_to_this_host(client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    assert sign_in(client, ALICE, next="/portal/messages/")["Location"] == "/portal/messages/"
    other = client_for("acme.localhost")
    assert sign_in(other, ALICE, next="https://evil.example/portal/")["Location"] == "/portal/"


def test_sign_out_needs_a_post_and_ends_the_session(client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    sign_in(client, ALICE)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/portal/bookings/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/portal/bookings/").status_code == 302


def test_sign_up_is_closed(world: World, client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    assert "Accounts are made by invitation" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "me@example.org", "password1": "seven quiet otters"})
    with world.enter("acme"):
        assert list(User.objects.filter(email="me@example.org")) == []


@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/confirm-email/", "/accounts/social/"])
def test_doors_that_nobody_designed_are_not_there(client_for: ClientFor, path: str) -> None:
    assert client_for("acme.localhost").get(path).status_code == 404


def test_a_first_password_is_set_by_mail_like_any_other(client_for: ClientFor, sink: MailSink) -> None:
    client = client_for("acme.localhost")
    asked = client.get("/accounts/password/set/").content.decode()
    assert re.findall(r'<form[^>]* action="(/accounts/[^"]+)"', asked) == ["/accounts/password/reset/"]
    assert client.post("/accounts/password/set/", {"password1": "a", "password2": "a"}).status_code == 200
    assert (sign_in(client, ALICE)["Location"], sink.received) == ("/portal/", [])


def test_guessing_is_stopped_even_for_the_right_password(world: World, client_for: ClientFor) -> None:
    client = client_for("acme.localhost")
    for _ in range(SIGN_IN_HERE.attempts):
        assert "are not correct" in sign_in(client, ALICE, "a guess").content.decode()
    answer = sign_in(client, ALICE)
    assert "Too many attempts. Wait 5 minutes, or reset your password." in answer.content.decode()
    assert is_signed_out(client)


def test_guessing_is_counted_by_place(client_for: ClientFor) -> None:
    attacker, alice = client_for("acme.localhost"), client_for("acme.localhost")
    for _ in range(SIGN_IN_HERE.attempts + 1):
        attacker.post("/accounts/login/", {"login": ALICE, "password": "a guess"}, REMOTE_ADDR="203.0.113.9")
    assert sign_in(alice, ALICE).status_code == 302


def test_right_password_takes_its_own_attempt_back(world: World, client_for: ClientFor) -> None:
    for _ in range(SIGN_IN_HERE.attempts + 1):
        assert sign_in(client_for("acme.localhost"), ALICE).status_code == 302
    with world.enter("acme"):
        assert set(Throttle.objects.values_list("count", flat=True)) == {0}


def test_reset_mail_comes_from_the_tenant_and_changes_the_password(
    client_for: ClientFor, sink: MailSink
) -> None:
    client = client_for("acme.localhost")
    other_device = client_for("acme.localhost")
    sign_in(other_device, ALICE)
    answer = client.post("/accounts/password/reset/", {"email": ALICE})
    assert answer["Location"] == "/accounts/password/reset/done/"
    (received,) = sink.received
    text = str(received.mail.get_content())
    assert received.mail["Subject"] == "A new password for Acme Advisory"
    assert received.recipients == (ALICE,)
    (link,) = re.findall(r"http://acme\.localhost:8000(/accounts/password/reset/key/\S+)", text)
    form = client.get(link)["Location"]
    page = client.get(form).content.decode()
    assert "Choose a new password" in page
    chosen = {"password1": "seven quiet otters", "password2": "seven quiet otters"}
    assert client.post(form, chosen)["Location"] == "/accounts/password/reset/key/done/"
    assert other_device.get("/portal/bookings/").status_code == 302
    assert sign_in(client_for("acme.localhost"), ALICE).status_code == 200
    assert sign_in(client_for("acme.localhost"), ALICE, "seven quiet otters").status_code == 302
    assert "This link no longer works" in client_for("acme.localhost").get(link).content.decode()


def test_reset_frees_an_account_that_somebody_guessed_at(client_for: ClientFor, sink: MailSink) -> None:
    client = client_for("acme.localhost")
    for _ in range(SIGN_IN_HERE.attempts + 1):
        sign_in(client, ALICE, "a guess")
    client.post("/accounts/password/reset/", {"email": ALICE})
    (link,) = re.findall(r"http://\S+?(/accounts/\S+)", str(sink.received[0].mail.get_content()))
    form = client.get(link)["Location"]
    client.post(form, {"password1": "seven quiet otters", "password2": "seven quiet otters"})
    assert sign_in(client, ALICE, "seven quiet otters").status_code == 302


def test_unknown_address_is_told_by_mail_and_not_by_the_page(client_for: ClientFor, sink: MailSink) -> None:
    known = client_for("acme.localhost").post("/accounts/password/reset/", {"email": ALICE})
    unknown = client_for("acme.localhost").post("/accounts/password/reset/", {"email": "x@elsewhere.example"})
    assert known["Location"] == unknown["Location"] == "/accounts/password/reset/done/"
    subjects = [received.mail["Subject"] for received in sink.received]
    assert subjects == [
        "A new password for Acme Advisory",
        "No account at Acme Advisory with this address",
    ]


def test_reset_mail_ignores_the_port_that_the_request_claims(world: World, sink: MailSink) -> None:
    client = Client(headers={"host": "acme.localhost:6666"})
    client.post("/accounts/password/reset/", {"email": ALICE})
    text = str(sink.received[0].mail.get_content())
    assert "http://acme.localhost:8000/accounts/" in text
    assert "6666" not in text


def test_too_many_reset_mails_are_refused_in_words(client_for: ClientFor, sink: MailSink) -> None:
    client = client_for("acme.localhost")
    answers = [
        client.post("/accounts/password/reset/", {"email": ALICE}) for _ in range(MAIL_ADDRESS.attempts + 1)
    ]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert len(sink.received) == MAIL_ADDRESS.attempts
    assert "Wait 60 minutes" in answers[-1].content.decode()
    assert 3500 < int(answers[-1]["Retry-After"]) <= 3600


def test_dead_mail_server_is_a_page_and_not_a_fault(client_for: ClientFor, sink: MailSink) -> None:
    sink.plan = ["451 at data"]
    answer = client_for("acme.localhost").post("/accounts/password/reset/", {"email": ALICE})
    assert answer.status_code == 503
    assert "your old password still works" in answer.content.decode()
    assert sink.received == []
