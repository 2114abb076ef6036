"""Small words for booking tests: who acts, when it is, and a booking in one line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from audit.api import Actor
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Host,
    Resource,
    Slot,
    book,
    get_event_type,
    slots,
)

CLIENT = Actor(type="client", id="test")
OWNER = Actor(type="user", id="1")
LISBON = ZoneInfo("Europe/Lisbon")
BEN = Attendee("Ben Ode", "ben@example.com")
KIM = Attendee("Kim Roe", "kim@example.com")


TODAY = datetime.now(LISBON).date()  # read once: a test that runs over midnight keeps its days


def workday(hour: int, minute: int = 0, *, days: int = 3) -> datetime:
    """Return a wall-clock time in Lisbon on the first working day at least `days` from today, in UTC.

    With `days` below two it may have passed already when a test runs late in the day.
    """
    day = TODAY + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LISBON).astimezone(UTC)


def now() -> datetime:
    """Return the instant that stands for the request's."""
    return datetime.now(UTC)


def booked(slug: str, start: datetime, *, attendee: Attendee = BEN, key: str | None = None) -> Booking:
    """Book a start of an event type as a client would through the API, in the current tenant."""
    return book(
        get_event_type(slug), start=start, time_zone="Europe/Lisbon", attendee=attendee, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="visitor", idempotency_key=key,
    ).booking  # fmt: skip


def colleague(slug: str = "intro-call") -> Host:
    """Return Rui, a new host of the current tenant without a calendar, who offers this event type beside the others."""
    rui = Host.objects.create(
        resource=Resource.objects.create(kind="host", name="Rui Dias"),
        name="Rui Dias",
        slug="rui",
        email="rui@acme.example",
        time_zone="Europe/Lisbon",
        position=9,
    )
    get_event_type(slug).event_type_hosts.create(host=rui)
    return rui


def first_slots(event_type: EventType, start: datetime) -> tuple[Slot, ...]:
    """Return the slots of the local date of `start`."""
    day = start.astimezone(LISBON).date()
    return slots(event_type, first=day, last=day, time_zone="Europe/Lisbon", now=now()).days.get(day, ())
