"""A proxy before a real CalDAV server that can be slow, broken or wrong; it keeps what it was asked."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Passed:
    """One answer on its way to the client: a fault may change it."""

    status: int
    headers: dict[str, str]
    body: bytes
    announced: int | None = None


Fault = Callable[[str, str, Passed], Passed | None]


@dataclass
class Proxy:
    """The running proxy. `fault(method, path, answer)` changes an answer; None closes the connection.

    `username` is whom the test signs in as; `blocked` methods, and what `refuses(method, path)`, never reach the
    server; `seen` holds (method, path, Authorization) of every request.
    """

    port: int
    target: int
    username: str = "ana"
    fault: Fault | None = None
    blocked: frozenset[str] = frozenset()
    refuses: Callable[[str, str], bool] = lambda method, path: False
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """ "host:port" as the settings want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The bare address."""
        return f"http://{self.address}"


def answering(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Every request gets this answer."""
    return lambda method, path, answer: Passed(status, {"Content-Type": "text/html", **headers}, body)


def after(seconds: float) -> Fault:
    """Every answer is late."""

    def wait(method: str, path: str, answer: Passed) -> Passed:
        time.sleep(seconds)
        return answer

    return wait


def truncated(method: str, path: str, answer: Passed) -> Passed:
    """Half of the body arrives, then the connection ends."""
    return Passed(answer.status, answer.headers, answer.body[: len(answer.body) // 2], len(answer.body))


def halved(method: str, path: str, answer: Passed) -> Passed:
    """Half of the body arrives as if it were all."""
    return Passed(answer.status, answer.headers, answer.body[: len(answer.body) // 2])


def silent(method: str, path: str, answer: Passed) -> Passed | None:
    """The connection closes without an answer."""
    return None


def replacing(old: bytes, new: bytes) -> Fault:
    """The answer's bytes are changed; the fault must have had something to change."""

    def replace(method: str, path: str, answer: Passed) -> Passed:
        return Passed(answer.status, answer.headers, answer.body.replace(old, new))

    return replace


def only(method: str, fault: Fault) -> Fault:
    """The fault meets requests of one method; the others pass."""
    return lambda asked, path, answer: fault(asked, path, answer) if asked == method else answer


@contextmanager
def caldav_proxy(target: int) -> Iterator[Proxy]:
    """Run a proxy before the server on loopback's port `target`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    proxy = Proxy(port=server.server_address[1], target=target)
    server.proxy = proxy  # type: ignore[attr-defined]  # the handler finds its proxy through its server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy.seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        is_blocked = proxy.refuses(self.command, self.path) or self.command in proxy.blocked
        answer = Passed(502, {}, b"") if is_blocked else self._forwarded(proxy.target, body)
        passed = proxy.fault(self.command, self.path, answer) if proxy.fault else answer
        self.close_connection = True
        if passed is None:
            return
        try:
            self._send(passed)
        except (BrokenPipeError, ConnectionResetError):
            return

    def _forwarded(self, target: int, body: bytes) -> Passed:
        inner = http.client.HTTPConnection("127.0.0.1", target, timeout=10)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        inner.request(self.command, self.path, body=body, headers=headers)
        answer = inner.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() in _KEPT}
        passed = Passed(answer.status, kept, answer.read())
        inner.close()
        return passed

    def _send(self, passed: Passed) -> None:
        self.send_response(passed.status)
        for name, value in passed.headers.items():
            self.send_header(name, value)
        length = passed.announced if passed.announced is not None else len(passed.body)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(passed.body)

    do_GET = do_PUT = do_DELETE = do_PROPFIND = do_REPORT = _pass_on  # noqa: N815 - http.server looks them up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet: tests read `seen`."""


_KEPT = {"content-type", "etag", "location", "www-authenticate", "retry-after", "dav"}
