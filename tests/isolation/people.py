"""Who knocks at the addresses, and a business with something in it that could leak.

Acme has a client's confirmed booking with its host Ana, mails, runs and a room. Who knocks: nobody in
particular, Ana, Bob (another host of Acme), an admin, the owner, and two strangers with sessions of their own
tenants at Acme's address: the admin of another business, and a member of the platform's staff.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.test import Client
from PIL import Image

from accounts.api import User, create_api_key, invitation_link
from audit.api import Actor, Run
from booking.api import Attendee, Booking, Host, Resource, get_event_type, hold, invite_person, manage_token
from booking.approving import approval_token
from booking.links import series_token
from booking.models import EventType, Series
from booking.signing import sign
from jobs.api import drain
from providers.api import add_webhook_endpoint
from providers.models import CalendarConnection, Message, Room
from tenants.api import Administrator, Tenant, onboard, set_logo
from tenants.contention import ContentionTest
from tests.booking.scene import CLIENT, OWNER, booked, now, workday
from tests.database import World

ZEBEDIAH = Attendee("Zebediah Quillfeather", "zebediah@quillfeather.example")
CANARIES = (b"Zebediah", b"Quillfeather", b"quillfeather", b"zebediah")
ROLES = ("nobody", "Ana", "Bob", "admin", "owner", "other tenant", "staff")
STAFF_ROLES = ("nobody", "staff", "a business's owner")


@dataclass
class Scene:
    """Acme and what can be asked for there, each by the number or the word that its address wants."""

    world: World
    booking: Booking
    token: str
    decision: str
    series: Series
    series_token: str
    held: Booking
    held_token: str
    room: str
    run: int
    step: int
    message: int
    event_type: EventType
    ana: Host
    bob: Host
    connection: int
    endpoint: int
    api_key: int
    invitation: int
    invitation_token: str
    person: str
    unbookable: str
    room_id: int
    staff_run: int
    staff_step: int
    test: int


def make_scene(world: World) -> Scene:
    """Book a client into Acme, perform everything, and add one of whatever else has an address of its own."""
    with world.enter("northwind"):
        User.objects.create_user("admin@northwind.example", name="Norman", role="admin")
    with world.enter("acme"):
        User.objects.create_user("admin@acme.example", name="Aldo Admin", role="admin")
        bob = _host("Bob Brandt", "bob")
        idle = User.objects.create_user("ida@acme.example", name="Ida Idle", role="host")
        set_logo(Tenant.objects.get(slug="acme"), _picture(), actor=OWNER)
        clerk = User.objects.create_user("bob@acme.example", name="Bob Brandt", role="host", host_id=bob.pk)
        Host.objects.filter(pk=bob.pk).update(user_id=clerk.pk)
        made = booked("site-visit", workday(11), attendee=ZEBEDIAH)
    drain()
    with world.enter("staff"):
        onboarding = onboard(
            name="Harbour Dental", slug="harbour", domain="harbour.localhost", mode="client_facing",
            time_zone="UTC", administrator=Administrator(name="Dora", email="dora@harbour.example"),
            actor=Actor(type="staff", id="1"), now=now(),
        )  # fmt: skip
        first = onboarding.steps.order_by("pk").first()
        test = ContentionTest.objects.create(
            tenant=Tenant.objects.get(slug="acme"), scenario="same_slot", clients=2, asked_at=now()
        )
    with world.enter("acme"):
        made.refresh_from_db()
        held = hold(
            get_event_type("intro-call"), start=workday(15), time_zone="Europe/Lisbon", now=now(),
            actor=CLIENT, visitor="held",
        )  # fmt: skip
        run = Run.objects.order_by("pk").first()
        message = Message.objects.order_by("pk").first()
        assert run is not None
        assert message is not None
        step = run.steps.order_by("pk").last()
        assert step is not None
        invitation = invite_person(
            "ines@acme.example", name="Ines", role="host", takes_bookings=True, actor=OWNER, now=now()
        )
        series = Series.objects.create(uid="matrix", event_type=made.meeting.event_type, created_at=now())
        with transaction.atomic():
            Booking.objects.filter(pk=made.pk).update(series=series)
            sign("join_series", meeting_uid=made.meeting.uid, actor=OWNER, payload={})
        return Scene(
            world=world, booking=made, token=manage_token(made),
            series=series, series_token=series_token(series),
            decision=approval_token(made.uid, Host.objects.get(slug="ana").pk), held=held,
            held_token=manage_token(held),
            room=_room(made), run=run.pk, step=step.pk, message=message.pk,
            event_type=made.meeting.event_type, ana=Host.objects.get(slug="ana"), bob=bob,
            connection=_connection(), invitation=invitation.pk,
            invitation_token=invitation_link(invitation).strip("/").split("/")[-1],
            endpoint=add_webhook_endpoint("https://hooks.example/acme", now=now(), actor=OWNER)[0].pk,
            api_key=create_api_key("matrix", scopes=["bookings:read"], created_by=None, now=now()).key.pk,
            person=f"u{clerk.pk}", unbookable=f"u{idle.pk}",
            room_id=Resource.objects.create(kind="room", name="Blue room").pk, staff_run=onboarding.pk,
            staff_step=first.pk if first else 0, test=test.pk,
        )  # fmt: skip


def _picture() -> bytes:
    """Return a logo as somebody would upload it."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "PNG")
    return file.getvalue()


def _connection() -> int:
    """Connect a calendar of Ana's that nobody answers for."""
    return CalendarConnection.objects.create(
        host_id=Host.objects.get(slug="ana").pk, url="http://127.0.0.1:1/", username="ana",
        sealed_password=b"", time_zone="UTC", connected_at=now(),
    ).pk  # fmt: skip


def _host(name: str, slug: str) -> Host:
    resource = Resource.objects.create(kind="host", name=name)
    return Host.objects.create(
        resource=resource, name=name, slug=slug, email=f"{slug}@acme.example",
        time_zone="Europe/Lisbon", position=9,
    )  # fmt: skip


def _room(booking: Booking) -> str:
    """Make a room, as an online meeting would have; its page and signalling answer for whoever has the link."""
    meeting = booking.meeting
    return Room.objects.create(
        key="matrix", token="matrix-room-token-of-forty-characters-000", meeting_uid=meeting.uid,
        title=meeting.event_type.title, starts_at=meeting.starts_at, ends_at=meeting.ends_at,
        opens_at=meeting.starts_at, closes_at=meeting.ends_at, secret=b"x" * 32, created_at=booking.created_at,
    ).token  # fmt: skip


def knock(world: World, role: str, host: str) -> Client:
    """Return the browser of this role at `host`, signed in at home."""
    home, email = {
        "nobody": ("acme", ""),
        "Ana": ("acme", "ana@acme.example"),
        "Bob": ("acme", "bob@acme.example"),
        "admin": ("acme", "admin@acme.example"),
        "owner": ("acme", "owner@acme.example"),
        "a business's owner": ("acme", "owner@acme.example"),
        "other tenant": ("northwind", "admin@northwind.example"),
        "staff": ("staff", "staff@localhost.example"),
    }[role]
    client = Client(headers={"host": host}, raise_request_exception=False)
    if email:
        with world.enter(home):
            client.force_login(
                User.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend"
            )
    return client


@contextmanager
def counted(world: World, slug: str = "acme") -> Iterator[list[tuple[str, int]]]:
    """Yield a list that afterwards names each table of the tenant whose number of rows changed."""
    changed: list[tuple[str, int]] = []
    before = _rows(world, slug)
    yield changed
    after = _rows(world, slug)
    changed += [(table, after[table] - before[table]) for table in before if after[table] != before[table]]
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend


def _rows(world: World, slug: str) -> dict[str, int]:
    with world.superuser(slug) as raw:
        names = raw.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            [getattr(world, slug)],
        ).fetchall()
        return {
            name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0]  # type: ignore[arg-type]
            for (name,) in names
        }
