"""A CalDAV server that takes its time: every question is answered with the same busy events, after 300 ms."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECONDS = 0.3
_EVENTS = 10
_WHO = (
    "<response><href>{path}</href><propstat><prop>{props}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    "</response>"
)
_CALENDAR = (
    "<resourcetype><collection/><C:calendar/></resourcetype><displayname>Work</displayname>"
    "<sync-token>http://provider.example/1</sync-token>"
)


class Provider(ThreadingHTTPServer):
    """The running server: how many requests came, and how many of them waited at once at most."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._waiting = 0
        self.asked = 0
        self.most_at_once = 0

    @property
    def address(self) -> str:
        """ "host:port"."""
        return f"127.0.0.1:{self.server_address[1]}"

    def forget(self) -> None:
        """Count from nothing."""
        with self._lock:
            self.asked = self.most_at_once = 0

    def wait(self) -> None:
        """Let a request take its time, and count it."""
        with self._lock:
            self.asked += 1
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
        threading.Event().wait(self.seconds)
        with self._lock:
            self._waiting -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.wait()
        if self.command == "REPORT":
            inner = "".join(_event(self.path, number) for number in range(_EVENTS))
        else:
            inner = _WHO.format(path=self.path, props=_CALENDAR)
        body = f'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{inner}</multistatus>'.encode()
        self.send_response(207)
        self.send_header("Content-Type", "application/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PROPFIND = do_REPORT = _answer  # noqa: N815 - http.server looks them up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Stay quiet."""


def _event(path: str, number: int) -> str:
    start = (datetime.now(UTC) + timedelta(days=number)).replace(hour=12, minute=0, second=0)
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Provider//EN", "BEGIN:VEVENT", f"UID:{number}@provider.example",
        "DTSTAMP:20260101T000000Z", f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", "SUMMARY:Busy",
        "END:VEVENT", "END:VCALENDAR",
    )  # fmt: skip
    text = "\r\n".join(itertools.chain(lines, ("",))).replace("\r\n", "&#13;\n")
    props = f'<getetag>"{number}"</getetag><C:calendar-data>{text}</C:calendar-data>'
    return _WHO.format(path=f"{path}{number}.ics", props=props)


@contextmanager
def slow_provider() -> Iterator[Provider]:
    """Run the server for the block; it answers at once until `seconds` is set."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
