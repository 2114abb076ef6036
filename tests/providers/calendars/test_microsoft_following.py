"""Following an Outlook calendar: subscriptions that are proven, called, prolonged and lost; polls where none comes."""

from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from booking.api import Host
from jobs.api import Job, drain
from kernel.clock import now
from kernel.tenancy import PUBLIC, entered
from providers.api import (
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
from tests.providers.conftest import OWNER, connect_microsoft
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.subscriptions import LONGEST
from tests.simulators.vendor import Reply

ANA = "ana@acme.example"


class Following:
    """Ana's Outlook calendar, the calls that Microsoft makes, and the web process that takes them."""

    def __init__(self, world: World, microsoft: MicrosoftSimulator) -> None:
        self.world, self.microsoft = world, microsoft
        self.outlook = microsoft.default(ANA)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.validations: list[tuple[int, str, str]] = []
        microsoft.subscriptions.allows_http = True
        microsoft.subscriptions.ask = self.validate
        microsoft.subscriptions.tell = lambda address, body: self.calls.append((address, body))
        with world.enter("acme"):
            self.host = Host.objects.get(slug="ana").pk
            connect_microsoft(microsoft, self.host)
            self.calendar = Calendar.objects.get(host_id=self.host, is_destination=True)

    def validate(self, url: str) -> tuple[int, str, str]:
        """Let the web process take a validation, in a thread of its own as it would be a process of its own."""
        thread = Thread(target=self._validated, args=(url,))
        thread.start()
        thread.join()
        return self.validations[-1]

    def _validated(self, url: str) -> None:
        parts = urlsplit(url)
        answer = self.client().post(f"{parts.path}?{parts.query}", content_type="text/plain")
        self.validations.append((answer.status_code, answer["Content-Type"], answer.content.decode()))
        connection.close()

    def client(self) -> Client:
        return Client(headers={"host": "acme.localhost"}, enforce_csrf_checks=True)

    def take(self, **change: Any) -> list[int]:
        """Deliver the calls that Microsoft made, the last first; return the statuses."""
        statuses = []
        for address, body in reversed(self.calls):
            parts = urlsplit(address)
            assert parts.netloc == "acme.localhost:8000"
            said = {"value": [{**each, **change} for each in body["value"]]}
            answer = self.client().post(parts.path, said, content_type="application/json")
            statuses.append(answer.status_code)
        self.calls.clear()
        return statuses

    def jobs(self) -> int:
        with entered(PUBLIC):
            return Job.objects.filter(kind="sync_calendar", state=Job.State.QUEUED).count()

    def put(self, hour: int) -> str:
        start = self.at(hour)
        end = start + timedelta(hours=1)
        return self.microsoft.put(self.outlook, start=start.isoformat(), end=end.isoformat())

    def at(self, hour: int) -> datetime:
        return (now() + timedelta(days=3)).replace(hour=hour, minute=0, second=0, microsecond=0)

    def indexed(self) -> list[int]:
        """Return the hours of the index."""
        with self.world.enter("acme"):
            starts = BusyTime.objects.order_by("starts_at").values_list("starts_at", flat=True)
            return [each.hour for each in starts]

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
        """Let the clock renew later; it is later at Microsoft too."""
        self.microsoft.subscriptions.now = lambda: now() + timedelta(**later)
        with self.world.enter("acme"):
            return renew_channels(now=now() + timedelta(**later))

    def poll(self, **later: Any) -> int:
        with self.world.enter("acme"):
            return poll_calendars(now=now() + timedelta(**later))

    def keys(self) -> set[str]:
        return set(self.microsoft.subscriptions.live)

    def channels(self) -> int:
        with self.world.enter("acme"):
            return CalendarChannel.objects.count()


@pytest.fixture
def following(world: World, microsoft: MicrosoftSimulator) -> Following:
    return Following(world, microsoft)


def test_a_subscription_is_proven_at_both_addresses_and_a_call_brings_the_index_up_to_date(
    following: Following,
) -> None:
    assert following.renew() == 1
    assert [(status, kind) for status, kind, _ in following.validations] == [
        (200, "text/plain; charset=utf-8")
    ] * 2
    following.sync()
    following.put(9)
    assert (following.take(), following.jobs()) == ([202], 1)
    following.drain()
    assert following.indexed() == [9]


def test_calls_that_come_twice_or_out_of_order_ask_once_and_those_that_never_come_cost_ten_minutes(
    following: Following,
) -> None:
    following.renew()
    following.sync()
    following.microsoft.subscriptions.copies = 2
    first = following.put(9)
    following.microsoft.remove(following.outlook, first)
    following.put(11)
    assert (following.take(), following.jobs()) == ([202] * 6, 1)  # the last came first
    following.drain()
    assert following.indexed() == [11]
    following.microsoft.subscriptions.copies = 0
    following.put(13)
    assert (following.take(), following.poll(minutes=5), following.poll(minutes=11)) == ([], 0, 1)
    following.drain()
    assert following.indexed() == [11, 13]


def test_a_stranger_who_calls_is_told_nothing(following: Following) -> None:
    following.renew()
    following.put(9)
    assert following.take(clientState="guessed") == [404]
    client = following.client()
    assert client.post("/hooks/calendars/unknown/?validationToken=x").status_code == 404
    assert client.post("/hooks/calendars/unknown/", "{}", content_type="application/json").status_code == 404
    with following.world.enter("acme"):
        key = CalendarChannel.objects.get().key
    for body in ("", "[]", '{"value": 1}', '{"value": ["x"]}', '{"value": []}'):
        answer = client.post(f"/hooks/calendars/{key}/", body, content_type="application/json")
        assert answer.status_code == 404
    assert following.jobs() == 0


def test_a_validation_gives_back_plain_text_whatever_it_holds(following: Following) -> None:
    following.renew()
    with following.world.enter("acme"):
        key = CalendarChannel.objects.get().key
    client = following.client()
    answer = client.post(f"/hooks/calendars/{key}/?validationToken=%3Cscript%3Ea%2Bb")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        b"<script>a+b",
        "text/plain; charset=utf-8",
        "nosniff",
    )
    assert client.post(f"/hooks/calendars/{key}/?validationToken={'x' * 2001}").status_code == 404


def test_subscriptions_are_prolonged_by_the_clock_within_the_limit(following: Following) -> None:
    following.renew()
    (key,) = following.keys()
    assert (following.renew(days=1), following.renew(days=2)) == (0, 1)
    assert (following.keys(), following.microsoft.asked("PATCH /v1.0/subscriptions")) == ({key}, 1)
    assert following.channels() == 1
    live = following.microsoft.subscriptions.live[key]
    assert live.expires_at > now() + timedelta(days=4)
    assert live.expires_at <= now() + timedelta(days=2, seconds=5) + LONGEST


def test_one_that_microsoft_has_ended_is_opened_anew(following: Following) -> None:
    following.renew()
    (key,) = following.keys()
    following.microsoft.subscriptions.live.clear()
    assert following.renew(days=2) == 1
    assert (following.keys() & {key}, len(following.keys()), following.channels()) == (set(), 1, 1)


def test_lifecycle_notices_renew_replace_and_sync(following: Following) -> None:
    following.renew()
    following.sync()
    (key,) = following.keys()
    following.microsoft.subscriptions.lifecycle(following.outlook.id, "reauthorizationRequired")
    assert (following.take(), following.jobs(), following.renew()) == ([202], 0, 1)
    assert (following.keys(), following.microsoft.asked("PATCH /v1.0/subscriptions")) == ({key}, 1)
    following.microsoft.subscriptions.lifecycle(following.outlook.id, "missed")
    assert (following.take(), following.jobs()) == ([202], 1)
    following.drain()
    following.microsoft.subscriptions.lifecycle(following.outlook.id, "subscriptionRemoved")
    assert (following.take(), following.jobs(), following.channels()) == ([202], 1, 0)
    assert (following.renew(), len(following.keys()), following.keys() & {key}) == (1, 1, set())


def test_a_vendor_that_opens_no_subscription_is_polled(following: Following) -> None:
    following.microsoft.subscriptions.ask = lambda url: (200, "text/html", url)
    assert (following.renew(), following.channels(), following.poll()) == (0, 0, 1)


def test_each_calendar_has_a_subscription_of_its_own(following: Following) -> None:
    family = following.microsoft.make_calendar(ANA, name="Family")
    with following.world.enter("acme"):
        connect_microsoft(following.microsoft, following.host)
        kept = get_calendar_connection(CalendarConnection.objects.get().pk)
        every = [calendar.pk for calendar in kept.calendars.all()]
        choose_calendars(kept, reads=every, writes=following.calendar.pk, actor=OWNER)
    assert following.renew() == 2
    start = following.at(9)
    following.microsoft.put(family, start=start.isoformat(), end=(start + timedelta(hours=1)).isoformat())
    assert (following.take(), following.jobs()) == ([202], 1)
    following.drain()
    assert following.indexed() == [9]


def test_disconnecting_ends_the_subscription_and_forgets_the_tokens(following: Following) -> None:
    following.renew()
    with following.world.enter("acme"):
        kept = get_calendar_connection(CalendarConnection.objects.get().pk)
        assert disconnect_calendar(kept, actor=OWNER) == "not revoked"  # there is no way to
        assert CalendarConnection.objects.count() == 0
    assert following.keys() == set()


def test_one_request_when_nothing_changed(following: Following) -> None:
    following.put(9)
    assert following.sync() is True
    before = following.microsoft.asked("GET ")
    assert (following.sync(seconds=30), following.microsoft.asked("GET ") - before) == (False, 1)


def test_two_requests_when_something_did(following: Following) -> None:
    following.sync()
    following.put(9)
    before = following.microsoft.asked("GET ")
    assert (following.sync(seconds=30), following.microsoft.asked("GET ") - before) == (True, 2)
    assert following.indexed() == [9]


def test_a_round_of_changes_that_comes_in_pages_is_read_to_its_end(following: Following) -> None:
    following.outlook.page_size = 2
    for hour in range(8, 13):
        following.put(hour)
    following.sync()
    first = following.put(14)
    for hour in (15, 16):
        following.put(hour)
    following.microsoft.remove(following.outlook, first)
    assert (following.sync(seconds=30), following.indexed()) == (True, [8, 9, 10, 11, 12, 15, 16])
    assert following.sync(seconds=60) is False


def test_an_expired_token_reads_everything_anew(following: Following) -> None:
    following.sync()
    following.put(9)
    following.outlook.forget_changes()
    assert (following.sync(), following.indexed()) == (True, [9])


def test_a_resync_that_fails_leaves_the_index_as_it_was_and_says_so(following: Following) -> None:
    following.put(9)
    following.sync()
    following.put(11)
    fault = following.microsoft.fail("/calendarView", reply=Reply(status=503), times=9)
    with pytest.raises(Unreachable):
        following.sync()
    assert following.indexed() == [9]
    with following.world.enter("acme"):
        kept = CalendarConnection.objects.get()
        assert (kept.status, kept.last_error) == ("failing", "Microsoft has a fault of its own (HTTP 503).")
    fault.times = 0
    assert (following.sync(seconds=40), following.indexed()) == (True, [9, 11])


def test_an_ended_grant_is_written_in_the_connection(following: Following) -> None:
    following.microsoft.consent.end(ANA)
    with pytest.raises(Unauthorised):
        following.sync()
    with following.world.enter("acme"):
        assert CalendarConnection.objects.get().status == "unauthorised"


BODY = {
    "changeType": "created,updated,deleted",
    "notificationUrl": "https://acme.example/hooks/calendars/x/",
    "expirationDateTime": "",
    "clientState": "secret",
}


@pytest.mark.parametrize(
    "change",
    [
        {"expirationDateTime": timedelta(minutes=4300)},
        {"expirationDateTime": timedelta(minutes=-1)},
        {"changeType": "moved"},
        {"clientState": "x" * 129},
        {"resource": "me/messages"},
        {"notificationUrl": "http://acme.example/hooks/calendars/x/"},
        {"colour": "red"},
    ],
    ids=[
        "too long",
        "over",
        "no such change",
        "long state",
        "another resource",
        "plain http",
        "unknown field",
    ],
)
def test_the_simulator_refuses_what_microsoft_refuses(change: dict[str, Any], following: Following) -> None:
    following.microsoft.subscriptions.allows_http = False
    body = {**BODY, "resource": f"me/calendars/{following.outlook.id}/events"}
    lasts = change.get("expirationDateTime", timedelta(days=1))
    body |= change | {"expirationDateTime": (now() + lasts).isoformat()}
    with following.world.enter("acme"):
        from providers.calendars.vendor_calendars import open_session

        account = CalendarConnection.objects.select_related("account").get().account
        assert account is not None
        answer = open_session(account, timeout_seconds=5).request("POST", "/subscriptions", json=body)
    assert (answer.status_code, following.keys()) == (400, set())
