"""The guard seen from psql: what raw SQL cannot write, as the application's role and as superuser."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.booking.scene import booked, workday
from tests.database import World


@pytest.fixture(scope="module")
def taken(lasting_world: World) -> tuple[World, int, int]:
    """A confirmed visit of Ana; returns the world, its meeting's id and Ana's resource id."""
    with lasting_world.enter("acme"):
        meeting = booked("site-visit", workday(11)).meeting
        host = meeting.meeting_hosts.get().host_id
    return lasting_world, meeting.pk, host


@pytest.mark.parametrize("role", ["app", "superuser"])
@pytest.mark.parametrize("shift", ["0 minutes", "30 minutes", "-149 minutes", "149 minutes"])
def test_an_overlapping_live_row_is_refused_at_the_statement(
    taken: tuple[World, int, int], role: str, shift: str
) -> None:
    world, meeting, host = taken
    with (
        getattr(world, role)("acme") as connection,
        pytest.raises(psycopg.errors.ExclusionViolation) as refused,
    ):
        connection.execute(
            "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) "
            "SELECT %s, %s, tstzrange(lower(blocked) + %s::interval, upper(blocked) + %s::interval) "
            "FROM booking_occupancy WHERE meeting_id = %s",
            [host, meeting, shift, shift, meeting],
        )
    assert refused.value.sqlstate == "23P01"


@pytest.mark.parametrize(
    ("blocked", "sqlstate"),
    [
        ("empty", "23514"),
        ("[2030-01-01 10:00+00,)", "23514"),
        ("(,2030-01-01 10:00+00)", "23514"),
        ("[2030-01-01 10:00+00,infinity)", "23514"),
        ("[2030-01-01 10:00+00,2030-01-01 11:00+00]", "23514"),
        (None, "23502"),
    ],
)
def test_a_range_that_could_slip_through_is_refused(
    taken: tuple[World, int, int], blocked: str | None, sqlstate: str
) -> None:
    world, meeting, host = taken
    with world.superuser("acme") as connection, pytest.raises(psycopg.errors.IntegrityError) as refused:
        connection.execute(
            "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) VALUES (%s, %s, %s::tstzrange)",
            [host, meeting, blocked],
        )
    assert refused.value.sqlstate == sqlstate


def test_a_row_without_resource_is_refused(taken: tuple[World, int, int]) -> None:
    world, meeting, _ = taken
    with world.superuser("acme") as connection, pytest.raises(psycopg.errors.NotNullViolation):
        connection.execute(
            "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) "
            "VALUES (NULL, %s, '[2030-01-01,2030-01-02)')",
            [meeting],
        )


def test_a_row_that_overlaps_nothing_commits_only_with_a_signed_entry(taken: tuple[World, int, int]) -> None:
    world, meeting, host = taken
    with (
        world.app("acme") as connection,
        pytest.raises(psycopg.DatabaseError, match="without a signed entry") as refused,
    ):
        connection.execute(
            "INSERT INTO booking_occupancy (resource_id, meeting_id, blocked) "
            "VALUES (%s, %s, '[2030-01-01,2030-01-02)')",
            [host, meeting],
        )
    assert refused.value.sqlstate == "HF401"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE booking_meeting SET seats_taken = seats_taken WHERE id = %(meeting)s",
        "UPDATE booking_booking SET status = 'cancelled' WHERE meeting_id = %(meeting)s",
        "UPDATE booking_occupancy SET retired_at = now() WHERE meeting_id = %(meeting)s",
        "DELETE FROM booking_booking WHERE meeting_id = %(meeting)s",
        "DELETE FROM booking_occupancy WHERE meeting_id = %(meeting)s",
        "DELETE FROM booking_meetinghost WHERE meeting_id = %(meeting)s",
    ],
)
def test_no_change_of_a_meeting_commits_unsigned(taken: tuple[World, int, int], statement: str) -> None:
    world, meeting, _ = taken
    with world.superuser("acme") as connection:
        with pytest.raises(psycopg.DatabaseError) as refused, connection.transaction():
            connection.execute(statement, {"meeting": meeting})
        assert refused.value.sqlstate in {"HF401", "HF409", "23503"}  # 23503: its reminders hold it
        kept = connection.execute(
            "SELECT b.status, m.seats_taken, (SELECT count(*) FROM booking_occupancy o "
            "WHERE o.meeting_id = m.id AND o.retired_at IS NULL) "
            "FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id WHERE m.id = %s",
            [meeting],
        ).fetchall()
    assert kept == [("confirmed", 1, 1)]


def test_a_blocked_range_is_never_updated(taken: tuple[World, int, int]) -> None:
    world, meeting, _ = taken
    with (
        world.superuser("acme") as connection,
        pytest.raises(psycopg.DatabaseError, match="can only be retired"),
    ):
        connection.execute(
            "UPDATE booking_occupancy SET blocked = '[2030-01-01,2030-01-02)' WHERE meeting_id = %s",
            [meeting],
        )


@pytest.mark.parametrize("table", ["booking_meeting", "booking_booking", "booking_occupancy", "booking_move"])
def test_nobody_truncates_bookings(taken: tuple[World, int, int], table: str) -> None:
    world, _, _ = taken
    with world.superuser("acme") as connection, pytest.raises(psycopg.DatabaseError) as refused:
        connection.execute(f"TRUNCATE {table} CASCADE")
    assert refused.value.sqlstate == "HF409"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE booking_occupancy DISABLE TRIGGER ALL",
        "ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap",
        "DROP TRIGGER booking_occupancy_truth ON booking_occupancy",
        "CREATE OR REPLACE FUNCTION booking_truth() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "UPDATE tenant_identity SET schema_name = 'public'",
    ],
)
def test_the_application_cannot_switch_the_guard_off(taken: tuple[World, int, int], statement: str) -> None:
    world, _, _ = taken
    with world.app("acme") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)  # type: ignore[arg-type]


def test_a_write_function_refuses_another_tenants_name(taken: tuple[World, int, int]) -> None:
    world, _, _ = taken
    arguments: dict[str, Any] = {"tenant": world.northwind, "meeting": Jsonb({}), "booking": Jsonb({})}
    with world.app("acme") as connection, pytest.raises(psycopg.DatabaseError) as refused:
        connection.execute(
            "SELECT hold_v1(%(tenant)s, %(meeting)s, '[2030-01-01,2030-01-02)', '{{1}}'::bigint[], false, "
            "%(booking)s, NULL, 1, NULL, NULL)",
            arguments,
        )
    assert refused.value.sqlstate == "HF403"
