"""The demo's tenants as the contracts name them: the platform's own, Acme and Northwind, with people in them."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accounts.api import User
from booking.api import EventType, EventTypeHost, Host, Resource, Schedule, WeeklyHours
from kernel.tenancy import PUBLIC, entered
from tenants.api import Tenant, found_platform, provision

LISBON = "Europe/Lisbon"
NINE_TO_FIVE = (9 * 60, 17 * 60)


@dataclass(frozen=True)
class SignIn:
    """A demo sign-in, shown at the start of bin/run."""

    host: str
    email: str
    password: str
    role: str


def seed_demo(*, now: datetime, password: str | None = None) -> list[SignIn]:
    """Make the demo's three tenants and their people, or finish what a killed run left; the owner's role.

    Idempotent: what exists is left alone. `password` None makes one up for each new person. Raises FoundedElsewhere
    where the platform stands at a domain of its own: its console is not for people of a demo.
    """
    with entered(PUBLIC):
        staff = found_platform(
            name="Holdfast", domain="localhost", time_zone=LISBON, accent="#7a3e9d", now=now
        )
        acme = provision(
            name="Acme Advisory",
            slug="acme",
            domain="acme.localhost",
            mode="client_facing",
            time_zone=LISBON,
            accent="#0b6e4f",
            tagline="Plain answers about growing companies.",
            now=now,
        )
        northwind = provision(
            name="Northwind Studio",
            slug="northwind",
            domain="northwind.localhost",
            mode="company_wide",
            time_zone=LISBON,
            accent="#2456d6",
            tagline="Talk to whoever is free, or to the person you know.",
            now=now,
        )
    return [
        *_people(staff, "localhost", [("staff@localhost.example", "Sam Staff", "owner", None)], password),
        *_seed_acme(acme, password),
        *_seed_northwind(northwind, password),
    ]


def write_sign_ins(path: Path, sign_ins: Sequence[SignIn]) -> None:
    """Keep the demo's sign-ins for bin/run to print, readable by this user only; earlier ones stay."""
    known = {entry["email"]: entry for entry in (json.loads(path.read_text()) if path.exists() else [])}
    known.update({each.email: each.__dict__ for each in sign_ins})
    path.touch(mode=0o600)
    path.write_text(json.dumps(list(known.values()), indent=1))


def _seed_acme(tenant: Tenant, password: str | None) -> list[SignIn]:
    with entered(tenant.schema_name), transaction.atomic():
        ana = _host("Ana Martins", "ana", "Advisor", 0)
        _offer(
            "intro-call",
            "Intro call",
            "Half an hour to see whether we fit.",
            [ana],
            duration=30,
            buffer_after=0,
        )
        _offer(
            "consultation",
            "Consultation",
            "An hour on one question of yours.",
            [ana],
            duration=60,
            interval=30,
        )
        _offer(
            "site-visit",
            "Site visit",
            "We come to you and look around together.",
            [ana],
            duration=90,
            interval=30,
            location="in_person",
            detail="Rua do Alecrim 26, Lisboa",
            buffer_before=30,
            buffer_after=30,
        )
    return _people(
        tenant,
        "acme.localhost",
        [
            ("owner@acme.example", "Alice Acme", "owner", None),
            ("ana@acme.example", "Ana Martins", "host", "ana"),
        ],
        password,
    )


def _seed_northwind(tenant: Tenant, password: str | None) -> list[SignIn]:
    people = [
        ("Bruno Almeida", "bruno", "Design lead"),
        ("Chloé Laurent", "chloe", "Research"),
        ("Daniel Okafor", "daniel", "Engineering"),
        ("Eva-Maria von Hohenstein-Weißenfels", "eva-maria", "Strategy"),
        ("فاطمة الزهراء", "fatima", "Content"),
        ("Gustavo Lima", "gustavo", "Engineering"),
    ]
    with entered(tenant.schema_name), transaction.atomic():
        hosts = [_host(name, slug, role, number) for number, (name, slug, role) in enumerate(people)]
        _offer(
            "meet",
            "Anyone who is free",
            "Half an hour with the first of us who is free.",
            hosts,
            duration=30,
            kind="round_robin",
        )
        _offer(
            "panel",
            "Panel review",
            "Three of us look at your work together.",
            hosts[:3],
            duration=60,
            interval=30,
            kind="collective",
        )
        _offer(
            "workshop",
            "Open workshop",
            "A morning in a small group; twelve seats.",
            [hosts[3]],
            duration=120,
            interval=60,
            kind="group",
            capacity=12,
        )
    return _people(
        tenant,
        "northwind.localhost",
        [
            ("owner@northwind.example", "Nora Northwind", "owner", None),
            ("bruno@northwind.example", "Bruno Almeida", "host", "bruno"),
        ],
        password,
    )


def _host(name: str, slug: str, role: str, position: int) -> Host:
    """Return the host of that slug, made with Mon-Fri 09:00-17:00 in Lisbon if it is new."""
    found = Host.objects.filter(slug=slug).first()
    if found:
        return found
    resource = Resource.objects.create(kind="host", name=name)
    host = Host.objects.create(
        resource=resource,
        name=name,
        slug=slug,
        email=f"{slug}@{'acme' if slug == 'ana' else 'northwind'}.example",
        role=role,
        time_zone=LISBON,
        position=position,
    )
    schedule = Schedule.objects.create(host=host, time_zone=LISBON, is_default=True)
    start, end = NINE_TO_FIVE
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=weekday, start_minute=start, end_minute=end)
        for weekday in range(5)
    )
    return host


def _offer(
    slug: str,
    title: str,
    description: str,
    hosts: Sequence[Host],
    *,
    duration: int,
    interval: int | None = None,
    kind: str = "one_on_one",
    capacity: int = 1,
    location: str = "built_in_room",
    detail: str = "",
    buffer_before: int = 0,
    buffer_after: int = 0,
) -> None:
    """Make the event type of that slug with its hosts in their order, if it is new. Minutes."""
    event_type, is_new = EventType.objects.get_or_create(
        slug=slug,
        defaults={
            "title": title,
            "description": description,
            "kind": kind,
            "duration_minutes": duration,
            "slot_interval_minutes": interval or duration,
            "capacity": capacity,
            "location_kind": location,
            "location_detail": detail,
            "buffer_before_minutes": buffer_before,
            "buffer_after_minutes": buffer_after,
            "minimum_notice_minutes": 60,
            "window_days": 60,
            "position": EventType.objects.count(),
        },
    )
    if is_new:
        EventTypeHost.objects.bulk_create(EventTypeHost(event_type=event_type, host=host) for host in hosts)


def _people(
    tenant: Tenant, domain: str, wanted: Sequence[tuple[str, str, str, str | None]], password: str | None
) -> list[SignIn]:
    """Make the portal's users that are missing; return the new ones with their passwords."""
    made = []
    with entered(tenant.schema_name), transaction.atomic():
        for email, name, role, slug in wanted:
            if User.objects.filter(email=email).exists():
                continue
            chosen = password or f"{secrets.token_urlsafe(9)}"
            host = Host.objects.filter(slug=slug).first() if slug else None
            user = User.objects.create_user(
                email=email, name=name, password=chosen, role=role, host_id=host.pk if host else None
            )
            if host:
                Host.objects.filter(pk=host.pk).update(user_id=user.pk)
            made.append(SignIn(host=domain, email=email, password=chosen, role=role))
    return made
