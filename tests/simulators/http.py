"""A real HTTP server on a free port of loopback whose answers a test writes, faults included."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to answer; `delay_seconds` is before the status line, `drip_seconds` between single body bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0
    raw: bytes | None = None


@dataclass
class Site:
    """The running server: `port`, what it `seen`, and `answer`, which a test may replace at any time."""

    port: int
    answer: Callable[[Seen], Answer]
    seen: list[Seen] = field(default_factory=list)

    @property
    def address(self) -> str:
        """ "host:port" as the settings want it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        """An http URL of this server."""
        return f"http://{self.address}{path}"


@contextmanager
def http_site(
    answer: Callable[[Seen], Answer] = lambda seen: Answer(body=b"ok"), *, tls: ssl.SSLContext | None = None
) -> Iterator[Site]:
    """Run a server for the block, over TLS if asked; `answer` decides each answer from the request."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site = Site(port=server.server_address[1], answer=answer)
    server.site = site  # type: ignore[attr-defined]  # the handler finds its site through its server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _respond(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k.lower(): v for k, v in self.headers.items()}
        headers["x-peer-port"] = str(self.client_address[1])  # which connection it came by
        seen = Seen(self.command, self.path, headers, body)
        site.seen.append(seen)
        answer = site.answer(seen)
        time.sleep(answer.delay_seconds)
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        if not answer.drip_seconds:
            self.wfile.write(answer.body)
            return
        for byte in answer.body:
            self.wfile.write(bytes((byte,)))
            time.sleep(answer.drip_seconds)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - http.server looks them up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet: tests read `seen`."""
