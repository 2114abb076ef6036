"""A real Radicale on loopback, its accounts in an htpasswd file, its calendars in a folder of the test's."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

_CALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>{zone}
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


@dataclass(frozen=True)
class Radicale:
    """The running server; the methods are another CalDAV client's doing, outside of Holdfast."""

    port: int
    username: str
    password: str
    folder: Path

    @property
    def address(self) -> str:
        """ "host:port" as the settings want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The bare server, as a person types it."""
        return f"http://{self.address}"

    def with_account(self, username: str) -> "Radicale":
        """Add an account, with the same password and no calendars; return the server as that account sees it."""
        with (self.folder.parent / "users").open("a") as users:
            users.write(f"{username}:{self.password}\n")
        return replace(self, username=username)

    def make_calendar(self, path: str, *, name: str = "Work", time_zone: str = "") -> str:
        """Create a calendar of the user and return its address."""
        zone = f"<C:calendar-timezone>{_vtimezone(time_zone)}</C:calendar-timezone>" if time_zone else ""
        url = f"{self.url}/{self.username}/{path}/"
        self.send("MKCALENDAR", url, _CALENDAR.format(name=name, zone=zone), status=201)
        return url

    def put(self, calendar_url: str, name: str, text: str) -> None:
        """Store a calendar object (line ends are made CRLF)."""
        lines = "\r\n".join(text.strip().splitlines()) + "\r\n"
        self.send("PUT", f"{calendar_url}{name}.ics", lines, status=201)

    def objects(self, calendar_url: str) -> dict[str, str]:
        """Return the calendar's objects as files in the storage folder: name -> text."""
        path = calendar_url.removeprefix(self.url).strip("/")
        folder = self.folder / "collection-root" / path
        return {each.name: each.read_bytes().decode() for each in folder.glob("*.ics")}

    def send(self, method: str, url: str, body: str, *, status: int) -> httpx.Response:
        """Send one request as the user; the status must be the one that is expected."""
        auth = (self.username, self.password)
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        content = body.encode()
        answer = httpx.request(method, url, content=content, auth=auth, headers=headers, trust_env=False)
        assert answer.status_code == status, (method, url, answer.status_code, answer.text[:500])
        return answer


@contextmanager
def radicale(folder: Path, *, username: str = "ana", password: str = "correct horse") -> Iterator[Radicale]:
    """Run a Radicale for the block, its data below `folder`."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users").write_text(f"{username}:{password}\nmallory:other password\n")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {folder / 'users'}\n"
        "htpasswd_encryption = plain\ndelay = 0\n"
        f"[storage]\nfilesystem_folder = {folder / 'data'}\n"
        "[web]\ntype = none\n[logging]\nlevel = warning\n"
    )
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "log")
            yield Radicale(port=port, username=username, password=password, folder=folder / "data")
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"Radicale did not start: {log.read_text()}")


def _vtimezone(name: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VTIMEZONE\r\nTZID:{name}\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
    )
