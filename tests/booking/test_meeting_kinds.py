"""Seats have numbers, a session and a one-on-one of one host exclude each other, round robin takes turns by weight."""

from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from audit.api import Run, latest_run, undo_run
from booking.api import (
    Booking,
    EventType,
    EventTypeHost,
    Host,
    SlotRefused,
    cancel,
    complete_ended,
    get_booking,
    get_event_type,
    mark_no_show,
    move,
)
from jobs.api import drain
from tests.booking.scene import OWNER, booked, first_slots, now, workday
from tests.database import World


@pytest.fixture
def northwind(world: World) -> Iterator[World]:
    """Northwind, whose meetings are all in person, so that they confirm at once."""
    with world.enter("northwind"):
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        yield world


def seats(slug: str, hour: int, count: int) -> list[Booking]:
    return [booked(slug, workday(hour)) for _ in range(count)]


def test_seats_are_numbered_and_a_free_number_is_given_again(northwind: World) -> None:
    taken = seats("workshop", 11, 3)
    assert [each.seat_number for each in taken] == [1, 2, 3]
    drain()
    cancel(taken[1], reason="", now=now(), actor=OWNER)
    assert [each.seat_number for each in seats("workshop", 11, 2)] == [2, 4]


@pytest.mark.usefixtures("mails")
def test_a_seat_that_is_taken_back_has_its_own_number_again_if_it_is_free(northwind: World) -> None:
    first, second, third = seats("workshop", 11, 3)
    drain()
    undone: dict[str, Run | None] = {}
    for each in (first, second, third):
        cancel(get_booking(each.uid), reason="", now=now(), actor=OWNER)
        undone[each.uid] = latest_run(
            f"meeting:{each.meeting.uid}", workflow="cancellation", booking=each.uid
        )
    drain()

    def taken_back(booking: Booking) -> tuple[str, int | None]:
        run = undone[booking.uid]
        assert run is not None
        undo_run(run.pk, actor=OWNER, now=now())
        fresh = get_booking(booking.uid)
        return fresh.status, fresh.seat_number

    assert taken_back(third) == ("confirmed", 3)  # the session lives anew, and 1 is free
    assert taken_back(second) == ("confirmed", 2)  # joined, and 1 is free
    assert [each.seat_number for each in seats("workshop", 11, 1)] == [1]
    assert taken_back(first) == ("confirmed", 4)  # its own was given away


def test_a_seat_that_moves_gets_a_number_there(northwind: World) -> None:
    first, second = seats("workshop", 9, 2)
    (there,) = seats("workshop", 14, 1)
    drain()
    move(get_booking(second.uid), start=workday(14), now=now(), actor=OWNER)
    drain()
    moved = get_booking(second.uid)
    assert (moved.meeting_id, moved.seat_number, there.seat_number, first.seat_number) == (
        there.meeting_id,
        2,
        1,
        1,
    )


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("UPDATE booking_booking SET seat_number = NULL WHERE id = %(booking)s", None),
        ("ALTER TABLE booking_booking DISABLE TRIGGER booking_booking_takes_a_seat; "
         "UPDATE booking_booking SET seat_number = 1 WHERE id = %(booking)s", "23505"),
        ("ALTER TABLE booking_booking DISABLE TRIGGER booking_booking_takes_a_seat; "
         "UPDATE booking_booking SET seat_number = NULL WHERE id = %(booking)s", "23514"),
    ],
)  # fmt: skip
def test_the_database_keeps_the_numbers(northwind: World, statement: str, sqlstate: str | None) -> None:
    _, second = seats("workshop", 11, 2)
    with northwind.superuser("northwind") as connection:
        cursor = psycopg.ClientCursor(connection)
        try:
            cursor.execute("BEGIN")
            cursor.execute(statement, {"booking": second.pk})  # type: ignore[arg-type]
            refused = None
        except psycopg.DatabaseError as error:
            refused = error.sqlstate
        kept = None if refused else cursor.execute(
            "SELECT seat_number FROM booking_booking WHERE id = %s", [second.pk]).fetchone()  # fmt: skip
        cursor.execute("ROLLBACK")
    assert (refused, kept) == (sqlstate, None if sqlstate else (2,))


def test_a_session_and_a_one_on_one_of_the_same_host_exclude_each_other(northwind: World) -> None:
    host = Host.objects.get(event_types__slug="workshop")
    talk = EventType.objects.create(
        slug="talk", title="Talk", kind="one_on_one", duration_minutes=30, slot_interval_minutes=30,
        location_kind="in_person", minimum_notice_minutes=0,
    )  # fmt: skip
    EventTypeHost.objects.create(event_type=talk, host=host)
    booked("workshop", workday(11))  # two hours
    for hour in (11, 12):
        with pytest.raises(SlotRefused) as refused:
            booked("talk", workday(hour))
        assert refused.value.reason == "host_busy"
    booked("talk", workday(14, 30))
    with pytest.raises(SlotRefused) as refused:
        booked("workshop", workday(14))
    assert refused.value.reason in ("host_busy", "buffer", "outside_hours")
    assert booked("workshop", workday(11)).seat_number == 2  # its own session is joined


def test_round_robin_asks_the_first_tier_until_it_is_busy(northwind: World) -> None:
    rows = list(EventTypeHost.objects.filter(event_type__slug="meet").order_by("pk"))
    EventTypeHost.objects.filter(event_type__slug="meet").update(priority=1)
    EventTypeHost.objects.filter(pk=rows[3].pk).update(priority=0)
    got = [booked("meet", workday(hour)).meeting.hosts.get().pk for hour in (9, 10, 11)]
    assert got == [rows[3].host_id] * 3
    assert booked("meet", workday(11)).meeting.hosts.get().pk != rows[3].host_id


def test_round_robin_shares_by_weight(northwind: World) -> None:
    rows = list(EventTypeHost.objects.filter(event_type__slug="meet").order_by("pk"))
    EventTypeHost.objects.filter(pk__in=[row.pk for row in rows[2:]]).delete()
    EventTypeHost.objects.filter(pk=rows[0].pk).update(weight=2)
    starts = [slot.start for slot in first_slots(get_event_type("meet"), workday(9))][:9]
    got = Counter(booked("meet", start).meeting.hosts.get().pk for start in starts)
    assert got == {rows[0].host_id: 6, rows[1].host_id: 3}


@pytest.mark.parametrize(
    ("becomes", "counts"), [("completed", True), ("no_show", True), ("cancelled", False)]
)
def test_round_robin_counts_what_is_over_and_not_what_was_called_off(
    becomes: str, counts: bool, northwind: World
) -> None:
    rows = list(EventTypeHost.objects.filter(event_type__slug="meet").order_by("pk"))
    EventTypeHost.objects.filter(pk__in=[row.pk for row in rows[2:]]).delete()
    first, second = rows[0].host_id, rows[1].host_id
    got = []
    for hour in (9, 10, 11, 12):
        made = booked("meet", workday(hour))
        got.append(made.meeting.hosts.get().pk)
        over(made, becomes)
    assert got == ([first, second] * 2 if counts else [first] * 4)


def over(booking: Booking, becomes: str) -> None:
    """Let the clock complete it, the host wait in vain, or the business call it off; its time is given back."""
    evening = workday(20)
    if becomes == "completed":
        complete_ended(now=evening)
    elif becomes == "no_show":
        mark_no_show(booking, now=evening, actor=OWNER)
    else:
        cancel(booking, reason="", now=now(), actor=OWNER)
    ended = get_booking(booking.uid)
    assert (ended.status, ended.meeting.released_at is None) == (becomes, False)


def test_the_same_host_is_kept_on_a_reschedule(northwind: World) -> None:
    made = [booked("meet", workday(9)) for _ in range(3)]
    drain()
    for booking in made:
        before = booking.meeting.hosts.get()
        move(get_booking(booking.uid), start=workday(15), now=now(), actor=OWNER)
        drain()
        moved = get_booking(booking.uid)
        assert (moved.meeting.hosts.get(), moved.meeting.starts_at) == (before, workday(15))
