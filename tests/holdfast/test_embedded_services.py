"""The embedded broker, the demo's mail sink, its calendar server and simulated vendors, each for real."""

import base64
import http.client
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import httpx
import pytest
import redis

from holdfast import memory
from holdfast.embedded.data_folder import make_data_folder
from holdfast.embedded.mailsink import MailSink
from holdfast.embedded.radicale import EmbeddedRadicale
from holdfast.embedded.simulated_vendor import SimulatedVendor
from holdfast.embedded.valkey import EmbeddedValkey
from holdfast.installation import Installation
from holdfast.processes.supervisor import Supervisor
from tests.patience import PATIENCE


@pytest.fixture
def supervisor(data: Path) -> Iterator[Supervisor]:
    make_data_folder(data)
    made = Supervisor(lambda _line: None)
    yield made
    made.stop()


def test_broker_answers_behind_its_password_only(supervisor: Supervisor, data: Path) -> None:
    broker = EmbeddedValkey(data)
    supervisor.start(broker.child())
    with redis.Redis.from_url(broker.url) as client:
        client.lpush("queue", "7")
        assert client.rpop("queue") == b"7"
        assert client.config_get("save") == {"save": ""}
    with redis.Redis(port=broker.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_mail_sink_keeps_each_message_with_its_envelope(supervisor: Supervisor, data: Path) -> None:
    sink = MailSink(data)
    supervisor.start(sink.child())
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Prüfung", "a@holdfast.example", "ana@acme.example"
    message.set_content("Grüße\n")
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.send_message(message, to_addrs=["ana@acme.example", "guest@acme.example"])
        client.send_message(message)
    kept = sorted(sink.folder.iterdir())
    assert [path.suffix for path in kept] == [".eml", ".eml"]
    first = BytesParser(policy=default).parsebytes(kept[0].read_bytes())
    assert first["Return-Path"] == "<a@holdfast.example>"
    assert first.get_all("X-Original-To") == ["ana@acme.example", "guest@acme.example"]
    assert (first["Subject"], first.get_content()) == ("Prüfung", "Grüße\r\n")
    assert (data / "logs" / "mail.log").read_text() == ""


def test_ports_stay_the_same_between_starts(supervisor: Supervisor, data: Path) -> None:
    first = EmbeddedRadicale(data)
    supervisor.start(first.child())
    supervisor.stop()
    assert EmbeddedRadicale(data).url == first.url
    assert MailSink(data).port != first.port


def test_calendar_server_has_a_calendar_for_ana_and_for_nobody_else(
    supervisor: Supervisor, data: Path
) -> None:
    radicale = EmbeddedRadicale(data)
    supervisor.start(radicale.child())
    password = radicale.password_file.read_text()
    assert _propfind(radicale, "/ana/", f"ana:{password}")[0] == 207
    status, body = _propfind(radicale, "/ana/", f"ana:{password}")
    assert (status, b"<href>/ana/calendar/</href>" in body) == (207, True)
    assert _propfind(radicale, "/ana/", "ana:wrong")[0] == 401


def _propfind(radicale: EmbeddedRadicale, path: str, user: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", radicale.port, timeout=10 * PATIENCE)
    headers = {"Depth": "1", "Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
    connection.request("PROPFIND", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("google", "Google Calendar"),
        ("microsoft", "Outlook calendar"),
        ("twilio", "Twilio"),
        ("chats", "Chats"),
    ],
)
def test_a_simulated_vendor_says_that_it_is_simulated(
    kind: str, title: str, supervisor: Supervisor, data: Path
) -> None:
    vendor = SimulatedVendor(data, kind)
    supervisor.start(vendor.child())
    assert f"<h1>{title} (simulated)</h1>" in httpx.get(vendor.url, trust_env=False).text
    supervisor.stop()
    assert SimulatedVendor(data, kind).url == vendor.url


def test_an_installation_with_simulated_vendors_names_them_and_lets_them_be_asked(data: Path) -> None:
    make_data_folder(data)
    made = Installation(
        data=data, host="", port=8000, database_url="", owner_database_url="", superuser_database_url="",
        broker_url="", smtp_url="",
        simulated={"google": "http://127.0.0.1:9101", "microsoft": "http://127.0.0.1:9102"},
    )  # fmt: skip
    given = made.application_environment()
    assert given["HOLDFAST_MICROSOFT_SIMULATOR"] == "http://127.0.0.1:9102"
    assert given["HOLDFAST_MICROSOFT_CLIENT_ID"] == given["HOLDFAST_GOOGLE_CLIENT_ID"] == "simulated"
    assert given["HOLDFAST_HTTP_ALLOW"].split(",")[-2:] == ["127.0.0.1:9101", "127.0.0.1:9102"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "1123"), ({"HOLDFAST_WEB_WORKERS": "many"}, "1123"), ({"HOLDFAST_WEB_WORKERS": "5"}, "561")],
)
def test_sessions_know_as_many_businesses_as_the_memory_beside_our_own_database_allows(
    data: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(memory, "_memory", lambda: 25_265_000_000)
    monkeypatch.delenv("HOLDFAST_PROCESS_TENANTS", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    make_data_folder(data)
    made = Installation(
        data=data, host="", port=8000, database_url="", owner_database_url="", superuser_database_url="postgresql://",
        broker_url="", smtp_url="",
    )  # fmt: skip
    assert made.application_environment()["HOLDFAST_PROCESS_TENANTS"] == expected
    monkeypatch.setenv("HOLDFAST_PROCESS_TENANTS", "7")
    assert made.application_environment()["HOLDFAST_PROCESS_TENANTS"] == "7"
    monkeypatch.delenv("HOLDFAST_PROCESS_TENANTS")
    elsewhere = replace(made, superuser_database_url="")
    assert "HOLDFAST_PROCESS_TENANTS" not in elsewhere.application_environment()
