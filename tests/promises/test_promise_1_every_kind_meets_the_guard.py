"""Promise 1 beyond one host at one time: series, rooms, numbered seats, bookings that wait for approval."""

from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from django.test import Client

from booking.api import EventType, NotChangeable, Resource, approve, make_resource
from booking.models import EventTypeResource
from tests.booking.clockwork import let_pass
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World
from tests.portal.api.asking import at, body, book, open_monday, read, send
from tests.promises.scene import at_once, overlaps

DATES = [datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(200)]


def room_for(world: World, *slugs: str) -> Resource:
    """Make a room that each of these meeting types of Northwind needs, in person."""
    with world.enter("northwind"):
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        room = make_resource("Blue", kind="room", actor=OWNER)
        for slug in slugs:
            event_type = EventType.objects.get(slug=slug)
            EventTypeResource.objects.create(event_type=event_type, resource=room, need="all")
    return room


def test_a_series_is_booked_whole_or_not_at_all(world: World, acme: Client) -> None:
    with world.enter("acme"):
        EventType.objects.update(series_most=6, window_days=90)
    second = at(9, day=open_monday() + timedelta(weeks=1))
    assert book(acme, second, event_type="consultation").status_code == 201
    wish = body(at(9), event_type="site-visit", recurrence={"every": "week", "count": 3})
    refused = send(acme, "/api/v1/bookings", wish)
    assert (refused.status_code, [each["start"] for each in read(refused)["taken"]]) == (409, [second])
    with world.app("acme") as database, database.transaction(force_rollback=True):
        (answer,) = database.execute(
            "SELECT swept IS NULL, taken FROM claim_series_v1(ARRAY[1, 2, 3]::bigint[], "
            "ARRAY(SELECT resource_id FROM booking_host), ARRAY("
            "SELECT tstzrange(%s + n * interval '7 days', %s + n * interval '7 days' + interval '1 hour') "
            "FROM generate_series(0, 2) AS n))",
            [datetime.fromisoformat(at(9))] * 2,
        ).fetchall()
        kept = database.execute(
            "SELECT count(*) FROM booking_occupancy WHERE meeting_id IN (2, 3)"
        ).fetchall()
    assert (answer, kept) == ((True, [2]), [(0,)])
    assert overlaps(world, "acme") == 0


def test_two_series_in_opposite_order_wait_and_never_deadlock(world: World) -> None:
    def claim(dates: list[datetime]) -> str:
        ranges = [f"[{each.isoformat()},{(each + timedelta(minutes=30)).isoformat()})" for each in dates]
        with world.app("acme") as database:
            try:
                for _ in range(15):
                    with database.transaction(force_rollback=True):
                        database.execute(
                            "SELECT claim_series_v1(%s::bigint[], ARRAY[1000]::bigint[], %s::tstzrange[])",
                            [list(range(len(dates))), ranges],
                        )
            except psycopg.errors.DeadlockDetected:
                return "deadlock"
        return "no deadlock"

    answers = at_once([partial(claim, dates) for dates in (DATES, DATES[::-1])])
    assert answers == ["no deadlock", "no deadlock"]


def test_a_room_is_never_booked_twice(world: World, northwind: Client) -> None:
    room = room_for(world, "meet", "panel")
    assert book(northwind, at(10), event_type="meet").status_code == 201
    assert (
        book(northwind, at(10), event_type="meet").status_code == 409
    )  # five hosts are free, the room is not
    assert book(northwind, at(10), event_type="panel").status_code == 409
    with world.superuser("northwind") as database:
        database.execute(
            "DROP TRIGGER booking_occupancy_truth ON booking_occupancy"
        )  # the room's own word alone
        with pytest.raises(psycopg.DatabaseError, match="is not blocked"):
            database.execute(
                "UPDATE booking_occupancy SET retired_at = now() WHERE resource_id = %s", [room.pk]
            )


def test_a_seat_has_one_client(world: World) -> None:
    with world.enter("northwind"):
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        seats = [booked("workshop", workday(11)).seat_number for _ in range(3)]
    assert seats == [1, 2, 3]
    with world.superuser("northwind") as database:
        database.execute("ALTER TABLE booking_booking DISABLE TRIGGER booking_booking_takes_a_seat")
        with pytest.raises(psycopg.errors.UniqueViolation):
            database.execute("UPDATE booking_booking SET seat_number = 1")


def test_a_pending_booking_blocks_its_time_and_an_approval_that_comes_too_late_is_none(
    world: World, acme: Client
) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="site-visit").update(requires_approval=True)
        waiting = booked("site-visit", workday(11))
    assert waiting.status == "pending"
    assert book(acme, workday(11).isoformat(), event_type="consultation").status_code == 409
    with world.enter("acme"):
        let_pass(waiting)
        with pytest.raises(NotChangeable, match="waited too long"):
            approve(waiting, now=now(), actor=OWNER)
    assert book(acme, workday(11).isoformat(), event_type="consultation").status_code == 201
    assert overlaps(world, "acme") == 0
