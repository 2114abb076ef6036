"""The guarded client reaches what is public only, in bounded time and size, and fails in four ways."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.connecting import GuardedNetwork
from kernel.http import (
    ForbiddenAddress,
    GuardedClient,
    TimedOut,
    TooLarge,
    Unreachable,
    guarded_client,
    own_address_client,
)
from tests.simulators.certificates import certificate
from tests.simulators.http import Answer, Site, http_site

FORBIDDEN_HOSTS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.8",
    "198.18.0.1",
    "203.0.113.5",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[2001:db8::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[ff02::1]",
    "[100::1]",
]


@pytest.fixture
def site() -> Iterator[Site]:
    with http_site() as running:
        yield running


@pytest.fixture
def allowed(site: Site, settings: object) -> Site:
    settings.HOLDFAST_HTTP_ALLOW = (site.address,)  # type: ignore[attr-defined]
    return site


@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
def test_every_form_of_a_private_address_is_refused_before_anything_is_sent(host: str, site: Site) -> None:
    with guarded_client() as client, pytest.raises(ForbiddenAddress):
        client.get(f"http://{host}:{site.port}/")
    assert site.seen == []


def test_a_name_is_refused_when_any_of_its_addresses_is_private(site: Site) -> None:
    def both(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with guarded_client(resolver=both) as client, pytest.raises(ForbiddenAddress) as refused:
        client.get(f"http://rebind.example:{site.port}/")
    assert refused.value.message == "rebind.example is not a public address on the internet."
    assert site.seen == []


def test_a_rebinding_name_is_looked_up_once_and_reached_only_where_it_was_checked(site: Site) -> None:
    answers = iter([["192.88.98.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    network = GuardedNetwork(resolver=rebinding, allowed=frozenset())
    assert network._addresses("rebind.example", site.port, time.monotonic() + 5) == [
        ("192.88.98.1", site.port)
    ]
    assert asked == [
        "rebind.example"
    ]  # the connection takes the address itself, and no name is looked up again
    with guarded_client(resolver=rebinding) as client, pytest.raises(ForbiddenAddress):
        client.get(f"http://rebind.example:{site.port}/")
    assert site.seen == []


def test_the_platforms_allow_list_opens_one_host_and_port_only(allowed: Site) -> None:
    with http_site() as other, guarded_client() as client:
        assert client.get(allowed.url("/a?b=c")).text == "ok"
        with pytest.raises(ForbiddenAddress):
            client.get(other.url())
        with pytest.raises(ForbiddenAddress):
            client.get(f"http://localhost:{allowed.port}/")
        assert other.seen == []
    assert [(seen.method, seen.path, seen.headers["host"]) for seen in allowed.seen] == [
        ("GET", "/a?b=c", allowed.address)
    ]


def test_a_redirect_is_an_answer_and_is_not_followed(allowed: Site) -> None:
    allowed.answer = lambda seen: Answer(status=302, headers={"Location": "http://169.254.169.254/"})
    with guarded_client() as client:
        assert client.get(allowed.url()).status_code == 302
        with pytest.raises(ForbiddenAddress):
            client.get(allowed.url(), follow_redirects=True)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://x/",
        "//example.org/",
        "http:///",
        "http://8.8.8.8:99999/",
        "",
    ],
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with guarded_client() as client, pytest.raises(ForbiddenAddress):
        client.get(url)


def test_an_answer_of_exactly_the_limit_passes_and_one_byte_more_does_not(allowed: Site) -> None:
    with guarded_client(max_bytes=100) as client:
        allowed.answer = lambda seen: Answer(body=b"x" * 100)
        assert client.get(allowed.url()).content == b"x" * 100
        allowed.answer = lambda seen: Answer(body=b"x" * 101)
        with pytest.raises(TooLarge) as refused:
            client.get(allowed.url())
    assert refused.value.message == "The answer is larger than 100 bytes."


def test_a_compressed_answer_is_refused_unread(allowed: Site) -> None:
    allowed.answer = lambda seen: Answer(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with guarded_client() as client, pytest.raises(TooLarge):
        client.get(allowed.url())
    assert allowed.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(delay_seconds=1.5),
        Answer(body=b"x" * 100, drip_seconds=0.1),
        Answer(body=b"x" * 100, drip_seconds=0.1, raw=None, headers={"X-Slow": "1"}),
    ],
    ids=["says nothing", "one byte at a time", "headers first"],
)
def test_the_deadline_is_for_the_whole_request(allowed: Site, answer: Answer) -> None:
    allowed.answer = lambda seen: answer
    started = time.monotonic()
    with guarded_client(timeout_seconds=0.4) as client, pytest.raises(TimedOut):
        client.get(allowed.url())
    assert time.monotonic() - started < 1.2


def test_a_name_that_is_looked_up_slowly_times_out() -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(1.5)
        return ["93.184.216.34"]

    with guarded_client(timeout_seconds=0.2, resolver=slow) as client, pytest.raises(TimedOut):
        client.get("http://slow.example/")


def test_a_secure_connection_fed_byte_by_byte_times_out(settings: object) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{port}",)  # type: ignore[attr-defined]

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                for byte in b"\x16\x03\x03\x40\x00" + b"\x02" * 100:
                    connection.send(bytes((byte,)))
                    time.sleep(0.1)
            except OSError:
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    started = time.monotonic()
    with guarded_client(timeout_seconds=0.4) as client, pytest.raises(TimedOut):
        client.get(f"https://127.0.0.1:{port}/")
    assert time.monotonic() - started < 1.2
    listener.close()


def test_nobody_listening_an_unknown_name_and_rubbish_are_unreachable(
    allowed: Site, settings: object
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{port}", allowed.address)  # type: ignore[attr-defined]

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with guarded_client() as client, pytest.raises(Unreachable):
        client.get(f"http://127.0.0.1:{port}/")
    with guarded_client(resolver=unknown) as client, pytest.raises(Unreachable) as refused:
        client.get("http://nowhere.example/")
    assert refused.value.message == "The name nowhere.example could not be found."
    for raw in (b"no http at all\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"):
        allowed.answer = lambda seen, raw=raw: Answer(raw=raw)  # type: ignore[misc]
        with guarded_client() as client, pytest.raises(Unreachable):
            client.get(allowed.url())


def test_no_proxy_of_the_environment_is_used(allowed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with http_site() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        monkeypatch.setenv("ALL_PROXY", proxy.url())
        with guarded_client() as client:
            assert client.get(allowed.url()).text == "ok"
        assert proxy.seen == []


def test_the_certificate_is_checked_against_the_name_not_the_address(
    tmp_path: Path, settings: object
) -> None:
    pem, context = certificate(tmp_path, "calendar.example")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings.HOLDFAST_HTTP_ALLOW = (f"calendar.example:{port}", f"other.example:{port}")  # type: ignore[attr-defined]

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(4096)
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            except (ssl.SSLError, OSError):
                continue

    threading.Thread(target=serve, daemon=True).start()

    def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with guarded_client(resolver=here, verify=ssl.create_default_context(cafile=str(pem))) as client:
        assert client.get(f"https://calendar.example:{port}/").text == "ok"
        with pytest.raises(Unreachable):
            client.get(f"https://other.example:{port}/")
    listener.close()


def test_our_own_address_is_reached_with_the_hosts_name_and_for_our_hosts_only(site: Site) -> None:
    def own() -> GuardedClient:
        return own_address_client(is_own_host=lambda host: host == "acme.localhost", address=site.address)

    with own() as client:
        assert client.get("http://Acme.localhost:8000/room/abc/?x=1").text == "ok"
        assert client.get("https://acme.localhost/secure").text == "ok"
        for url in ("http://evil.example/", "http://127.0.0.1/", "http://acme.localhost.evil.example/"):
            with pytest.raises(ForbiddenAddress):
                client.get(url)
    assert [(s.path, s.headers["host"], s.headers["x-forwarded-proto"]) for s in site.seen] == [
        ("/room/abc/?x=1", "acme.localhost:8000", "http"),
        ("/secure", "acme.localhost", "https"),
    ]


def test_a_status_is_an_answer_and_a_body_is_sent(allowed: Site) -> None:
    allowed.answer = lambda seen: Answer(status=503, body=b"later")
    with guarded_client() as client:
        answer = client.post(allowed.url("/hook"), content=b"{}", headers={"X-Id": "7"})
    assert (answer.status_code, answer.text) == (503, "later")
    seen = allowed.seen[0]
    assert (seen.method, seen.body, seen.headers["x-id"]) == ("POST", b"{}", "7")
