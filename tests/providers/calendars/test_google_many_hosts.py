"""Twenty hosts with Google calendars: asked all at once, and not at all while the index is young."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from booking.api import Host, Resource
from kernel.clock import now
from providers.api import busy_times
from providers.calendars import events
from providers.models import CalendarConnection
from providers.models.calendars import Calendar
from providers.models.following import CalendarEntry
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


def test_an_event_stays_in_a_calendar_into_which_the_next_host_writes_too(
    world: World, google: GoogleSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = ["host0@gmail.example", "host1@gmail.example"]
    google.store, google.consent.accounts = GoogleSimulator(accounts).store, accounts
    looked_at: list[str] = []

    def looks(calendar: Calendar, _uid: str) -> bool:
        looked_at.append(calendar.url)
        return False

    monkeypatch.setattr(events, "_delete_from", looks)
    with world.enter("acme"):
        before, after = _host(0), _host(1)
        for host, account in zip((before, after), accounts, strict=True):
            connect_google(google, host, account=account)
        shared = Calendar.objects.filter(is_destination=True)
        assert shared.update(url="clients@group.calendar.google.example") == 2
        CalendarEntry.objects.create(
            calendar=shared.get(host_id=before), uid="uid", remote_id="1", etag="", starts_at=now(), ends_at=now(),
            written_at=now(),
        )  # fmt: skip
        assert not events.delete_event(before, "uid", kept_by=[after])
        assert ("clients@group.calendar.google.example" in looked_at, CalendarEntry.objects.count()) == (
            False,
            0,
        )
        events.delete_event(before, "uid")
        assert "clients@group.calendar.google.example" in looked_at
