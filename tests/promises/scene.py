"""What the tests of the promises share: performing what is due, racing, and looking beneath the product."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import icalendar
from django.db import connection, connections
from django.db.models.functions import Now

from booking.api import Booking
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from tests.booking.clockwork import LATER
from tests.database import World
from tests.patience import PATIENCE
from tests.simulators.smtp import MailSink, Received

T = TypeVar("T")
TAKEN = {"slot_taken", "host_busy", "buffer"}


def perform_all(*, seconds: float = 60) -> None:
    """Perform every job of every tenant until none waits, the tries that wait for their time included;
    reminders wait for theirs, days ahead, and the fixer for its second look."""
    deadline = time.monotonic() + PATIENCE * seconds
    while time.monotonic() < deadline:
        drain()
        with entered(PUBLIC):
            waiting = Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.LEASED])
            if not waiting.exclude(kind__in=LATER, due_at__gt=Now()).exists():
                return
        time.sleep(0.1)
    raise AssertionError(f"There are still jobs after {seconds} seconds.")


@contextmanager
def working() -> Iterator[None]:
    """Perform due jobs in another thread, as the worker process does."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                drain()
                stop.wait(0.05)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30 * PATIENCE)


def eventually(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until something has come about."""
    deadline = time.monotonic() + PATIENCE * seconds
    while not is_so():
        assert time.monotonic() < deadline, "It did not come about."
        time.sleep(0.1)


def at_once(attempts: Sequence[Callable[[], T]]) -> list[T]:
    """Make all attempts at the same moment, each on a database connection of its own."""
    gate = threading.Barrier(len(attempts))

    def make(attempt: Callable[[], T]) -> T:
        try:
            gate.wait(30 * PATIENCE)
            return attempt()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(attempts)) as threads:
        return list(threads.map(make, attempts))


def overlaps(world: World, slug: str) -> int:
    """Count the pairs of live rows of one resource that overlap: looked up beneath the product, as superuser."""
    with world.superuser(slug) as database:
        row = database.execute(
            "SELECT count(*) FROM booking_occupancy a JOIN booking_occupancy b "
            "ON a.id < b.id AND a.resource_id = b.resource_id AND a.blocked && b.blocked "
            "WHERE a.retired_at IS NULL AND b.retired_at IS NULL"
        ).fetchone()
    assert row is not None
    return int(row[0])


def reread(booking: Booking) -> Booking:
    """Read a booking again, in its tenant."""
    return Booking.objects.select_related("meeting__event_type").get(pk=booking.pk)


def mails_to(mails: MailSink, address: str) -> list[str]:
    """Return the subjects of what an address got, in order."""
    return [each.mail["Subject"] for each in mails.received if each.recipients == (address,)]


def invite_in(received: Received) -> icalendar.Calendar:
    """Return the calendar that a mail carries."""
    (text,) = [
        part.get_content() for part in received.mail.walk() if part.get_content_type() == "text/calendar"
    ]
    found = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    return found
