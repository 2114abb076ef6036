"""Words and sender on their pages: read, changed, previewed, undone; who may; what a wrong setting says."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from booking.api import wordings_in_force
from providers.api import mail_sender
from tests.database import World
from tests.portal.business.conftest import Office
from tests.portal.business.test_booking import words
from tests.simulators.mail_services import KEY, MailgunSimulator
from tests.simulators.smtp import mail_sink
from tests.simulators.vendor import served

EDIT = "/portal/messages/words/de/confirmation/"
SHIPPED = "Ihr Termin „{meeting}“ mit {host} ist bestätigt"


def fields(client: Client) -> dict[str, str]:
    """Return the form as the page shows it."""
    page = client.get(EDIT).content.decode()
    found = dict(re.findall(r'name="(subject|heading|footer)"[^>]*? value="([^"]*)"', page))
    found["body"] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[0]
    return {name: html.unescape(text) for name, text in found.items()}


def test_words_are_listed_in_each_language_and_say_which_are_the_businesss(alice: Client) -> None:
    alice.post(EDIT, fields(alice) | {"heading": "Bis bald"})
    said = words(alice.get("/portal/messages/words/?language=de").content)
    assert said.count("As shipped") == 9
    assert said.count("Your words") == 1
    assert words(alice.get("/portal/messages/words/").content).count("As shipped") == 10
    assert alice.get("/portal/messages/words/xx/confirmation/").status_code == 404
    assert alice.get("/portal/messages/words/de/receipt/").status_code == 404


def test_only_what_differs_from_the_shipped_words_is_kept(alice: Client, world: World) -> None:
    shown = fields(alice)
    assert shown["heading"] == SHIPPED
    alice.post(EDIT, shown)
    with world.enter("acme"):
        assert wordings_in_force("de") == {}
    answer = alice.post(EDIT, shown | {"heading": "Bis bald, {client}", "footer": ""})
    assert (answer.status_code, answer["Location"]) == (303, EDIT)
    with world.enter("acme"):
        own = wordings_in_force("de")["confirmation"]
    assert (own.subject, own.heading, own.body, own.footer) == ("", "Bis bald, {client}", "", "")


def test_an_unknown_placeholder_keeps_what_was_typed_and_says_which(alice: Client, world: World) -> None:
    answer = alice.post(EDIT, fields(alice) | {"heading": "Hallo {vorname}"})
    assert answer.status_code == 422
    said = words(answer.content)
    assert "There is no placeholder {vorname} here. Choose one from the list." in said
    assert 'value="Hallo {vorname}"' in answer.content.decode()
    with world.enter("acme"):
        assert wordings_in_force("de") == {}


def test_preview_shows_unsaved_words_both_ways_and_may_do_nothing(alice: Client, world: World) -> None:
    typed = fields(alice) | {"heading": "Hallo <b>{client}</b>"}
    answer = alice.post(f"{EDIT}preview/", typed)
    page = answer.content.decode()
    assert page.count("Hallo &lt;b&gt;Björn Müller&lt;/b&gt;") == 3  # title, heading, text twin
    assert "<b>" not in page
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]
    with world.enter("acme"):
        assert wordings_in_force("de") == {}
    assert "ist bestätigt" in alice.get(f"{EDIT}preview/").content.decode()


def test_undo_and_the_shipped_words_are_one_click_each(alice: Client, world: World) -> None:
    shown = fields(alice)
    alice.post(EDIT, shown | {"heading": "Eins"})
    alice.post(EDIT, shown | {"heading": "Zwei"})
    page = alice.get(EDIT).content.decode()
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    for wrong in ("9" * 5000, "²", "", "x"):
        assert alice.post(f"{EDIT}undo/", {"version": wrong}).status_code == 303
    alice.post(f"{EDIT}undo/", {"version": version})
    assert fields(alice)["heading"] == "Eins"
    alice.post(f"{EDIT}undo/", {"version": version})  # pressed twice: it is no longer the newest
    assert fields(alice)["heading"] == "Eins"
    alice.post(f"{EDIT}reset/")
    assert fields(alice)["heading"] == SHIPPED
    with world.enter("acme"):
        assert wordings_in_force("de") == {}


def test_sender_is_changed_and_shown(alice: Client, world: World) -> None:
    answer = alice.post(
        "/portal/messages/sender/", {"language": "pt", "name": "Acme Porto", "reply_to": "ola@acme.example"}
    )
    assert answer.status_code == 303
    with world.enter("acme"):
        sender = mail_sender()
    assert (sender.language, sender.name, sender.reply_to) == ("pt", "Acme Porto", "ola@acme.example")
    assert "Acme Porto" in words(alice.get("/portal/messages/sender/").content)
    wrong = alice.post("/portal/messages/sender/", {"language": "xx", "name": "", "reply_to": "a@b, c@d"})
    assert wrong.status_code == 422


def test_an_own_server_is_used_only_after_a_test_that_passed(
    alice: Client, world: World, office: Office, settings: Any
) -> None:
    with mail_sink(password="right") as sink:
        settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{sink.port}",)
        typed = {
            "from_address": "hello@acme.example",
            "host": "127.0.0.1",
            "scheme": "smtp",
            "port": sink.port,
            "username": "holdfast",
            "password": "wrong",
        }
        refused = alice.post("/portal/messages/sender/server/", typed)
        assert refused.status_code == 422
        assert "The server refuses this user name with this password (535)." in words(refused.content)
        inputs = re.findall(r"<input[^>]*password[^>]*>", refused.content.decode())
        assert "wrong" not in "".join(inputs)
        with world.enter("acme"):
            assert mail_sender().own_server is None
        assert alice.post("/portal/messages/sender/server/", typed | {"password": "right"}).status_code == 303
        office.book("Ben Carter")
        assert {each.sender for each in sink.received} == {"hello@acme.example"}
        assert office.sink.received == []
        tested = alice.post("/portal/messages/sender/server/test/", follow=True)
        assert "The mail server took every step up to the sender; no mail was sent." in words(tested.content)
    gone = alice.post("/portal/messages/sender/server/test/", follow=True)
    assert f"Port: Nothing listens on port {sink.port} of 127.0.0.1." in words(gone.content)
    alice.post("/portal/messages/sender/server/remove/")
    with world.enter("acme"):
        assert mail_sender().own_server is None


def test_an_own_mail_service_is_used_only_after_a_test_that_it_took(
    alice: Client, world: World, office: Office, settings: Any
) -> None:
    with served(MailgunSimulator()) as mailgun:
        settings.HOLDFAST_MAIL_SERVICE_SIMULATOR = mailgun.base_url
        settings.HOLDFAST_HTTP_ALLOW = (mailgun.base_url.removeprefix("http://"),)
        typed = {
            "scheme": "mailgun_eu",
            "from_address": "hello@acme.example",
            "username": "mg.acme.example",
            "password": "wrong-key",
        }
        refused = alice.post("/portal/messages/sender/service/", typed)
        assert refused.status_code == 422
        assert "Mailgun (EU) does not take the key (HTTP 401)." in words(refused.content)
        assert "wrong-key" not in refused.content.decode()
        typed["password"] = KEY
        refused = alice.post("/portal/messages/sender/service/", typed)
        assert "Mailgun (EU) does not know the sending domain." in words(refused.content)
        bad = alice.post("/portal/messages/sender/service/", typed | {"from_address": "a@b, c@d"})
        assert bad.status_code == 422
        with world.enter("acme"):
            assert mail_sender().own_server is None
        mailgun.domains.add("mg.acme.example")
        assert alice.post("/portal/messages/sender/service/", typed).status_code == 303
        page = words(alice.get("/portal/messages/sender/").content)
        assert "by your account at Mailgun (EU)" in page
        assert KEY not in page
        office.book("Ben Carter")
        assert {str(each.mail["From"].addresses[0].addr_spec) for each in mailgun.sent} == {
            "hello@acme.example"
        }
        assert office.sink.received == []
        mailgun.key = "another"
        tested = alice.post("/portal/messages/sender/server/test/", follow=True)
        assert "Key: Mailgun (EU) does not take the key (HTTP 401)." in words(tested.content)
    alice.post("/portal/messages/sender/server/remove/")
    with world.enter("acme"):
        assert mail_sender().own_server is None


@pytest.mark.parametrize("address", [EDIT, "/portal/messages/words/", "/portal/messages/sender/"])
def test_hosts_are_refused(ana: Client, address: str) -> None:
    assert ana.get(address).status_code == 403
