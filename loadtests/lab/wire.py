"""HTTP/1.1 with keep-alive on a bare socket: a client light enough to count for nothing beside the server."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Got:
    """One answer: its status, its body, and the milliseconds from the first byte sent to the last received."""

    status: int
    body: bytes
    ms: float
    ended_at: float

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object of the answer, empty if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Line:
    """One connection to the server; opened anew when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._left = b""
        self._has_answered = False

    def ask(self, request: bytes) -> Got:
        """Send a whole request and read the whole answer; a dead connection is an answer with status 0.

        Only a line that has answered before is opened anew and asked again, where the server hung up without a byte:
        it may have been closed for its idling. On a new line the first request is never sent twice.
        """
        started = time.perf_counter()
        status, body = self._answer(request, again=self._has_answered)
        ended = time.perf_counter()
        return Got(status, body, (ended - started) * 1000, ended)

    def _answer(self, request: bytes, *, again: bool) -> tuple[int, bytes]:
        try:
            found = self._ask(request)
        except (OSError, ValueError) as error:
            hung_up = isinstance(error, ConnectionError) and not self._left
            self.close()
            return self._answer(request, again=False) if again and hung_up else (0, b"")
        self._has_answered = self._socket is not None
        return found

    def open(self) -> None:
        """Connect now, so that the first request does not have to."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._left = b""

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._has_answered = None, False

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        self.open()
        assert self._socket is not None
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._left:
            self._read()
        head, self._left = self._left.split(b"\r\n\r\n", 1)
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), None)
        if length is None:
            raise ValueError("the answer says no length")
        while len(self._left) < length:
            self._read()
        body, self._left = self._left[:length], self._left[length:]
        if b"connection: close" in lines:
            self.close()
        return int(lines[0].split()[1]), body

    def _read(self) -> None:
        assert self._socket is not None
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError("the server closed the connection")
        self._left += got


def get(site: str, path: str) -> bytes:
    """A GET at a tenant (`bench`), ready to send."""
    return f"GET {path} HTTP/1.1\r\nHost: {site}.localhost\r\nAccept: application/json\r\n\r\n".encode()


def post(site: str, path: str, document: dict[str, Any]) -> bytes:
    """A POST of JSON at a tenant, ready to send."""
    body = json.dumps(document).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {site}.localhost\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def slots_path(event_type: str, *, days: int = 31, ahead: int = 0, host: str = "") -> str:
    """The path of the slots of so many days, from `ahead` days after today."""
    first = datetime.now(UTC).date() + timedelta(days=ahead)
    query = {
        "event_type": event_type,
        "start": first,
        "end": first + timedelta(days=days - 1),
        "time_zone": "UTC",
    }
    return "/api/v1/slots?" + urlencode({**query, "host": host} if host else query)


def open_slots(
    port: int, site: str, event_type: str, *, days: int = 58, host: str = ""
) -> list[dict[str, Any]]:
    """The open slots of the next days, by start."""
    got = Line(port).ask(get(site, slots_path(event_type, days=days, host=host)))
    if got.status != 200:
        raise SystemExit(f"{site}: the slots of {event_type} were answered {got.status}: {got.body[:200]!r}")
    found = [slot for day in got.document["slots"].values() for slot in day]
    return sorted(found, key=lambda slot: str(slot["start"]))


def booking(event_type: str, start: str, host: str = "") -> dict[str, Any]:
    """The body of one client's booking."""
    name = uuid.uuid4().hex[:12]
    wanted = {
        "event_type": event_type, "start": start, "time_zone": "UTC",
        "attendee": {"name": f"Load {name}", "email": f"{name}@load.example"},
    }  # fmt: skip
    return {**wanted, "host": host} if host else wanted


def at_once(port: int, requests: Sequence[bytes]) -> tuple[list[Got], float]:
    """Send each request on a connection of its own, all let go at one moment; answers, and when they were let go.

    Each is sent once: a connection that the server resets is an answer with status 0.
    """
    released: list[float] = []
    gate = threading.Barrier(len(requests) + 1, action=lambda: released.append(time.perf_counter()))
    answers: list[Got] = []

    def client(request: bytes) -> None:
        line = Line(port)
        with suppress(OSError):  # who cannot connect must not keep the others at the gate
            line.open()
        gate.wait()
        answers.append(line.ask(request))
        line.close()

    threads = [threading.Thread(target=client, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    gate.wait()
    for thread in threads:
        thread.join()
    return answers, released[0]


def by_clients(port: int, clients: int, source: Callable[[], bytes | None]) -> tuple[list[Got], float]:
    """So many clients, each asking the next request as soon as it has its answer, until `source` says None."""
    answers: list[Got] = []

    def client() -> None:
        line = Line(port)
        while (request := source()) is not None:
            answers.append(line.ask(request))
        line.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, time.perf_counter() - started
