"""Notice, window and grid by example."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from booking.core.policy import EventRules, booking_window, first_allowed, grid_starts

HALF_HOUR = 1800


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_notice_counts_from_now() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, minimum_notice_seconds=7200)
    assert first_allowed(rules, now=utc("2026-01-06 04:00")) == utc("2026-01-06 06:00")


def test_a_rolling_window_runs_to_the_end_of_the_last_local_date() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, window_days=2)
    start, end = booking_window(rules, zone="America/New_York", now=utc("2026-01-06 04:00"))
    assert end == utc("2026-01-08 05:00"), "in New York it is still the 5th, so the last date is the 7th"
    assert start < utc("1970-01-01")


def test_a_window_of_no_days_is_today() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, window_days=0)
    now = utc("2026-03-29 12:00")
    assert booking_window(rules, zone="Europe/Lisbon", now=now)[1] == utc("2026-03-29 23:00")


def test_a_fixed_window_is_its_local_dates_whenever_it_is_asked() -> None:
    dates = (date(2026, 3, 28), date(2026, 3, 29))  # the clocks change on the second
    rules = EventRules(HALF_HOUR, HALF_HOUR, window_days=0, window_dates=dates)
    for now in ("2025-01-01", "2026-03-28 12:00", "2027-01-01"):
        window = booking_window(rules, zone="Europe/Lisbon", now=utc(now))
        assert window == (utc("2026-03-28 00:00"), utc("2026-03-29 23:00"))


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Pacific/Auckland", "America/New_York"])
def test_a_fixed_window_ends_where_the_calendar_does_whatever_is_stored(zone: str) -> None:
    def window(first: date, last: date) -> tuple[int, int]:
        rules = EventRules(HALF_HOUR, HALF_HOUR, window_dates=(first, last))
        return booking_window(rules, zone=zone, now=utc("2026-03-28 12:00"))

    begins, ends = date(2026, 1, 1), date(2199, 12, 31)
    assert window(begins, date.max) == window(begins, ends)
    assert window(date.min, ends) == window(date(2000, 1, 1), ends)
    for year in (1, 1999, 2200, 9999):
        start, end = window(date(year, 1, 1), date(year, 12, 31))
        assert start == end, "no date of it is bookable"


def test_the_grid_is_anchored_at_the_opening_and_starts_afresh_at_the_next() -> None:
    windows = [(100, 200), (200, 260), (300, 360)]
    assert list(grid_starts(windows, [(0, 400)], interval=45)) == [100, 145, 190, 200, 245, 300, 345]
    assert list(grid_starts(windows, [(101, 146), (190, 201), (345, 346)], interval=45)) == [
        145,
        190,
        200,
        345,
    ]
    assert list(grid_starts(windows, [], interval=45)) == []
    assert list(grid_starts([], [(0, 400)], interval=45)) == []


def test_an_offset_shifts_the_grid_of_each_window() -> None:
    windows = [(100, 200), (200, 260)]
    assert list(grid_starts(windows, [(0, 400)], interval=45, offset=10)) == [110, 155, 210, 255]
    assert list(grid_starts(windows, [(100, 111)], interval=45, offset=10)) == [110]
    assert list(grid_starts(windows, [(100, 110)], interval=45, offset=10)) == []


@pytest.mark.parametrize(
    "numbers",
    [
        {"duration_seconds": 0},
        {"interval_seconds": 0},
        {"buffer_before_seconds": -1},
        {"buffer_after_seconds": -1},
        {"minimum_notice_seconds": -1},
        {"window_days": -1},
        {"interval_seconds": 60, "offset_seconds": 60},
        {"interval_seconds": 60, "offset_seconds": -1},
        {"window_dates": (date(2026, 1, 2), date(2026, 1, 1))},
    ],
)
def test_numbers_without_a_meaning_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"longer than nothing|not negative|on or after"):
        EventRules(**{"duration_seconds": 1, "interval_seconds": 1, **numbers})
