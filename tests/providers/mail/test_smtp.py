"""One conversation with a real server: what it says decides what we know."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.errors import Misconfigured
from providers.mail.servers import MailServer, mail_server
from providers.mail.sessions import MOST_MAILS
from providers.mail.smtp import SESSIONS, OutcomeUnknown, send
from providers.protocols import Rejected, Unreachable
from tests.simulators.certificates import certificate
from tests.simulators.smtp import Fault, MailSink, mail_sink

CONTENT = b"Subject: hello\r\n\r\n.dot\r\nbye\r\n"


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as running:
        yield running


def test_a_message_arrives_once_with_its_envelope(sink: MailSink) -> None:
    _send(mail_server(sink.url))
    assert [(one.sender, one.recipients, one.content) for one in sink.received] == [
        ("bookings@acme.example", ("ben@example.org",), CONTENT)
    ]


def test_mails_follow_each_other_in_one_connection_until_it_has_carried_enough(sink: MailSink) -> None:
    for _ in range(3):
        _send(mail_server(sink.url))
    assert (len(sink.received), len(sink.sessions)) == (3, 1)
    for _ in range(MOST_MAILS):
        _send(mail_server(sink.url))
    assert (len(sink.received), len(sink.sessions)) == (3 + MOST_MAILS, 2)


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_and_the_mail_arrives_once(
    sink: MailSink,
) -> None:
    _send(mail_server(sink.url))
    sink.hang_up()
    _send(mail_server(sink.url))
    assert (len(sink.received), len(sink.sessions)) == (2, 2)


def test_a_refused_mail_leaves_no_connection_behind_and_an_idle_one_is_closed(sink: MailSink) -> None:
    sink.plan.append("550 at recipient")
    with pytest.raises(Rejected):
        _send(mail_server(sink.url))
    _send(mail_server(sink.url))
    assert len(sink.sessions) == 2
    SESSIONS.close_idle()
    assert SESSIONS.idle(mail_server(sink.url), "acme.example") is None
    _send(mail_server(sink.url))
    assert (len(sink.received), len(sink.sessions)) == (2, 3)


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (
            "450 at recipient",
            Unreachable,
            "The mail server does not take the recipient now: 450 the plan says no",
        ),
        ("550 at recipient", Rejected, "The mail server refused the recipient: 550 the plan says no"),
        ("451 at data", Unreachable, "The mail server does not take the message now: 451 the plan says no"),
        ("554 at data", Rejected, "The mail server refused the message: 554 the plan says no"),
        ("accepts, then drops", OutcomeUnknown, "The mail server took the message but did not confirm it."),
    ],
)
def test_each_refusal_has_its_name(
    sink: MailSink, fault: Fault, error: type[Unreachable] | type[Rejected], words: str
) -> None:
    sink.plan = [fault]
    with pytest.raises(error) as refused:
        _send(mail_server(sink.url))
    assert (type(refused.value), refused.value.message) == (error, words)
    assert len(sink.received) == (1 if fault == "accepts, then drops" else 0)


def test_a_connection_lost_before_the_message_is_known_not_to_have_sent_it(sink: MailSink) -> None:
    sink.plan = ["drops at recipient"]
    with pytest.raises(Unreachable) as refused:
        _send(mail_server(sink.url))
    assert type(refused.value) is Unreachable
    assert sink.received == []


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        _send(MailServer(scheme="smtp", host="127.0.0.1", port=port))


def test_sign_in_is_done_and_a_wrong_password_is_said() -> None:
    with mail_sink(password="se:cret") as sink:
        _send(mail_server(f"smtp://holdfast:se%3Acret@127.0.0.1:{sink.port}"))
        with pytest.raises(Unreachable) as refused:
            _send(mail_server(f"smtp://holdfast:wrong@127.0.0.1:{sink.port}"))
        assert len(sink.received) == 1
    assert refused.value.message == "The mail server refused our sign-in (535)."


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_a_secured_server_is_used_only_when_its_certificate_is_trusted(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, context = certificate(tmp_path, "127.0.0.1")
    with mail_sink(tls=context, starttls=scheme == "smtp+starttls") as sink:
        server = mail_server(f"{scheme}://127.0.0.1:{sink.port}")
        with pytest.raises(Unreachable):
            _send(server)
        assert sink.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        _send(server)
        assert len(sink.received) == 1


def test_a_server_without_starttls_gets_nothing_in_clear(sink: MailSink) -> None:
    with pytest.raises(Unreachable):
        _send(mail_server(f"smtp+starttls://127.0.0.1:{sink.port}"))
    assert sink.received == []


def test_the_settings_address_is_read_with_its_defaults() -> None:
    assert mail_server("smtp+starttls://us%40er:p%2Fw@mail.example") == MailServer(
        scheme="smtp+starttls", host="mail.example", port=587, username="us@er", password="p/w"
    )
    assert [mail_server(f"{scheme}://h").port for scheme in ("smtp", "smtps")] == [25, 465]
    for wrong in ("mail.example:25", "http://mail.example", "smtp://"):
        with pytest.raises(Misconfigured):
            mail_server(wrong)


def _send(server: MailServer) -> None:
    send(
        server,
        sender="bookings@acme.example",
        recipient="ben@example.org",
        content=CONTENT,
        own_name="acme.example",
    )
