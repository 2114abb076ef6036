"""What the simulators of Google and Microsoft share: an HTTP server with routes, a log, and faults on demand.

Every simulator keeps its state in memory, answers documented JSON, and refuses what the vendor refuses. It runs in
a thread of a test (`with served(…)`), or as a process of the demo (`python -m tests.simulators.google --port 9101`).
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `query` and `form` hold the last value of each name, `match` the path's parts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    match: tuple[str, ...] = ()

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return _last(self.body.decode())

    def json(self) -> Any:
        """The body as JSON; raises ValueError."""
        return json.loads(self.body or b"null")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered. `json` wins over `body`."""

    status: int = 200
    json: Any = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """The bytes of the body."""
        return json.dumps(self.json).encode() if self.json is not None else self.body.encode()


@dataclass
class Fault:
    """What goes wrong for the next `times` requests whose "METHOD /path" contains `where`.

    `slow`: seconds before the answer; `reply` instead of the real answer; `after`: the real work is done first, and
    its answer is lost; `drop`: the connection is cut without an answer.
    """

    where: str = ""
    times: int = 1
    slow: float = 0.0
    reply: Reply | None = None
    drop: bool = False
    after: bool = False


class Refused(Exception):
    """The simulator's own way out of a handler, with the vendor's error answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


Handler = Callable[[Request], Reply]


class Simulator:
    """Routes, log and faults. Subclasses add routes in `__init__` and hold their state under `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self.base_url = ""

    def route(self, method: str, pattern: str, handler: Handler) -> None:
        """Answer `method` at paths that match; "*" stands for one part, its percent-encoding undone."""
        parts = "".join("([^/]+)" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern))
        self.routes.append((method, re.compile(parts), handler))

    def asked(self, where: str) -> int:
        """Return how many requests contained this in "METHOD /path"."""
        return sum(where in line for line in self.log)

    def fail(self, where: str = "", **changes: Any) -> Fault:
        """Let something go wrong; see Fault."""
        fault = Fault(where=where, **changes)
        self.faults.append(fault)
        return fault

    def answer(self, request: Request) -> Reply | None:
        """Return the reply, None to cut the connection."""
        line = f"{request.method} {request.path}"
        with self.lock:
            self.log.append(line)
            fault = next((each for each in self.faults if each.where in line and each.times > 0), None)
            if fault is not None:
                fault.times -= 1
        if fault is not None and fault.slow:
            time.sleep(fault.slow)
        if fault is not None and not fault.after and (fault.drop or fault.reply):
            return None if fault.drop else fault.reply
        reply = self._handled(request)
        if fault is not None and fault.after:
            return None if fault.drop else fault.reply
        return reply

    def _handled(self, request: Request) -> Reply:
        for method, pattern, handler in self.routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                parts = tuple(unquote(part) for part in found.groups())
                try:
                    with self.lock:
                        return handler(
                            Request(
                                request.method,
                                request.path,
                                request.query,
                                request.headers,
                                request.body,
                                parts,
                            )
                        )
                except Refused as refused:
                    return refused.reply
        return Reply(status=404, json={"error": {"code": 404, "message": "Not Found"}})


S = TypeVar("S", bound=Simulator)


@contextmanager
def served(simulator: S, *, port: int = 0) -> Iterator[S]:
    """Serve a simulator on loopback for the block; `base_url` says where."""
    server = _Server(("127.0.0.1", port), _Handler)
    server.simulator = simulator
    simulator.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield simulator
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def serve_forever(simulator: Simulator, *, port: int) -> None:
    """Serve a simulator until the process is told to end."""
    with served(simulator, port=port):
        print(f"{type(simulator).__name__} at {simulator.base_url}", flush=True)
        threading.Event().wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    simulator: Simulator

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _respond(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.command, parts.path, _last(parts.query), headers, self.rfile.read(length) if length else b""
        )
        reply = self.server.simulator.answer(request)
        if reply is None:
            self.close_connection = True
            return
        content = reply.content()
        self.send_response(reply.status)
        kind = "application/json" if reply.json is not None else "text/html; charset=utf-8"
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if reply.status not in (204, 304) and self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet: tests read `log`."""


def _last(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
