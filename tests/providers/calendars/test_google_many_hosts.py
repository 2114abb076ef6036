"""Twenty hosts with Google calendars: asked all at once, and not at all while the index is young."""

import threading
from collections.abc import Callable
from datetime import timedelta

from booking.api import Host, Resource
from kernel.clock import now
from providers.api import busy_times
from providers.models import CalendarConnection
from tests.database import World
from tests.providers.conftest import connect_google
from tests.simulators.google import GoogleSimulator
from tests.simulators.vendor import Reply, Request

HOSTS = 20


def test_twenty_hosts_are_asked_at_once_and_then_not_at_all(world: World, google: GoogleSimulator) -> None:
    accounts = [f"host{number}@gmail.example" for number in range(HOSTS)]
    crowd = GoogleSimulator(accounts)
    google.store, google.consent.accounts = crowd.store, accounts
    with world.enter("acme"):
        hosts = [_host(number) for number in range(HOSTS)]
        for host, account in zip(hosts, accounts, strict=True):
            connect_google(google, host, account=account)
        most = _most_at_once(google)
        before = google.asked("/events")
        first = busy_times(
            hosts, start=now(), end=now() + timedelta(days=30), now=now(), max_age=timedelta(minutes=1)
        )
        assert (set(first.busy), first.stale) == (set(hosts), {})
        assert google.asked("/events") - before == HOSTS
        assert most() >= 8  # a machine under load starts them one after the other
        again = busy_times(
            hosts, start=now(), end=now() + timedelta(days=30), now=now(), max_age=timedelta(minutes=1)
        )
        assert again == first
        assert google.asked("/events") - before == HOSTS
        assert CalendarConnection.objects.filter(status="working").count() == HOSTS


def _host(number: int) -> int:
    resource = Resource.objects.create(kind="host", name=f"Host {number}")
    Host.objects.create(
        resource=resource, name=f"Host {number}", slug=f"host-{number}", email=f"host{number}@acme.example",
        time_zone="Europe/Lisbon", position=20 + number,
    )  # fmt: skip
    return int(resource.pk)


def _most_at_once(google: GoogleSimulator) -> Callable[[], int]:
    """Let every answer take 0.3 s, outside the simulator's lock, and count how many wait together."""
    waiting, most, lock = [0], [0], threading.Lock()
    answer = google.answer

    def slow(request: Request) -> Reply | None:
        with lock:
            waiting[0] += 1
            most[0] = max(most[0], waiting[0])
        threading.Event().wait(0.3)
        with lock:
            waiting[0] -= 1
        return answer(request)

    google.answer = slow  # type: ignore[method-assign]
    return lambda: most[0]
