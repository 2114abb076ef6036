"""What another CalDAV client does at a real server of the tests, outside of Holdfast."""

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx

_CALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>{zone}
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""
_ETAGS = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'


@dataclass(frozen=True)
class DavServer:
    """A running server on loopback. `home` is the path below which the user's calendars are, without slashes."""

    port: int
    username: str
    password: str

    @property
    def home(self) -> str:
        return self.username

    @property
    def address(self) -> str:
        """ "host:port" as the settings want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The bare server, as a person types it."""
        return f"http://{self.address}"

    def make_calendar(self, path: str, *, name: str = "Work", time_zone: str = "") -> str:
        """Create a calendar of the user and return its address."""
        zone = f"<C:calendar-timezone>{_vtimezone(time_zone)}</C:calendar-timezone>" if time_zone else ""
        url = f"{self.url}/{self.home}/{path}/"
        self.send("MKCALENDAR", url, _CALENDAR.format(name=name, zone=zone), status=201)
        return url

    def put(self, calendar_url: str, name: str, text: str, *, status: int = 201) -> None:
        """Store a calendar object (line ends are made CRLF); 204 where one stood there."""
        lines = "\r\n".join(text.strip().splitlines()) + "\r\n"
        self.send("PUT", f"{calendar_url}{name}.ics", lines, status=status)

    def remove(self, calendar_url: str, name: str) -> None:
        """Delete a calendar object."""
        self.request("DELETE", f"{calendar_url}{name}").raise_for_status()

    def objects(self, calendar_url: str) -> dict[str, str]:
        """Return the calendar's objects: name -> text."""
        answer = self.request("PROPFIND", calendar_url, _ETAGS, Depth="1")
        hrefs = [each.text or "" for each in ElementTree.fromstring(answer.content).iter("{DAV:}href")]
        names = [href.rsplit("/", 1)[-1] for href in hrefs if href.endswith(".ics")]
        return {name: self.request("GET", f"{calendar_url}{name}").text for name in names}

    def send(self, method: str, url: str, body: str, *, status: int) -> httpx.Response:
        """Send one request as the user; the status must be the one that is expected."""
        answer = self.request(method, url, body)
        assert answer.status_code == status, (method, url, answer.status_code, answer.text[:500])
        return answer

    def request(self, method: str, url: str, body: str = "", **headers: str) -> httpx.Response:
        """Send one request as the user."""
        kind = "text/calendar" if method == "PUT" else "text/xml"
        return httpx.request(
            method,
            url,
            content=body.encode(),
            auth=(self.username, self.password),
            headers={"Content-Type": f"{kind}; charset=utf-8", **headers},
            trust_env=False,
        )


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server takes connections; thirty seconds at most."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"The calendar server did not start: {log.read_text()}")


def _vtimezone(name: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\nBEGIN:VTIMEZONE\r\nTZID:{name}\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
    )
