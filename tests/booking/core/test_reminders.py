"""Which reminders an event type may have, and which of them still lie ahead."""

from datetime import UTC, datetime, timedelta

import pytest

from booking.core.reminders import InvalidReminders, checked_reminders, still_ahead, usual_reminders

START = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def test_a_day_and_an_hour_before_is_usual() -> None:
    assert usual_reminders() == [1440, 60]


@pytest.mark.parametrize(
    ("given", "kept"),
    [([], []), ([60, 1440], [1440, 60]), ([60, 60], [60]), ([5, 43_200], [43_200, 5])],
)
def test_reminders_are_kept_once_each_the_earliest_first(given: list[int], kept: list[int]) -> None:
    assert checked_reminders(given) == kept


@pytest.mark.parametrize("given", [[4], [43_201], [-60], [True], ["60"], [10, 20, 30, 40, 50, 60]])
def test_what_makes_no_sense_is_refused(given: list[int]) -> None:
    with pytest.raises(InvalidReminders):
        checked_reminders(given)


@pytest.mark.parametrize(
    ("before", "left"),
    [(1441, [1440, 60]), (1440, [60]), (90, [60]), (60, []), (-1, [])],
)
def test_only_reminders_whose_time_has_not_come_are_left(before: int, left: list[int]) -> None:
    found = still_ahead([60, 1440], starts_at=START, now=START - timedelta(minutes=before))
    assert [minutes for minutes, _ in found] == left
    assert all(due == START - timedelta(minutes=minutes) for minutes, due in found)
