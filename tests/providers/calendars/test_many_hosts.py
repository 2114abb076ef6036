"""The slots of many hosts with calendars: one round trip to all providers together, bounded, and none while warm."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from audit.api import Actor
from booking.api import Host, Resource
from kernel.clock import now
from providers.api import busy_times, connect_feed
from providers.calendars.live_reading import MOST_AT_ONCE
from tests.database import World
from tests.providers.calendars.conftest import calendar_text
from tests.simulators.http import Answer, Seen, Site, http_site

FILE = Answer(
    body=calendar_text("DTSTART:20200101T000000Z\nDTEND:20200101T010000Z\nRRULE:FREQ=YEARLY").encode()
)


class Provider:
    """Holds every answer back until `together` requests wait at once: that many at once, or nobody is answered."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.most = self._waiting = 0
        self._lock = threading.Lock()
        self._barrier: threading.Barrier | None = None
        site.answer = self._answer

    def expect(self, together: int) -> None:
        self._barrier = threading.Barrier(together, timeout=3)

    def _answer(self, seen: Seen) -> Answer:
        with self._lock:
            self._waiting += 1
            self.most = max(self.most, self._waiting)
        try:
            if self._barrier is not None:
                self._barrier.wait()
            else:
                threading.Event().wait(0.05)
        except threading.BrokenBarrierError:
            return Answer(status=503)
        finally:
            with self._lock:
                self._waiting -= 1
        return FILE


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with http_site() as site:
        settings.HOLDFAST_HTTP_ALLOW = (site.address,)
        yield Provider(site)


def connect(provider: Provider, hosts: list[int]) -> None:
    for host in hosts:
        connect_feed(host, address=provider.site.url(f"/{host}.ics"), now=now(), actor=Actor("user", "1"))
    provider.site.seen.clear()


def hosts_of(number: int) -> list[int]:
    """Add so many hosts, and return them."""
    found = []
    for each in range(number):
        resource = Resource.objects.create(kind="host", name=f"Host {each}")
        Host.objects.create(
            resource=resource, name=f"Host {each}", slug=f"host-{each}", email=f"host{each}@x.example",
            time_zone="Europe/Lisbon", position=20 + each,
        )  # fmt: skip
        found.append(int(resource.pk))
    return found


def ask(hosts: list[int]) -> dict[int, str]:
    at = now()
    return busy_times(
        hosts, start=at, end=at + timedelta(days=30), now=at, max_age=timedelta(minutes=1)
    ).stale


def test_twenty_are_asked_in_one_round_trip_and_then_not_at_all(world: World, provider: Provider) -> None:
    with world.enter("acme"):
        hosts = hosts_of(20)
        connect(provider, hosts)
        provider.expect(20)
        assert (ask(hosts), len(provider.site.seen)) == ({}, 20)
        assert (ask(hosts), len(provider.site.seen)) == ({}, 20)


def test_more_than_that_are_asked_in_turns(world: World, provider: Provider) -> None:
    number = MOST_AT_ONCE + 8
    with world.enter("acme"):
        hosts = hosts_of(number)
        connect(provider, hosts)
        provider.most = 0
        assert (ask(hosts), len(provider.site.seen)) == ({}, number)
        assert provider.most <= MOST_AT_ONCE


def test_the_slots_page_asks_each_calendar_once_and_a_warm_one_asks_nobody(
    world: World, provider: Provider, settings: Settings, client_for: Callable[[str], Client]
) -> None:
    with world.enter("northwind"):
        hosts = list(Host.objects.filter(active=True).values_list("pk", flat=True))
        connect(provider, hosts)
    provider.expect(len(hosts))
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 20
    page = client_for("northwind.localhost")
    for _ in range(2):
        assert page.get("/book/meet/").status_code == 200
        assert len(provider.site.seen) == len(hosts) > 1
