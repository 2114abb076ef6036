"""A server that speaks as much of the API as a load test asks for, and answers as a test wants; writes nothing."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, Any]]  # status, document
REFUSED: Answer = (409, {"code": "slot_taken", "alternatives": [{"start": "2030-01-07T09:00:00Z"}]})
BOOKED: Answer = (201, {"uid": "x", "status": "confirmed", "host": "a", "manage_url": "http://a/m/token"})


def honest(site: str, method: str, path: str) -> Answer:
    """What a server says that can do all that it is asked; the base of every other behaviour."""
    if path.startswith("/api/v1/slots"):
        return 200, {"time_zone": "UTC", "slots": _slots()}
    if path == "/api/v1/bookings":
        return BOOKED
    return 200, {}


def _slots() -> dict[str, list[dict[str, Any]]]:
    """16 half hours of one host on each of the next 10 days."""
    first = (datetime.now(UTC) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    half = timedelta(minutes=30)
    days = [first + timedelta(days=number) for number in range(10)]
    return {
        day.date().isoformat(): [
            {"start": (day + half * n).isoformat(), "end": (day + half * (n + 1)).isoformat(), "hosts": ["a"]}
            for n in range(16)
        ]
        for day in days
    }


@contextmanager
def fake_server(answer: Callable[[str, str, str], Answer]) -> Iterator[int]:
    """Serve on a free port of this machine for the block; `answer` gets the site, the method and the path.

    Each request has a thread of its own, so an answer may sleep.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            site = str(self.headers.get("Host", "")).split(":")[0]
            status, document = answer(site, self.command, self.path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  as http.server calls it

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 256

    with Server(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()
