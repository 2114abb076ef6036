"""Notice, window and grid by example."""

from datetime import UTC, datetime

import pytest

from booking.core.policy import EventRules, bookable, grid_starts

HALF_HOUR = 1800


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_bookable_runs_from_now_plus_notice_to_the_end_of_the_last_local_date() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, minimum_notice_seconds=7200, window_days=2)
    assert bookable(rules, zone="America/New_York", now=utc("2026-01-06 04:00")) == (
        utc("2026-01-06 06:00"),
        utc("2026-01-08 05:00"),  # in New York it is still the 5th, so the last date is the 7th
    )


def test_a_window_of_no_days_is_today() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, window_days=0)
    now = utc("2026-03-29 12:00")
    assert bookable(rules, zone="Europe/Lisbon", now=now) == (now, utc("2026-03-29 23:00"))


def test_notice_longer_than_the_window_leaves_nothing() -> None:
    rules = EventRules(HALF_HOUR, HALF_HOUR, minimum_notice_seconds=3 * 86400, window_days=1)
    start, end = bookable(rules, zone="UTC", now=utc("2026-01-06 04:00"))
    assert start >= end


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


@pytest.mark.parametrize(
    "numbers",
    [
        {"duration_seconds": 0},
        {"interval_seconds": 0},
        {"buffer_before_seconds": -1},
        {"buffer_after_seconds": -1},
        {"minimum_notice_seconds": -1},
        {"window_days": -1},
    ],
)
def test_numbers_without_a_meaning_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"longer than nothing|not negative"):
        EventRules(**{"duration_seconds": 1, "interval_seconds": 1, **numbers})
