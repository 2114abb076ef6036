"""Connections, and the busy index between calendars and slots: age, horizon, failures, rivals, statements."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audit.ledger.keys import known_data_key
from kernel.stamps import one_look, stamps
from kernel.tenancy import entered
from providers.api import (
    BusyAnswer,
    BusyTime,
    Calendar,
    CalendarConnection,
    CalendarEvent,
    Person,
    busy_times,
    connect_caldav,
    delete_event,
    find_event,
    has_calendars,
    write_event,
)
from providers.calendars import index_store, live_reading
from providers.calendars.asking import NetworkInsideTransaction
from providers.connected import hosts_with_conflict_calendars
from providers.protocols import Unauthorised
from tests.database import World
from tests.providers.calendars.conftest import calendar_text, utc
from tests.simulators import caldav_proxy
from tests.simulators.caldav_proxy import Proxy, answering
from tests.simulators.radicale import Radicale

NOW = utc("2026-03-20 12:00")
START, END = utc("2026-03-23"), utc("2026-03-28")
ANA, BOB, EVE = 501, 502, 503
_numbers = count(1)
FRESH = timedelta(seconds=20)
MORNING = (utc("2026-03-24 09:00"), utc("2026-03-24 10:00"))
NOON = (utc("2026-03-24 12:00"), utc("2026-03-24 13:00"))


@pytest.fixture
def server(calendar_server: Radicale) -> Radicale:
    """An account of this test alone: which calendar comes first matters here."""
    return calendar_server.with_account(f"ana-{next(_numbers)}")


@pytest.fixture
def proxy(server: Radicale, settings: Settings) -> Iterator[Proxy]:
    with caldav_proxy.caldav_proxy(server.port) as running:
        settings.HOLDFAST_HTTP_ALLOW = (server.address, running.address)
        running.username = server.username
        yield running


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    """Inside the tenant acme."""
    with world.enter("acme"):
        yield world


@pytest.fixture
def work(server: Radicale) -> str:
    """Ana's only calendar, with a busy morning."""
    url = server.make_calendar("work")
    put(server, url, "morning", *MORNING)
    return url


def put(server: Radicale, url: str, name: str, start: datetime, end: datetime) -> None:
    lines = f"UID:{name}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}"
    server.put(url, name, calendar_text(lines))


def connect(server: Radicale | Proxy, host_id: int = ANA, *, now: datetime = NOW) -> CalendarConnection:
    return connect_caldav(
        host_id,
        url=server.url,
        username=server.username,
        password="correct horse",
        now=now,
        time_zone="Europe/Lisbon",
    )


def ask(*host_ids: int, now: datetime = NOW, max_age: timedelta | None = FRESH) -> BusyAnswer:
    return busy_times(host_ids or [ANA], start=START, end=END, now=now, max_age=max_age)


def test_connecting_finds_the_calendars_and_seals_the_password(acme: World, server: Radicale) -> None:
    server.make_calendar("home", name="Home", time_zone="America/New_York")
    server.make_calendar("work", name="Work")
    kept = connect(server)
    assert (kept.host_id, kept.status, kept.last_good_at, kept.time_zone) == (
        ANA,
        "working",
        NOW,
        "Europe/Lisbon",
    )
    rows = Calendar.objects.order_by("url").values_list("name", "time_zone", "reads_busy", "is_destination")
    assert list(rows) == [("Home", "America/New_York", True, True), ("Work", "Europe/Lisbon", False, False)]
    with acme.superuser("acme") as raw:
        row = raw.execute("SELECT * FROM providers_calendarconnection").fetchone()
    assert "correct horse" not in repr(row)
    assert b"correct horse" not in b"".join(value for value in row or () if isinstance(value, bytes))


def test_connecting_again_renews_the_password_and_keeps_what_was_chosen(
    acme: World, server: Radicale
) -> None:
    server.make_calendar("home")
    work = server.make_calendar("work")
    kept = connect(server)
    Calendar.objects.filter(url=work).update(reads_busy=True)
    server.send("DELETE", f"{server.url}/{server.username}/home/", "", status=200)
    again = connect(server, now=NOW + timedelta(days=1))
    assert (again.pk, again.connected_at) == (kept.pk, NOW + timedelta(days=1))
    rows = Calendar.objects.values_list("url", "reads_busy", "is_destination")
    assert list(rows) == [(work, True, True)]


def test_a_wrong_password_connects_nothing(acme: World, server: Radicale, work: str) -> None:
    with pytest.raises(Unauthorised):
        connect_caldav(ANA, url=server.url, username=server.username, password="wrong", now=NOW)
    assert (CalendarConnection.objects.count(), Calendar.objects.count()) == (0, 0)


def test_without_a_zone_of_its_own_a_calendar_takes_the_tenants(
    acme: World, server: Radicale, work: str
) -> None:
    connect_caldav(ANA, url=server.url, username=server.username, password="correct horse", now=NOW)
    assert list(Calendar.objects.values_list("time_zone", flat=True)) == ["Europe/Lisbon"]


def test_hosts_with_calendars(acme: World, server: Radicale, work: str) -> None:
    connect(server)
    assert has_calendars([ANA, BOB]) == {ANA}


def test_a_host_without_connection_is_in_neither_answer(acme: World) -> None:
    assert ask(BOB) == BusyAnswer(busy={}, stale={})


def test_a_connected_host_who_is_free_is_busy_never(acme: World, server: Radicale) -> None:
    server.make_calendar("work")
    connect(server)
    assert ask() == BusyAnswer(busy={ANA: ()}, stale={})


def test_a_young_index_answers_without_asking(acme: World, server: Radicale, proxy: Proxy, work: str) -> None:
    connect(proxy)
    assert ask() == BusyAnswer(busy={ANA: (MORNING,)}, stale={})
    put(server, work, "noon", *NOON)
    proxy.seen.clear()
    assert ask(now=NOW + FRESH) == BusyAnswer(busy={ANA: (MORNING,)}, stale={})
    assert proxy.seen == []
    later = NOW + FRESH + timedelta(seconds=1)
    assert ask(now=later) == BusyAnswer(busy={ANA: (MORNING, NOON)}, stale={})
    assert [method for method, _, _ in proxy.seen] == ["REPORT"]


def test_an_interval_beyond_the_horizon_is_asked_live(acme: World, server: Radicale, work: str) -> None:
    connect(server)
    ask()
    spring = (utc("2026-06-02 09:00"), utc("2026-06-02 10:00"))
    put(server, work, "spring", *spring)
    window = {"start": utc("2026-06-01"), "end": utc("2026-06-05"), "now": NOW, "max_age": FRESH}
    assert busy_times([ANA], **window).busy == {ANA: (spring,)}  # type: ignore[arg-type]
    assert ask().busy == {ANA: (MORNING,)}


def test_live_sees_what_the_index_does_not_know_yet(acme: World, server: Radicale, work: str) -> None:
    """The check before confirming; the index learns from it, so that alternatives do not offer that time."""
    connect(server)
    ask()
    put(server, work, "noon", *NOON)
    assert ask().busy == {ANA: (MORNING,)}
    live = busy_times([ANA], start=NOON[0], end=NOON[1], now=NOW, max_age=None)
    assert live.busy == {ANA: (NOON,)}
    assert ask().busy == {ANA: (MORNING, NOON)}


def test_what_leaves_the_calendar_leaves_the_index(acme: World, server: Radicale, work: str) -> None:
    connect(server)
    ask()
    server.send("DELETE", f"{work}morning.ics", "", status=200)
    assert ask(max_age=None).busy == {ANA: ()}
    assert BusyTime.objects.count() == 0


def test_our_own_event_is_not_busy_and_another_tenants_is(acme: World, server: Radicale, work: str) -> None:
    connect(server)
    event = CalendarEvent(
        uid=f"k7q2wd@{acme.acme}.holdfast",
        sequence=0,
        title="Intro call",
        description="",
        location="",
        starts_at=NOON[0],
        ends_at=NOON[1],
        time_zone="Europe/Lisbon",
        organiser=Person(name="Acme", email="bookings@acme.example"),
    )
    written = write_event(ANA, event, now=NOW)
    assert written == find_event(ANA, event.uid) == write_event(ANA, event, now=NOW)
    assert written is not None
    assert written.href.startswith(work)
    assert len(server.objects(work)) == 2
    assert ask(max_age=None).busy == {ANA: (MORNING,)}
    with entered(acme.northwind):
        connect(server)
        assert ask(max_age=None).busy == {ANA: (MORNING, NOON)}
    assert [delete_event(ANA, event.uid), delete_event(ANA, event.uid)] == [True, False]
    assert find_event(ANA, event.uid) is None
    assert list(server.objects(work)) == ["morning.ics"]


def test_events_of_a_host_without_calendar_go_nowhere(acme: World) -> None:
    event = CalendarEvent(
        uid="a@b", sequence=0, title="", description="", location="", starts_at=NOON[0], ends_at=NOON[1],
        time_zone="UTC", organiser=Person(name="", email="a@b.example"),
    )  # fmt: skip
    assert (write_event(BOB, event, now=NOW), find_event(BOB, "a@b"), delete_event(BOB, "a@b")) == (
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (answering(500), "failing", "The calendar server has a fault of its own (HTTP 500)."),
        (caldav_proxy.halved, "failing", "The calendar server's answer makes no sense."),
        (caldav_proxy.truncated, "failing", "The calendar server cannot be reached."),
        (answering(401), "unauthorised", "The calendar server refused the user name or password."),
        (
            caldav_proxy.replacing(b"DTSTART:2026", b"DTSTART:soon"),
            "failing",
            "An event in the calendar cannot be read: its DTSTART cannot be read.",
        ),
    ],
)
@pytest.mark.parametrize("max_age", [FRESH, None])
def test_a_calendar_that_cannot_be_read_makes_its_host_stale(
    fault: caldav_proxy.Fault,
    status: str,
    words: str,
    max_age: timedelta | None,
    acme: World,
    proxy: Proxy,
    work: str,
) -> None:
    connect(proxy)
    assert ask().busy == {ANA: (MORNING,)}
    proxy.fault = fault
    later = NOW + timedelta(minutes=1)
    assert ask(now=later, max_age=max_age) == BusyAnswer(busy={}, stale={ANA: words})
    kept = CalendarConnection.objects.get()
    assert (kept.status, kept.last_error, kept.last_good_at, kept.last_failed_at) == (
        status,
        words,
        NOW,
        later,
    )
    proxy.fault = None
    recovered = later + timedelta(seconds=6)
    assert ask(now=recovered, max_age=max_age) == BusyAnswer(busy={ANA: (MORNING,)}, stale={})
    kept.refresh_from_db()
    assert (kept.status, kept.last_error, kept.last_good_at) == ("working", "", recovered)


def test_a_calendar_that_failed_rests_for_five_seconds(acme: World, proxy: Proxy, work: str) -> None:
    connect(proxy)
    proxy.fault = answering(500)
    assert set(ask().stale) == {ANA}
    proxy.fault = None
    proxy.seen.clear()
    assert ask(now=NOW + timedelta(seconds=4)).stale == {
        ANA: "The calendar server has a fault of its own (HTTP 500)."
    }
    assert proxy.seen == []
    assert ask(now=NOW + timedelta(seconds=4), max_age=None).busy == {ANA: (MORNING,)}
    assert ask(now=NOW + timedelta(seconds=5)).busy == {ANA: (MORNING,)}


def test_slow_calendars_share_one_deadline(
    acme: World, proxy: Proxy, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_reading, "_DEADLINE_SECONDS", 0.6)
    for host in (ANA, BOB, EVE):
        connect(proxy, host)
    proxy.fault = caldav_proxy.after(2.0)
    began = time.monotonic()
    answer = ask(ANA, BOB, EVE)
    assert time.monotonic() - began < 1.5
    assert answer == BusyAnswer(
        busy={}, stale=dict.fromkeys((ANA, BOB, EVE), "The calendar server did not answer in time.")
    )


def test_one_hosts_failure_is_not_anothers(acme: World, server: Radicale, proxy: Proxy, work: str) -> None:
    connect(server, ANA)
    connect(proxy, BOB)
    proxy.fault = answering(500)
    answer = ask(ANA, BOB)
    assert (answer.busy, set(answer.stale)) == ({ANA: (MORNING,)}, {BOB})


def test_one_unreadable_calendar_of_two_makes_the_host_stale(
    acme: World, server: Radicale, proxy: Proxy, work: str
) -> None:
    connect(server, ANA)
    connect(proxy, ANA)
    proxy.fault = answering(500)
    answer = ask()
    assert (answer.busy, set(answer.stale)) == ({}, {ANA})


def test_two_calendars_of_a_host_are_one_answer(acme: World, server: Radicale, work: str) -> None:
    home = server.make_calendar("home")
    put(server, home, "overlapping", utc("2026-03-24 09:30"), utc("2026-03-24 11:00"))
    put(server, home, "touching", utc("2026-03-24 11:00"), utc("2026-03-24 11:30"))
    connect(server)
    Calendar.objects.update(reads_busy=True)
    expected = {ANA: ((utc("2026-03-24 09:00"), utc("2026-03-24 11:30")),)}
    assert (ask().busy, ask().busy) == (expected, expected)


def test_the_network_is_never_asked_inside_a_transaction(acme: World, server: Radicale, work: str) -> None:
    connect(server)
    with transaction.atomic():
        with pytest.raises(NetworkInsideTransaction):
            ask()
        with pytest.raises(NetworkInsideTransaction):
            connect(server, BOB)
        with pytest.raises(NetworkInsideTransaction):
            find_event(ANA, "a@b")
    ask()
    with transaction.atomic():
        assert ask().busy == {ANA: (MORNING,)}


def test_a_password_moved_to_another_server_is_not_sent(
    acme: World, server: Radicale, proxy: Proxy, work: str
) -> None:
    connect(server)
    CalendarConnection.objects.update(url=f"{proxy.url}/")
    assert set(ask().stale) == {ANA}
    Calendar.objects.update(url=work.replace(server.url, proxy.url))
    assert ask(max_age=None).stale == {
        ANA: "The calendar's password cannot be opened: connect the calendar again."
    }
    assert proxy.seen == []
    assert CalendarConnection.objects.get().status == "unauthorised"


@pytest.mark.parametrize("hosts", [(ANA,), (ANA, BOB, EVE)])
def test_statements_do_not_grow_with_hosts(
    hosts: tuple[int, ...], acme: World, server: Radicale, work: str
) -> None:
    for host in hosts:
        connect(server, host)
    hosts_with_conflict_calendars()  # who has any is known from now on
    known_data_key()  # and the key of their passwords
    counts = []
    for moment in (NOW, NOW, NOW + timedelta(minutes=1)):
        with one_look(), CaptureQueriesContext(connection) as seen:
            stamps()
            ask(*hosts, now=moment)
        counts.append([each["sql"].split('"')[0].split()[0] for each in seen])
    asked_live = ["SELECT", "BEGIN", "SELECT", "DELETE", "INSERT", "UPDATE", "UPDATE", "COMMIT"]
    looked = ["SELECT"]  # the stamps; a live reading changed them, so what is connected is read anew, too
    whose = ["SELECT", "SELECT"]
    assert counts == [looked + asked_live, looked + whose + ["SELECT", "SELECT"], looked + asked_live]


def test_two_refreshes_at_once_leave_one_index(
    acme: World, server: Radicale, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read before either stores; the index holds each busy time once, and nobody waits forever."""
    connect(server, ANA)
    connect(server, BOB)
    together = threading.Barrier(2)
    real = index_store._locked

    def locked(calendars: list[Calendar]) -> dict[int, Calendar]:
        together.wait(10)
        return real(calendars)

    monkeypatch.setattr(index_store, "_locked", locked)
    answers: list[BusyAnswer] = []

    def refresh() -> None:
        try:
            with entered(acme.acme):
                answers.append(ask(ANA, BOB))
        finally:
            connection.close()

    threads = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    expected = BusyAnswer(busy={ANA: (MORNING,), BOB: (MORNING,)}, stale={})
    assert answers == [expected, expected]
    assert BusyTime.objects.count() == 2


def test_a_slower_older_reading_does_not_replace_a_newer_one(
    acme: World, server: Radicale, work: str
) -> None:
    connect(server)
    ask(now=NOW + timedelta(minutes=1))
    calendars = list(Calendar.objects.select_related("connection"))
    old = {calendars[0].id: index_store.Reading(intervals=(NOON,))}
    index_store.store_readings(calendars, old, start=START, end=END, now=NOW, is_whole=True)
    assert list(BusyTime.objects.values_list("starts_at", "ends_at")) == [MORNING]
    assert Calendar.objects.get().read_at == NOW + timedelta(minutes=1)
