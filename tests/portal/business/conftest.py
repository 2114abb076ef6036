"""The people of every page: Alice owns Acme, Ana is one of its hosts, Nora owns another business."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from audit.api import Actor
from booking.api import Attendee, Booking, Host, Resource, Slot, book, get_event_type, slots
from jobs.api import drain
from kernel.clock import now as clock_now
from tests.database import World
from tests.simulators.smtp import MailSink, mail_sink

ClientFor = Callable[[str], Client]
CLIENT = Actor(type="client", id="test-visitor")
ZONE = "Europe/Lisbon"


@dataclass
class Office:
    """Acme at work: books for clients, and performs what is due, mails included."""

    world: World
    sink: MailSink

    def open_slots(self, event_type: str = "site-visit") -> list[Slot]:
        """Return what is open from three days on, soonest first."""
        with self.world.enter("acme"):
            now = clock_now()
            first = (now + timedelta(days=3)).date()
            page = slots(
                get_event_type(event_type),
                first=first,
                last=first + timedelta(days=13),
                time_zone=ZONE,
                now=now,
            )
        return [slot for day in page.days.values() for slot in day]

    def book(
        self, name: str = "Ben Carter", *, start: datetime | None = None, perform: bool = True
    ) -> Booking:
        """Book a site visit (in person, so it confirms at once) and perform what follows."""
        with self.world.enter("acme"):
            email = f"{name.split()[0].lower()}@example.org"
            made = book(
                get_event_type("site-visit"),
                start=start or self.open_slots()[0].start,
                time_zone=ZONE,
                attendee=Attendee(name=name, email=email),
                guests=[],
                answers={},
                now=clock_now(),
                actor=CLIENT,
                visitor=name,
                source="page",
            ).booking
        if perform:
            self.perform()
        return self.read(made)

    def perform(self) -> None:
        """Perform every due job of every tenant."""
        drain()

    def read(self, booking: Booking) -> Booking:
        """Read the booking again."""
        with self.world.enter("acme"):
            return Booking.objects.select_related("meeting__event_type").get(pk=booking.pk)


def signed_in(host: str, user: User) -> Client:
    """Return a client with the session of `user`; call it inside the tenant."""
    client = Client(headers={"host": host})
    client.force_login(user)
    return client


def _person(world: World, slug: str, email: str) -> Client:
    with world.enter(slug):
        return signed_in(f"{slug}.localhost", User.objects.get(email=email))


@pytest.fixture
def alice(world: World) -> Client:
    """The owner of Acme."""
    return _person(world, "acme", "owner@acme.example")


@pytest.fixture
def ana(world: World) -> Client:
    """A host of Acme: sees her own bookings only."""
    return _person(world, "acme", "ana@acme.example")


@pytest.fixture
def bob(world: World) -> Client:
    """Another host of Acme, whom nobody has booked."""
    with world.enter("acme"):
        resource = Resource.objects.create(kind="host", name="Bob Brandt")
        host = Host.objects.create(
            resource=resource,
            name="Bob Brandt",
            slug="bob",
            email="bob@acme.example",
            time_zone=ZONE,
            position=9,
        )
        user = User.objects.create_user("bob@acme.example", name="Bob Brandt", role="host", host_id=host.pk)
        return signed_in("acme.localhost", user)


@pytest.fixture
def stranger(world: World) -> Client:
    """The owner of Northwind, with her session, at Acme's address."""
    client = _person(world, "northwind", "owner@northwind.example")
    client.defaults["HTTP_HOST"] = "acme.localhost"
    return client


@pytest.fixture
def office(world: World, settings: Any) -> Iterator[Office]:
    """Acme with a mail server that accepts."""
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        yield Office(world, sink)
