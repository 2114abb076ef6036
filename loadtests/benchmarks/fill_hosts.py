"""Give each host of a sandbox a month of their own: one of three schedules, and ten bookings at times of their own.

A fresh sandbox's hosts are all alike, and what is alike is worked out once for all of them (booking/core/slots.py).
Runs in a process of its own, with the environment of the installation's web process.
"""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import django

if __name__ == "__main__":
    django.setup()

from audit.api import Actor
from booking.api import Attendee, Booking, EventType, Host, SlotRefused, WeeklyHours, book
from kernel.clock import now
from kernel.tenancy import entered

BOOKINGS = 10
DAYS = 30
# Minutes of a working day; the first is the sandbox's own, which a cold view of the bench goes on changing.
SCHEDULES = (((540, 1020),), ((480, 720), (780, 1080)), ((660, 1200),))
ACTOR = Actor(type="staff", id="sandbox")


def main(schema: str) -> None:
    """Fill the hosts of that sandbox."""
    with entered(schema):
        fill_hosts(now=now())


def fill_hosts(*, now: datetime) -> None:
    """Fill each host of the current sandbox up to ten bookings of `team`; a host who has them is left alone.

    The bookings come through the guard, one call each, like anybody's.
    """
    team = EventType.objects.get(slug="team")
    for number, host in enumerate(Host.objects.order_by("pk")):
        there = Booking.objects.filter(meeting__hosts=host, status__in=Booking.LIVE).count()
        if there >= BOOKINGS:
            continue
        spans = SCHEDULES[number % len(SCHEDULES)]
        _keep_hours(host, spans)
        _book(team, host, BOOKINGS - there, list(_starts(spans, now)), now=now)


def _keep_hours(host: Host, spans: tuple[tuple[int, int], ...]) -> None:
    hours = WeeklyHours.objects.filter(schedule__host=host)
    schedule_id = hours.values_list("schedule_id", flat=True)[0]
    hours.delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(schedule_id=schedule_id, weekday=weekday, start_minute=start, end_minute=end)
        for weekday in range(5)
        for start, end in spans
    )


def _starts(spans: tuple[tuple[int, int], ...], now: datetime) -> Iterator[datetime]:
    """Every half hour of these hours from tomorrow on, within the month that the bench looks at."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    for day in (tomorrow + timedelta(days=number) for number in range(DAYS)):
        if day.weekday() < 5:
            for start, end in spans:
                yield from (day + timedelta(minutes=minute) for minute in range(start, end, 30))


def _book(team: EventType, host: Host, wanted: int, starts: list[datetime], *, now: datetime) -> None:
    """Book so many of the starts, by chance, the same for the same host. SystemExit where they are not to be had."""
    order = random.Random(host.pk)
    for start in order.sample(starts, len(starts)):
        attendee = Attendee(name=f"Client of {host.name}", email=f"client-{host.pk}@sandbox.example")
        try:
            book(
                team, start=start, time_zone="UTC", attendee=attendee, guests=(), answers={}, now=now, actor=ACTOR,
                visitor=f"sandbox-{host.pk}", host=host,
            )  # fmt: skip
        except SlotRefused:
            continue
        wanted -= 1
        if not wanted:
            return
    raise SystemExit(f"{host.name} lacks {wanted} bookings: every other start was refused.")


if __name__ == "__main__":
    main(sys.argv[1])
