"""People with browsers in a built-in room, and what their browsers really receive (getStats).

Bookings start at least an hour ahead, and the product has no door around that: the test puts a room that is
open now beside a booked meeting, with the superuser's hand.
"""

import json
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.patience import PATIENCE
from tests.running import Running, eventually

FAKE_CAMERA = "--use-fake-device-for-media-stream=fps=5"  # few pictures: four people share one machine
ALLOW_CAMERA = "--use-fake-ui-for-media-stream"
LAUNCH = {"executable_path": "/usr/bin/chromium"}
PATIENCE_MS = PATIENCE * 60_000  # four browsers that encode and decode pictures on one machine

# Keeps every connection that the page makes, so that the test can ask it what it received.
_WATCH = """
window.connections = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""
_RECEIVED = """
async () => {
  const live = window.connections.filter((each) => each.connectionState === "connected");
  return Promise.all(live.map(async (each) => {
    const stats = [...(await each.getStats()).values()];
    const inbound = (kind) => stats.find((one) => one.type === "inbound-rtp" && one.kind === kind) ?? {};
    const transport = stats.find((one) => one.type === "transport") ?? {};
    const pair = stats.find((one) => one.id === transport.selectedCandidatePairId) ?? {};
    const type = (id) => (stats.find((one) => one.id === id) ?? {}).candidateType ?? "";
    return {
      audio: inbound("audio").bytesReceived ?? 0, video: inbound("video").bytesReceived ?? 0,
      frames: inbound("video").framesDecoded ?? 0,
      pair: [type(pair.localCandidateId), type(pair.remoteCandidateId)],
    };
  }));
}
"""


@dataclass
class Someone:
    """A person with a browser of their own at the room's page."""

    page: Page
    address: str
    context: BrowserContext
    errors: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Open the room's link."""
        self.page.goto(self.address)

    def ask(self, name: str) -> None:
        """Say a name and ask to come in."""
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name=re.compile("^(Ask to join|Join as host)$")).click()

    def admit(self, name: str) -> None:
        """Let somebody in."""
        self.page.get_by_role("button", name=f"Admit {name}").click()

    def see_heading(self, words: str) -> None:
        """Wait for the page's title in this stage."""
        expect(self.page.get_by_role("heading", level=1, name=words)).to_be_visible(timeout=PATIENCE_MS)

    def received(self) -> list[dict[str, Any]]:
        """Return, per connected peer: bytes of audio and video, frames decoded, the kinds of the candidate pair."""
        answer: list[dict[str, Any]] = self.page.evaluate(_RECEIVED)
        return answer

    def hears_and_sees(self, others: int, *, seconds: float = 60) -> bool:
        """Say whether sound and pictures of this many people arrive and go on arriving."""
        first: list[dict[str, Any]] = []

        def flows() -> bool:
            nonlocal first
            now = self.received()
            if len(now) != others or len(first) != others:
                first = now
                return False
            pairs = list(zip(first, now, strict=True))
            return all(new[kind] > old[kind] for old, new in pairs for kind in ("audio", "video", "frames"))

        return bool(eventually(flows, seconds=seconds, every=0.5))

    def sees(self) -> bool:
        """Say whether anybody's picture arrives."""
        return any(each["frames"] for each in self.received())

    def tile(self, name: str) -> Any:
        """Return the tile of somebody."""
        return self.page.locator(".tile", has_text=name)


@dataclass
class Meeting:
    """An open room of Ana's at Acme, and the people whom the test brings."""

    demo: Running
    browser: Browser
    token: str
    people: list[Someone] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The link."""
        return f"http://acme.localhost:{self.demo.port}/room/{self.token}/"

    def someone(self, *, width: int = 1280, browser: Browser | None = None, **more: Any) -> Someone:
        """Somebody with a fresh browser profile; what the page logs as an error is kept."""
        context = (browser or self.browser).new_context(viewport={"width": width, "height": 800}, **more)
        context.add_init_script(_WATCH)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        person = Someone(page, self.address, context)
        page.on("pageerror", lambda error: person.errors.append(str(error)))
        page.on(
            "console",
            lambda said: person.errors.append(said.text) if said.type in ("error", "warning") else None,
        )
        self.people.append(person)
        return person

    def host(self, **more: Any) -> Someone:
        """Ana, who follows the room's own way for hosts: sign in, then join."""
        ana = self.someone(**more)
        ana.open()
        ana.page.get_by_role("link", name="Sign in to join as host").click()
        passwords = {
            each["email"]: each["password"] for each in json.loads((self.demo.data / "demo.json").read_text())
        }
        ana.page.get_by_label("E-mail").fill("ana@acme.example")
        ana.page.get_by_label("Password").fill(passwords["ana@acme.example"])
        ana.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(ana.page).to_have_url(self.address, timeout=PATIENCE_MS)
        ana.ask("Ana")
        expect(ana.page.locator("#call")).to_be_visible(timeout=PATIENCE_MS)
        return ana

    def guest(self, name: str, host: Someone, **more: Any) -> Someone:
        """Somebody whom the host let in."""
        person = self.someone(**more)
        person.open()
        person.ask(name)
        host.admit(name)
        expect(person.page.locator("#call")).to_be_visible(timeout=PATIENCE_MS)
        return person

    def rows(self) -> list[dict[str, Any]]:
        """Return what the database knows of the people in this room."""
        query = """SELECT p.name FROM providers_roomparticipant p
                   JOIN providers_room r ON r.id = p.room_id WHERE r.token = %s"""
        return self.demo.rows("acme", query, self.token)

    def close(self) -> None:
        """Close every browser profile; nobody's page may have logged an error."""
        for person in self.people:
            with suppress(Exception):
                person.context.close()
        errors = [error for person in self.people for error in person.errors]
        assert not errors, errors


def open_room(demo: Running, browser: Browser, *, minutes: int = 30) -> Meeting:
    """Book a meeting with Ana, and put a room that is open now beside it."""
    first = datetime.now(UTC).date() + timedelta(days=25)
    starts = demo.slots("acme", "intro-call", first.isoformat(), (first + timedelta(days=5)).isoformat())
    booked = demo.book("acme", "intro-call", starts[-1], wait=20).json()
    assert booked["status"] == "confirmed", booked
    token = secrets.token_urlsafe(24)
    demo.rows(
        "acme",
        """INSERT INTO providers_room (key, token, meeting_uid, title, starts_at, ends_at, opens_at, closes_at,
                                       secret, created_at)
           SELECT %s, %s, m.uid, 'Intro call', now(), now() + %s, now() - interval '1 minute', now() + %s, 'x', now()
           FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id WHERE b.uid = %s RETURNING id""",
        f"test-{token}", token, timedelta(minutes=minutes), timedelta(minutes=minutes), booked["uid"],
    )  # fmt: skip
    return Meeting(demo, browser, token)
