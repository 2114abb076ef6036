"""Mutants of promise 1 for series, rooms, seats and bookings that wait for approval."""

from tests.mutants.mutant import Edit, Mutant

P1 = "tests/promises/test_promise_1_every_kind_meets_the_guard.py::"
SERIES = "booking/sql/series_v1.sql"
RESOURCES = "booking/sql/resources_v1.sql"

EVERY_KIND = (
    Mutant(
        "series_drops_taken_dates",
        1,
        "a date of a series that is taken is left out in silence",
        (Edit(SERIES, "    IF taken IS NOT NULL THEN\n", "    IF false THEN\n"),),
        P1 + "test_a_series_is_booked_whole_or_not_at_all",
    ),
    Mutant(
        "series_conflict_clause_removed",
        1,
        "a series that loses a date gets the constraint's error, not an answer",
        (
            Edit(
                SERIES,
                "        ORDER BY r, lower(d.blocked)\n        ON CONFLICT DO NOTHING\n",
                "        ORDER BY r, lower(d.blocked)\n",
            ),
        ),
        P1 + "test_a_series_is_booked_whole_or_not_at_all",
    ),
    Mutant(
        "series_order_removed",
        1,
        "the dates of a series are claimed in whatever order they were named",
        (Edit(SERIES, "        ORDER BY r, lower(d.blocked)\n", ""),),
        P1 + "test_two_series_in_opposite_order_wait_and_never_deadlock",
    ),
    Mutant(
        "rooms_not_claimed",
        1,
        "a room is shown as needed, but nobody claims it",
        (
            Edit(
                "booking/places.py",
                "[*hosts, *opened.needed, *room] for hosts",
                "[*hosts] for hosts",
            ),
        ),
        P1 + "test_a_room_is_never_booked_twice",
    ),
    Mutant(
        "room_trigger_removed",
        1,
        "the database lets the room of a live meeting go",
        (
            Edit(
                RESOURCES,
                "CREATE CONSTRAINT TRIGGER booking_occupancy_resource_truth "
                "AFTER UPDATE OR DELETE ON booking_occupancy\n"
                "    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION booking_resource_truth();\n",
                "",
            ),
        ),
        P1 + "test_a_room_is_never_booked_twice",
    ),
    Mutant(
        "seats_not_numbered",
        1,
        "two clients may have one seat",
        (
            Edit(
                "booking/migrations/0007_meeting_kinds.py",
                "fields=('meeting', 'seat_number'), name='booking_booking_seat_once'",
                "fields=('meeting', 'seat_number', 'uid'), name='booking_booking_seat_once'",
            ),
        ),
        P1 + "test_a_seat_has_one_client",
    ),
    Mutant(
        "approved_too_late",
        1,
        "a host approves a booking whose deadline has passed",
        (
            Edit(
                "booking/guard.py",
                "mine.filter(status=status, expires_at__gt=ClockTimestamp())",
                "mine.filter(status=status)",
            ),
        ),
        P1 + "test_a_pending_booking_blocks_its_time_and_an_approval_that_comes_too_late_is_none",
    ),
)
