"""Who mail is from: DKIM-friendly headers, the business's own server, and a test that names the wrong setting."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.api import Actor, Entry, body_of_entry
from providers.api import (
    InvalidSender,
    MailFault,
    MailServer,
    MailSettings,
    change_mail_sender,
    deliver_message,
    greet_mail_server,
    mail_sender,
    queue_message,
    try_mail_server,
    use_own_server,
    use_platform_server,
)
from providers.models import Message
from providers.protocols import Rejected
from tests.database import World
from tests.providers.mail.test_delivery import DRAFT, NOW
from tests.simulators.certificates import certificate
from tests.simulators.dav_server import free_port
from tests.simulators.smtp import MailSink, mail_sink

ALICE = Actor(type="user", id="7")
FROM = "hello@acme.example"


def queue() -> int:
    return queue_message(DRAFT, booking_uid="b1", dedupe_key="k", now=NOW)


def own(sink: MailSink, **options: Any) -> MailServer:
    values: dict[str, Any] = {"scheme": "smtp", "host": "127.0.0.1", "port": sink.port, "is_typed": True}
    return MailServer(**{**values, **options})


@pytest.fixture
def platform(world: World, settings: Any) -> Iterator[MailSink]:
    with mail_sink() as sink, world.enter("acme"):
        settings.HOLDFAST_SMTP_URL = sink.url
        settings.HOLDFAST_MAIL_FROM = "bookings@holdfast.example"
        yield sink


def test_without_settings_mail_is_from_the_platforms_address(platform: MailSink) -> None:
    assert mail_sender().address == "bookings@holdfast.example"
    deliver_message(queue(), now=NOW)
    (received,) = platform.received
    assert received.sender == "bookings@holdfast.example"
    assert received.mail["From"].addresses[0].addr_spec == "bookings@holdfast.example"


def test_with_an_own_server_from_envelope_and_greeting_are_of_its_domain(
    platform: MailSink, settings: Any
) -> None:
    with mail_sink(password="pass word") as sink:
        settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{sink.port}",)
        server = own(sink, username="holdfast", password="pass word")
        assert use_own_server(server, from_address=FROM, now=NOW, actor=ALICE)
        greet_mail_server()
        deliver_message(queue(), now=NOW)
        (received,) = sink.received
    assert platform.received == []
    assert (received.sender, received.mail["From"].addresses[0].addr_spec) == (FROM, FROM)
    assert received.mail["Sender"] is None


def test_the_password_is_sealed_and_in_no_entry(platform: MailSink, settings: Any) -> None:
    with mail_sink(password="pass word") as sink:
        server = own(sink, username="holdfast", password="pass word")
        use_own_server(server, from_address=FROM, now=NOW, actor=ALICE)
        row = MailSettings.objects.get()
        assert b"pass word" not in bytes(row.sealed_password)
        assert mail_sender().server.password == "pass word"
        body = body_of_entry(Entry.objects.order_by("-seq")[0])
        assert body["action"] == "use_own_mail_server"
        assert body["payload"]["after"] == {"host": "127.0.0.1", "port": str(sink.port), "scheme": "smtp"}
        assert "pass word" not in str(body)
        assert FROM not in str(body)
    assert use_platform_server(now=NOW, actor=ALICE)
    assert not use_platform_server(now=NOW, actor=ALICE)
    assert (mail_sender().own_server, bytes(MailSettings.objects.get().sealed_password)) == (None, b"")


def test_language_name_and_answers_are_signed_and_checked(platform: MailSink) -> None:
    said = {"language": "pt", "name": "Acme\r\nBcc: x", "reply_to": "ola@acme.example"}
    assert change_mail_sender(**said, now=NOW, actor=ALICE)
    assert not change_mail_sender(**said, now=NOW, actor=ALICE)
    assert (mail_sender().name, mail_sender().language) == ("Acme Bcc: x", "pt")
    body = body_of_entry(Entry.objects.order_by("-seq")[0])
    assert (body["payload"]["before"], body["payload"]["after"]) == ({"language": "en"}, {"language": "pt"})
    with pytest.raises(InvalidSender) as refused:
        change_mail_sender(language="pt", name="", reply_to="a@x, b@y", now=NOW, actor=ALICE)
    assert set(refused.value.faults) == {"reply_to"}


def test_a_typed_server_in_a_private_network_is_never_spoken_to(platform: MailSink, settings: Any) -> None:
    with mail_sink() as sink:
        settings.HOLDFAST_HTTP_ALLOW = ()
        use_own_server(own(sink, port=25), from_address=FROM, now=NOW, actor=ALICE)
        message = queue()
        with pytest.raises(Rejected):
            deliver_message(message, now=NOW)
        assert Message.objects.get(pk=message).state == "failed"
        assert sink.received == []


def test_a_server_that_takes_the_sender_passes(settings: Any) -> None:
    with mail_sink(password="right") as sink:
        settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{sink.port}",)
        server = own(sink, username="holdfast", password="right")
        assert try_mail_server(server, from_address=FROM) is None
        assert sink.received == []


def test_each_wrong_setting_is_named(settings: Any) -> None:
    with mail_sink(password="right") as sink:
        closed = free_port()
        settings.HOLDFAST_HTTP_ALLOW = tuple(f"127.0.0.1:{port}" for port in (sink.port, closed))
        tests = {
            "no such name": own(sink, host="smtp.nowhere.invalid", port=587),
            "private": own(sink, host="10.0.0.1", port=25),
            "odd port": own(sink, host="192.0.2.1", port=6379),
            "closed": own(sink, port=closed),
            "tls at once": own(sink, scheme="smtps"),
            "starttls": own(sink, scheme="smtp+starttls"),
            "wrong password": own(sink, username="holdfast", password="wrong"),
            "no sign-in": own(sink),
        }
        found = {name: try_mail_server(server, from_address=FROM) for name, server in tests.items()}
    assert {name: fault.setting if fault else "" for name, fault in found.items()} == {
        "no such name": "host",
        "private": "host",
        "odd port": "port",
        "closed": "port",
        "tls at once": "scheme",
        "starttls": "scheme",
        "wrong password": "password",
        "no sign-in": "username",
    }
    assert found["no such name"] == MailFault(
        setting="host", words="There is no server called smtp.nowhere.invalid."
    )


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_certificate_that_is_not_trusted_is_named(settings: Any, tmp_path: Path, scheme: str) -> None:
    _, context = certificate(tmp_path, "127.0.0.1")
    with mail_sink(tls=context, starttls=scheme == "smtp+starttls") as sink:
        settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{sink.port}",)
        fault = try_mail_server(own(sink, scheme=scheme), from_address=FROM)
    assert fault == MailFault(
        setting="scheme", words="The server’s certificate is not trusted: self-signed certificate."
    )
