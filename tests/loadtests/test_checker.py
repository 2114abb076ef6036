"""The checker finds each promise that somebody breaks by force, and nothing in an honest database."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.database import World

ROOT = Path(__file__).parents[2]

# Without the constraint and without triggers: what no path of the product can write.
MEETINGS = """
    SET session_replication_role = replica;
    ALTER TABLE booking_occupancy DROP CONSTRAINT IF EXISTS booking_occupancy_no_overlap;
    WITH host AS (SELECT resource_id FROM booking_host LIMIT 1),
    made AS (
        INSERT INTO booking_meeting (
            uid, event_type_id, starts_at, ends_at, blocked, capacity, seats_taken, scheduled, location_kind,
            location_detail, join_url, link_key, sequence, created_at)
        SELECT 'meeting' || n, (SELECT min(id) FROM booking_eventtype), starts, starts + '30 min',
            tstzrange(starts, starts + '30 min'), 1, 1, false, 'phone', '', '', '', 0, now()
        FROM (SELECT n, '2030-01-07 09:00+00'::timestamptz + n * %(apart)s::interval AS starts
              FROM generate_series(0, 1) AS n) AS times
        RETURNING id, uid, blocked),
    hosts AS (
        INSERT INTO booking_meetinghost (meeting_id, host_id, position)
        SELECT id, resource_id, 0 FROM made, host),
    blocks AS (
        INSERT INTO booking_occupancy (resource_id, meeting_id, blocked)
        SELECT resource_id, id, blocked FROM made, host)
    INSERT INTO booking_booking (
        uid, meeting_id, status, expires_at, attendee_name, attendee_email, time_zone, guests, answers,
        source, visitor, manage_version, failure_code, failure_words, cancel_reason, cancelled_by, created_at,
        seat_number)
    SELECT 'booking' || id || n, id, %(status)s, now() + %(deadline)s::interval, 'A', 'a@b.example', 'UTC',
        '[]', '{}', 'api', '', 0, '', '', '', '', now(), n
    FROM made, generate_series(1, %(seats)s) AS n;
    """


def broken(world: World, *, statements: str = "", **values: object) -> tuple[int, list[str]]:
    """Write two meetings by force and run the checker as the application's role: exit status, findings."""
    facts = {"apart": "30 min", "status": "confirmed", "deadline": None, "seats": 1, **values}
    with world.superuser("acme") as connection:
        cursor = psycopg.ClientCursor(connection)
        cursor.execute(MEETINGS, facts)  # type: ignore[arg-type]
        if statements:
            cursor.execute(statements)  # type: ignore[arg-type]
    return checker(world.app_url())


def checker(*arguments: str) -> tuple[int, list[str]]:
    command = [sys.executable, ROOT / "loadtests" / "checker.py", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    found = [line.split(": ")[1] for line in ran.stdout.splitlines() if line.startswith("  BROKEN")]
    return ran.returncode, found


OVERLAP = "two live blocked ranges of one resource overlap"
SHARED = "two meetings with a live booking share a host and a time"
SEATS = "more live bookings than seats, or than are counted"
UNBLOCKED = "a live booking without a live blocked range of each of its hosts"
ROOM = "a live booking without a live blocked range of each of its rooms and pieces of equipment"
HOSTLESS = "a live booking of a meeting that nobody hosts"
SEAT = "two live bookings of one meeting share a seat, or one has none of its seats"


def test_meetings_that_touch_are_honest(world: World) -> None:
    assert broken(world) == (0, [])


def test_an_overlap_is_found_in_the_ranges_and_in_the_meetings(world: World) -> None:
    assert broken(world, apart="29 min") == (1, [OVERLAP, SHARED])


def test_an_overlap_behind_missing_ranges_is_found_all_the_same(world: World) -> None:
    assert broken(world, apart="29 min", statements="DELETE FROM booking_occupancy") == (
        1,
        [SHARED, UNBLOCKED, UNBLOCKED],
    )


# A quarter of an hour on both sides: the meetings touch, their buffers overlap.
BUFFERS = "UPDATE booking_meeting SET blocked = tstzrange(starts_at - interval '15 min', ends_at + interval '15 min');"
# The first meeting moves to the second one's start; both are a day apart.
MOVE = """
    INSERT INTO booking_move (
        booking_id, meeting_id, status, from_starts_at, from_ends_at, from_blocked, starts_at, ends_at, blocked,
        expires_at, join_url, link_key, failure_code, failure_words, created_at)
    SELECT b.id, m.id, 'held', m.starts_at, m.ends_at, m.blocked, n.starts_at, n.ends_at, n.blocked,
        now() + interval '%s', '', '', '', '', now()
    FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id, booking_meeting n
    WHERE m.uid = 'meeting0' AND n.uid = 'meeting1';
    """


def test_buffers_that_nobody_blocks_are_found(world: World) -> None:
    assert broken(world, statements=BUFFERS) == (1, [SHARED, UNBLOCKED, UNBLOCKED])


def test_buffers_that_touch_are_honest(world: World) -> None:
    block = (
        "UPDATE booking_occupancy o SET blocked = m.blocked FROM booking_meeting m WHERE m.id = o.meeting_id"
    )
    assert broken(world, apart="60 min", statements=BUFFERS + block) == (0, [])


def test_a_blocked_range_that_leaves_out_a_part_of_the_meeting_is_found(world: World) -> None:
    short = (
        "UPDATE booking_meeting SET blocked = tstzrange(starts_at, ends_at - interval '10 min');"
        "UPDATE booking_occupancy o SET blocked = m.blocked FROM booking_meeting m WHERE m.id = o.meeting_id"
    )
    assert broken(world, apart="25 min", statements=short) == (1, [SHARED, UNBLOCKED, UNBLOCKED])


def test_two_live_bookings_at_one_instant_that_nobody_hosts_are_found(world: World) -> None:
    hostless = "DELETE FROM booking_occupancy; DELETE FROM booking_meetinghost"
    assert broken(world, apart="0 min", statements=hostless) == (1, [HOSTLESS, HOSTLESS])


def test_the_time_that_a_meeting_moves_to_counts_until_the_move_has_expired(world: World) -> None:
    assert broken(world, apart="1 day", statements=MOVE % "1 hour") == (1, [SHARED, UNBLOCKED])


def test_the_time_of_a_move_that_has_expired_is_anybodys(world: World) -> None:
    assert broken(world, apart="1 day", statements=MOVE % "-1 hour") == (0, [])


def test_more_bookings_than_seats_are_found(world: World) -> None:
    assert broken(world, seats=2) == (1, [SEATS, SEATS, SEAT, SEAT])


def test_two_clients_on_one_seat_are_found(world: World) -> None:
    shared = (
        "UPDATE booking_meeting SET capacity = 2, seats_taken = 2; DROP INDEX booking_booking_seat_once;"
        "UPDATE booking_booking SET seat_number = 1"
    )
    assert broken(world, seats=2, statements=shared) == (1, [SEAT, SEAT])


def test_a_room_that_is_not_blocked_is_found(world: World) -> None:
    unblocked = (
        "WITH room AS (INSERT INTO booking_resource (kind, name, active) VALUES ('room', 'Blue', true) RETURNING id)"
        "INSERT INTO booking_meetingresource (meeting_id, resource_id) "
        "SELECT m.id, room.id FROM booking_meeting m, room;"
    )
    assert broken(world, statements=unblocked) == (1, [ROOM, ROOM])


@pytest.mark.parametrize(("status", "deadline"), [("cancelled", None), ("held", "-1 min")])
def test_bookings_that_block_nothing_any_more_share_no_time(
    world: World, status: str, deadline: str | None
) -> None:
    status_and_retired = "UPDATE booking_occupancy SET retired_at = now()"
    assert broken(world, apart="0 min", status=status, deadline=deadline, statements=status_and_retired) == (
        0,
        [],
    )


def test_deadlocks_in_the_servers_log_count(world: World, tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("LOG:  checkpoint complete\nERROR:  40P01: deadlock detected\n")
    assert checker(world.app_url(), "--server-log", str(log))[0] == 1
    log.write_text("LOG:  checkpoint complete\nERROR:  23P01: conflicting key value\n")
    assert checker(world.app_url(), "--server-log", str(log))[0] == 0
