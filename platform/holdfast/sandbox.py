"""The sandbox: a tenant that is nobody's business, for load tests, always of the same make.

Zone UTC, Mon-Fri 09:00-17:00; event types `thirty` and `sixty` of the host `solo` and `team`, a round robin
over all hosts; in person, no buffers, no minimum notice beyond an hour. Its bookings come through the guard
like anybody's, so what a load test meets is what a client would meet.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from audit.api import Actor
from booking.api import (
    Attendee,
    Booking,
    EventType,
    EventTypeHost,
    Host,
    Resource,
    Schedule,
    SlotRefused,
    WeeklyHours,
    book,
)
from kernel.errors import HoldfastError
from kernel.tenancy import PUBLIC, entered
from tenants.api import Tenant, delete_tenant, provision

UTC = ZoneInfo("UTC")
OPENS, CLOSES = 9, 17
DAYS = 30
ACTOR = Actor(type="staff", id="sandbox")


class NotASandbox(HoldfastError):
    """The name belongs to a business; a sandbox command leaves it alone."""


class SandboxIncomplete(HoldfastError):
    """Fewer bookings than were wanted could be made; what was made stays, and another call goes on from there."""


def make_sandbox(*, slug: str, hosts: int, bookings: int, now: datetime) -> Tenant:
    """Make the sandbox tenant, or complete the one that is there; runs as the owner role.

    `bookings` are of `solo` in the 30 days from next Monday, spread evenly, as many as are still missing.
    Raises `NotASandbox` if the name is a business's, ValueError if so many cannot fit, `SandboxIncomplete` if
    too many starts were refused.
    """
    starts = list(_starts(now))
    if not 0 <= bookings <= len(starts) or not 1 <= hosts <= 1000:
        raise ValueError(f"A sandbox takes 1 to 1000 hosts and 0 to {len(starts)} bookings.")
    _find(slug)
    with entered(PUBLIC):
        tenant = provision(
            name=f"Sandbox {slug}", slug=slug, domain=f"{slug}.localhost", time_zone="UTC",
            tagline="For load tests; nothing here is real.", sandbox=True, now=now,
        )  # fmt: skip
    with entered(tenant.schema_name):
        with transaction.atomic():
            _people_and_types(hosts)
        _book(starts, bookings, now=now)
    return tenant


def remove_sandbox(*, slug: str) -> None:
    """Delete the sandbox with all it holds; runs as the owner role. Raises `NotASandbox`."""
    tenant = _find(slug)
    if tenant is None:
        raise NotASandbox(f"There is no sandbox {slug}.")
    delete_tenant(tenant)


def _find(slug: str) -> Tenant | None:
    with entered(PUBLIC):
        tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is not None and not tenant.sandbox:
        raise NotASandbox(f"{slug} is a business, not a sandbox: nothing was touched.")
    return tenant


def _people_and_types(hosts: int) -> None:
    solo = _host("solo", "Solo Sandbox", position=0)
    team = [
        solo,
        *(_host(f"host-{number:03}", f"Host {number}", position=number) for number in range(1, hosts)),
    ]
    _offer("thirty", "Thirty minutes", 30, [solo])
    _offer("sixty", "Sixty minutes", 60, [solo])
    _offer("team", "Anyone who is free", 30, team, kind=EventType.Kind.ROUND_ROBIN)


def _host(slug: str, name: str, *, position: int) -> Host:
    found = Host.objects.filter(slug=slug).first()
    if found:
        return found
    resource = Resource.objects.create(kind=Resource.Kind.HOST, name=name)
    host = Host.objects.create(
        resource=resource, name=name, slug=slug, email=f"{slug}@sandbox.example", time_zone="UTC",
        position=position,
    )  # fmt: skip
    schedule = Schedule.objects.create(host=host, time_zone="UTC", is_default=True)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule=schedule, weekday=weekday, start_minute=OPENS * 60, end_minute=CLOSES * 60)
        for weekday in range(5)
    )
    return host


def _offer(slug: str, title: str, minutes: int, hosts: list[Host], *, kind: str = "one_on_one") -> None:
    event_type, _is_new = EventType.objects.get_or_create(
        slug=slug,
        defaults={
            "title": title, "kind": kind, "duration_minutes": minutes, "slot_interval_minutes": 30,
            "location_kind": EventType.Location.IN_PERSON, "location_detail": "Nowhere",
            "minimum_notice_minutes": 60, "window_days": 60, "position": EventType.objects.count(),
        },
    )  # fmt: skip
    EventTypeHost.objects.bulk_create(
        (EventTypeHost(event_type=event_type, host=host) for host in hosts), ignore_conflicts=True
    )


def _starts(now: datetime) -> Iterator[datetime]:
    """Every half hour that `solo` is open in the 30 days from next Monday."""
    today = now.astimezone(UTC).date()
    monday = today + timedelta(days=7 - today.weekday())
    for day in (monday + timedelta(days=number) for number in range(DAYS)):
        if day.weekday() < 5:
            for half_hour in range(OPENS * 2, CLOSES * 2):
                yield datetime.combine(day, time(half_hour // 2, half_hour % 2 * 30), UTC)


def _book(starts: list[datetime], wanted: int, *, now: datetime) -> None:
    """Book until `wanted` live bookings of solo stand; starts that are taken already count. Raises
    `SandboxIncomplete`."""
    live = Booking.objects.filter(meeting__hosts__slug="solo", status__in=Booking.LIVE)
    missing = wanted - live.filter(meeting__starts_at__in=starts).count()
    thirty = EventType.objects.get(slug="thirty")
    for number, start in enumerate(_spread(starts, wanted)):
        if missing <= 0:
            break
        attendee = Attendee(name=f"Client {number}", email=f"client-{number}@sandbox.example")
        try:
            book(
                thirty, start=start, time_zone="UTC", attendee=attendee, guests=(), answers={}, now=now,
                actor=ACTOR, visitor=f"sandbox-{number}",
            )  # fmt: skip
        except SlotRefused:
            continue
        missing -= 1
    if missing > 0:
        raise SandboxIncomplete(
            f"Only {wanted - missing} of {wanted} bookings of solo stand: every other start was refused. "
            "Look at its hours and at its meeting type thirty, or remove the sandbox and make it anew."
        )


def _spread(starts: list[datetime], wanted: int) -> list[datetime]:
    """Return the starts so that the first `wanted` are spread evenly; the others follow, for what is taken."""
    chosen = [starts[number * len(starts) // wanted] for number in range(wanted)]
    rest = set(starts) - set(chosen)
    return [*chosen, *(start for start in starts if start in rest)]
