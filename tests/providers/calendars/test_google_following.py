"""Following a Google calendar: calls on channels, polls where none comes, one sync for many calls."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models.functions import Now
from django.test import Client

from booking.api import Host
from jobs.api import Job, drain
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from providers.api import (
    busy_times,
    choose_calendars,
    disconnect_calendar,
    get_calendar_connection,
    poll_calendars,
    renew_channels,
    sync_calendar,
)
from providers.models import BusyTime, Calendar, CalendarChannel, CalendarConnection
from providers.protocols import Unauthorised, Unreachable
from tests.database import World
from tests.providers.conftest import OWNER, connect_google
from tests.simulators.google import GoogleSimulator
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"


class Following:
    """Ana's Google calendar, the calls that Google makes, and the web process that takes them."""

    def __init__(self, world: World, google: GoogleSimulator) -> None:
        self.world, self.google = world, google
        self.calls: list[tuple[str, dict[str, str]]] = []
        google.allows_http_callbacks = True
        google.channels.deliver = lambda address, headers: self.calls.append((address, headers))
        with world.enter("acme"):
            self.host = Host.objects.get(slug="ana").pk
            connect_google(google, self.host)
            self.calendar = Calendar.objects.get(host_id=self.host, is_destination=True)

    def take(self, **change: str) -> list[int]:
        """Deliver the calls that Google made; return the statuses."""
        statuses = []
        for address, headers in self.calls:
            parts = urlsplit(address)
            assert parts.netloc == "acme.localhost:8000"
            client = Client(headers={"host": "acme.localhost", **headers, **change}, enforce_csrf_checks=True)
            statuses.append(client.post(parts.path).status_code)
        self.calls.clear()
        return statuses

    def jobs(self) -> int:
        with entered(PUBLIC):
            return Job.objects.filter(kind="sync_calendar", state=Job.State.QUEUED).count()

    def put(self, hour: int) -> None:
        start = self.at(hour)
        self.google.put(ANA, start=start.isoformat(), end=(start + timedelta(hours=1)).isoformat())

    def at(self, hour: int) -> datetime:
        return (now() + timedelta(days=3)).replace(hour=hour, minute=0, second=0, microsecond=0)

    def indexed(self) -> list[int]:
        """Return the hours of the index."""
        with self.world.enter("acme"):
            return [
                each.hour
                for each in BusyTime.objects.order_by("starts_at").values_list("starts_at", flat=True)
            ]

    def sync(self, **later: Any) -> bool:
        with self.world.enter("acme"):
            return sync_calendar(self.calendar.pk, now=now() + timedelta(**later))

    def drain(self) -> None:
        """Perform the syncs that wait, also those that a clock of later asked for."""
        with entered(PUBLIC):
            Job.objects.filter(kind="sync_calendar", state=Job.State.QUEUED).update(due_at=Now())
        with self.world.enter("acme"):
            drain()

    def renew(self, **later: Any) -> int:
        with self.world.enter("acme"):
            return renew_channels(now=now() + timedelta(**later))

    def poll(self, **later: Any) -> int:
        with self.world.enter("acme"):
            return poll_calendars(now=now() + timedelta(**later))


@pytest.fixture
def following(world: World, google: GoogleSimulator) -> Following:
    return Following(world, google)


def test_a_call_brings_the_index_up_to_date(following: Following) -> None:
    assert following.renew() == 1
    assert following.take() == [204]  # Google greets; nothing is to be done
    assert following.jobs() == 0
    following.sync()
    following.put(9)
    assert (following.take(), following.jobs()) == ([204], 1)
    following.drain()
    assert following.indexed() == [9]


def test_calls_that_come_twice_ask_once_and_those_that_never_come_cost_ten_minutes(
    following: Following,
) -> None:
    following.renew()
    following.take()
    following.sync()
    following.google.channels.copies = 2
    following.put(9)
    assert (following.take(), following.jobs()) == ([204, 204], 1)
    following.drain()
    following.google.channels.copies = 0
    following.put(11)
    assert (following.take(), following.poll(minutes=5), following.poll(minutes=11)) == ([], 0, 1)
    following.drain()
    assert following.indexed() == [9, 11]


def test_without_a_channel_a_calendar_is_asked_every_minute(following: Following) -> None:
    following.sync()
    assert (following.poll(seconds=30), following.poll(seconds=61), following.poll(seconds=61)) == (0, 1, 0)


def test_a_stranger_who_calls_is_told_nothing(following: Following, client_for: Any) -> None:
    following.renew()
    following.put(9)
    assert following.take(**{"X-Goog-Channel-Token": "guessed"}) == [404, 404]
    assert client_for("acme.localhost").post("/hooks/calendars/unknown/").status_code == 404
    assert following.jobs() == 0


def test_a_call_at_another_business_is_a_strangers(following: Following, client_for: Any) -> None:
    following.renew()
    address, headers = following.calls[0]
    there = Client(headers={"host": "northwind.localhost", **headers})
    assert there.post(urlsplit(address).path).status_code == 404


def test_channels_are_renewed_a_day_before_they_end_and_the_old_one_is_closed(following: Following) -> None:
    following.renew()
    (first,) = following.google.channels.live
    assert (following.renew(days=5), following.renew(days=6, hours=1)) == (0, 1)
    (second,) = following.google.channels.live
    assert first != second
    with following.world.enter("acme"):
        assert CalendarChannel.objects.get().key == second


def test_a_vendor_that_opens_no_channel_is_polled(following: Following) -> None:
    following.google.allows_http_callbacks = False
    assert following.renew() == 0
    with following.world.enter("acme"):
        assert CalendarChannel.objects.count() == 0
    assert following.poll() == 1


def test_connecting_again_begins_anew(following: Following) -> None:
    following.renew()
    following.sync()
    with following.world.enter("acme"):
        connect_google(following.google, following.host)
        assert CalendarChannel.objects.count() == 0
    assert (following.poll(), following.renew()) == (1, 1)


def test_disconnecting_closes_the_channel(following: Following) -> None:
    following.renew()
    with following.world.enter("acme"):
        disconnect_calendar(get_calendar_connection(CalendarConnection.objects.get().pk), actor=OWNER)
    assert following.google.channels.live == {}


def test_one_request_when_nothing_changed_and_the_index_is_as_of_now(following: Following) -> None:
    following.put(9)
    assert following.sync() is True
    before = following.google.asked("GET ")
    assert (following.sync(seconds=30), following.google.asked("GET ") - before) == (False, 1)
    with following.world.enter("acme"):
        host, at = following.host, now() + timedelta(seconds=40)
        answer = busy_times(
            [host], start=following.at(0), end=following.at(23), now=at, max_age=timedelta(seconds=20)
        )
    assert len(answer.busy[host]) == 1
    assert following.google.asked("GET ") - before == 1  # from the index: nobody was asked


def test_an_expired_token_reads_everything_anew(following: Following) -> None:
    following.sync()
    following.put(9)
    following.google.store.calendars[ANA].forget_changes()
    assert (following.sync(), following.indexed()) == (True, [9])


def test_a_resync_that_fails_leaves_the_index_as_it_was_and_says_so(following: Following) -> None:
    following.put(9)
    following.sync()
    following.put(11)
    following.google.store.calendars[ANA].page_size = 1
    following.google.store.calendars[ANA].forget_changes()
    fault = following.google.fail("/events", reply=Reply(status=503), times=9)
    with pytest.raises(Unreachable):
        following.sync()
    assert following.indexed() == [9]
    with following.world.enter("acme"):
        kept = CalendarConnection.objects.get()
        assert (kept.status, kept.last_error) == ("failing", "Google has a fault of its own (HTTP 503).")
    fault.times = 0
    assert (following.sync(seconds=40), following.indexed()) == (True, [9, 11])


def test_an_ended_grant_is_written_in_the_connection_and_its_host_has_no_slots(following: Following) -> None:
    following.google.consent.end(ANA)
    with pytest.raises(Unauthorised):
        following.sync()
    with following.world.enter("acme"):
        assert CalendarConnection.objects.get().status == "unauthorised"
        answer = busy_times(
            [following.host], start=following.at(0), end=following.at(23), now=now(), max_age=None
        )
    assert following.host in answer.stale


def test_a_calendar_that_is_only_written_to_is_followed_and_not_indexed(following: Following) -> None:
    with following.world.enter("acme"):
        kept = get_calendar_connection(CalendarConnection.objects.get().pk)
        choose_calendars(kept, reads=[], writes=following.calendar.pk, actor=OWNER)
    following.put(9)
    assert (following.sync(), following.indexed(), following.sync(seconds=1)) == (True, [], False)
