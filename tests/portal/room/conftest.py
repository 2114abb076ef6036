"""A room of Acme's that is open now, and people at its door."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.api import User
from booking.api import Meeting, MeetingHost
from kernel.clock import now
from providers.api import MeetingRequest, Room, meeting_provider
from tests.booking.scene import booked, workday
from tests.database import World


@dataclass
class Guest:
    """Somebody's page in a room: it asks, and remembers what a page remembers."""

    http: Client
    token: str
    ticket: str = ""
    peer: str = ""
    epoch: int = 1
    number: int = 0
    after: int = 0
    line_after: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)

    def post(self, what: str, body: Any, **headers: str) -> HttpResponse:
        """Post to an address of the room, with the ticket if there is one."""
        if self.ticket:
            headers.setdefault("authorization", f"Bearer {self.ticket}")
        return self.http.post(
            f"/room/{self.token}/{what}", body, content_type="application/json", headers=headers
        )

    def join(self, name: str = "Ben", **more: Any) -> HttpResponse:
        """Ask to come in, and keep the ticket."""
        answer = self.post("join", {"name": name, **more})
        if answer.status_code == 201:
            said = answer.json()
            self.ticket, self.peer, self.epoch = said["ticket"], said["me"]["peer"], said["me"]["epoch"]
        return answer

    def exchange(self, **said: Any) -> HttpResponse:
        """Exchange once, from where this page is."""
        body = {"epoch": self.epoch, "after": self.after, "line_after": self.line_after, **said}
        return self.post("signal", body)

    def hear(self, **said: Any) -> dict[str, Any]:
        """Exchange once and return the answer; what was read is not asked for again."""
        answer = self.exchange(**said)
        assert answer.status_code == 200, answer.content
        heard: dict[str, Any] = answer.json()
        self.after = max([self.after, *(each["id"] for each in heard["signals"])])
        self.line_after = max([self.line_after, *(each["id"] for each in heard["lines"])])
        return heard

    def say(self, to: "Guest", body: str, kind: str = "description", **more: Any) -> dict[str, Any]:
        """Send one message to somebody's page."""
        self.number += 1
        signal = {"number": self.number, "to": to.peer, "to_epoch": to.epoch, "kind": kind, "body": body}
        return self.hear(signals=[{**signal, **more}])

    def state(self) -> str:
        """Return what the room says this page is: waiting, admitted, denied, removed."""
        return str(self.hear()["me"]["state"])


@dataclass
class Scene:
    """An open room of Acme's intro call with Ana, and how to get people to it."""

    world: World
    room: Room
    client_for: Callable[..., Client]

    def guest(self, name: str = "Ben", *, host: str = "acme.localhost", room: Room | None = None) -> Guest:
        """Somebody at the door."""
        guest = Guest(self.client_for(host), (room or self.room).token)
        assert guest.join(name).status_code == 201
        return guest

    def host(self, email: str = "ana@acme.example") -> Guest:
        """A host, signed in, inside."""
        guest = Guest(self.signed_in(email), self.room.token)
        assert guest.join("Ana", host_pass=self.pass_of(guest.http)).status_code == 201
        return guest

    def signed_in(self, email: str) -> Client:
        """A browser with a session of Acme's."""
        client = self.client_for("acme.localhost")
        with self.world.enter("acme"):
            client.force_login(User.objects.get(email=email))
        return client

    def pass_of(self, client: Client, room: Room | None = None) -> str:
        """Read the pass that the room's page gives to this browser, "" for none."""
        page = client.get(f"/room/{(room or self.room).token}/")
        assert page.context is not None
        return str(page.context["host_pass"])

    def admitted(self, host: Guest, name: str = "Ben") -> Guest:
        """Somebody whom the host let in."""
        guest = self.guest(name)
        assert host.post("door", {"decision": "admit", "peer": guest.peer}).status_code == 200
        return guest

    def age(self, guest: Guest, by: timedelta) -> None:
        """Let a participant's page have been silent for this long."""
        with self.world.enter("acme"):
            mine = self.room.participants.get(peer=guest.peer)
            mine.seen_at -= by
            mine.save()


def make_room(world: World, *, starts_at: datetime, key: str = "k1", meeting: str = "meeting-1") -> Room:
    """A room of Acme's for half an hour; whole seconds, as meetings have."""
    start = starts_at.replace(microsecond=0)
    request = MeetingRequest(
        key=key,
        meeting_uid=meeting,
        title="Intro call <i>",
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
    )
    with world.enter("acme"):
        meeting_provider("built_in_room").create(request, now=now())
        return Room.objects.get(key=key)


@pytest.fixture
def scene(world: World, client_for: Callable[..., Client]) -> Scene:
    """The open room of a meeting that Ana hosts."""
    with world.enter("acme"):
        meeting = booked("intro-call", workday(11)).meeting
        assert MeetingHost.objects.filter(meeting=Meeting.objects.get(pk=meeting.pk)).count() == 1
    return Scene(world, make_room(world, starts_at=now(), meeting=meeting.uid), client_for)
