"""One session of a meeting type at a start: who comes at once shares it, its room goes with it, no second one opens."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from audit.api import Run, UndoRefused, latest_run, undo_run
from booking import holding
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Host,
    Meeting,
    SlotRefused,
    book,
    cancel,
    explain_dates,
    get_booking,
    get_event_type,
    make_resource,
    move,
    slots,
    subjects_of,
)
from booking.core.slots import OpenStart
from booking.models import EventTypeHost, EventTypeResource, Resource
from kernel.reasons import Reason
from tests.booking.clockwork import perform_all
from tests.booking.scene import BEN, CLIENT, LISBON, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

KIM = Attendee("Kim Roe", "kim@example.com")
LEE = Attendee("Lee Park", "lee@example.com")


@pytest.fixture
def hosts(world: World, mails: MailSink) -> Iterator[tuple[Host, Host]]:
    """Northwind, whose workshops are in person, of two seats and held by one of two hosts."""
    with world.enter("northwind"):
        workshop = EventType.objects.get(slug="workshop")
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        EventType.objects.filter(pk=workshop.pk).update(capacity=2)
        second = Host.objects.get(slug="gustavo")
        EventTypeHost.objects.create(event_type=workshop, host=second, priority=5)
        yield EventTypeHost.objects.exclude(host=second).get(event_type=workshop).host, second


@pytest.fixture
def blue(hosts: tuple[Host, Host]) -> Resource:
    """A room that workshops need, and the meetings of "meet" too."""
    room = make_resource("Blue", kind="room", actor=OWNER)
    for slug in ("workshop", "meet"):
        EventTypeResource.objects.create(
            event_type=EventType.objects.get(slug=slug), resource=room, need="all"
        )
    return room


def rooms_of(meeting: Meeting) -> list[str]:
    return list(meeting.resources.values_list("name", flat=True))


def asking(host: Host, attendee: Attendee = BEN) -> Booking:
    return book(
        get_event_type("workshop"), start=workday(10), time_zone="Europe/Lisbon", attendee=attendee, guests=[],
        answers={}, now=now(), actor=CLIENT, visitor="visitor", host=host,
    ).booking  # fmt: skip


def test_two_who_open_it_at_once_share_it_though_its_host_is_just_given_up(
    world: World, hosts: tuple[Host, Host]
) -> None:
    start, given_up = workday(10), threading.Event()

    def rival() -> None:
        with world.enter("northwind"), transaction.atomic(), world.superuser() as raw:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)"
                    " VALUES (%s, 1, tstzrange(%s, %s))",
                    [hosts[0].pk, start, start + timedelta(minutes=1)],
                )
            given_up.set()
            asked, until = "SELECT count(*) FROM pg_locks WHERE NOT granted", time.monotonic() + 20
            while time.monotonic() < until and raw.execute(asked).fetchone()[0] < 2:
                time.sleep(0.02)
            transaction.set_rollback(True)
        connection.close()

    def client(attendee: Attendee) -> int:
        given_up.wait(20)
        try:
            with world.enter("northwind"):
                return booked("workshop", start, attendee=attendee).meeting_id
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        gone = threads.submit(rival)
        sessions = set(threads.map(client, [BEN, KIM]))
        gone.result(30)
    assert len(sessions) == 1
    assert Meeting.objects.filter(starts_at=start, released_at=None).count() == 1
    with pytest.raises(SlotRefused, match="seat") as refused:
        booked("workshop", start, attendee=LEE)
    assert refused.value.reason == Reason.SEATS_FULL
    assert start not in [slot.start for slot in first_slots(get_event_type("workshop"), start)]


def test_who_asks_for_the_other_host_is_not_offered_the_session(hosts: tuple[Host, Host]) -> None:
    first, second = hosts
    day = workday(10).astimezone(LISBON).date()

    def offered(host: Host) -> list[object]:
        found = slots(
            get_event_type("workshop"), first=day, last=day, time_zone="Europe/Lisbon", now=now(), host=host
        )
        return [slot.start for slot in found.days.get(day, ())]

    assert workday(10) in offered(second)
    assert asking(first).meeting.hosts.get() == first
    assert (workday(10) in offered(first), workday(10) in offered(second)) == (True, False)
    told = explain_dates(
        get_event_type("workshop"), first=day, last=day, time_zone="UTC", now=now(), host=second
    )
    (why,) = [each.words for each in told if each.reason is Reason.SEATS_FULL]
    assert why == "The session at this time is another host’s, and there is one at a start."
    with pytest.raises(SlotRefused) as refused:
        asking(second, KIM)
    assert refused.value.reason == Reason.SEATS_FULL
    assert workday(10) not in [slot.start for slot in refused.value.alternatives]


def test_the_session_of_a_host_who_left_the_type_takes_nobody_more(hosts: tuple[Host, Host]) -> None:
    booked("workshop", workday(10))
    EventTypeHost.objects.filter(host=hosts[0]).delete()
    with pytest.raises(SlotRefused) as refused:
        booked("workshop", workday(10), attendee=KIM)
    assert refused.value.reason == Reason.SEATS_FULL


def test_undo_of_a_seats_move_opens_its_session_with_its_room(blue: Resource) -> None:
    seat = booked("workshop", workday(10))
    perform_all()
    move(get_booking(seat.uid), start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    undo_run(latest(seat, "new_booking").pk, actor=OWNER, now=now())
    perform_all()
    back = get_booking(seat.uid).meeting
    assert (back.starts_at, rooms_of(back)) == (workday(10), ["Blue"])
    with pytest.raises(SlotRefused):
        booked("meet", workday(10), attendee=KIM)


def test_who_finds_the_session_gone_opens_it_with_its_room(
    blue: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = booked("workshop", workday(10))
    real = holding._open_start

    def looked(*asked: Any, **more: Any) -> OpenStart:
        opened = real(*asked, **more)
        cancel(get_booking(last.uid), reason="", now=now(), actor=OWNER)
        return opened

    monkeypatch.setattr(holding, "_open_start", looked)
    anew = booked("workshop", workday(10), attendee=KIM)
    assert (anew.meeting_id == last.meeting_id, rooms_of(anew.meeting)) == (False, ["Blue"])


def test_undo_of_a_cancellation_opens_no_second_session(hosts: tuple[Host, Host]) -> None:
    seat = booked("workshop", workday(10))
    perform_all()
    cancel(get_booking(seat.uid), reason="", now=now(), actor=OWNER)
    perform_all()
    other = asking(hosts[1], KIM)
    assert other.meeting_id != seat.meeting_id
    with pytest.raises(UndoRefused, match="taken"):
        undo_run(latest(seat, "cancellation").pk, actor=OWNER, now=now())
    live = Meeting.objects.filter(starts_at=workday(10), released_at=None)
    assert [meeting.pk for meeting in live] == [other.meeting_id]


def latest(booking: Booking, workflow: str) -> Run:
    run = latest_run(*subjects_of(get_booking(booking.uid)), workflow=workflow)
    assert run is not None
    return run
