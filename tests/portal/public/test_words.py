"""Durations, people, days and times as sentences say them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.public import words
from portal.public.zones import apart_words, is_zone, offset_words, zone_groups, zone_words

WINTER = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "1 minute"),
        (45, "45 minutes"),
        (60, "1 hour"),
        (90, "1 hour 30 minutes"),
        (121, "2 hours 1 minute"),
    ],
)
def test_durations(minutes: int, said: str) -> None:
    assert words.duration_words(minutes) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], ""),
        (["Ana"], "Ana"),
        (["Ana", "Ben"], "Ana and Ben"),
        (["Ana", "Ben", "Cleo", "Dan"], "Ana, Ben, Cleo and Dan"),
        (["Ana", "Ben", "Cleo", "Dan", "Eve"], "Ana, Ben and 3 others"),
    ],
)
def test_people(names: list[str], said: str) -> None:
    assert words.people_words(names) == said


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ana Martins", "AM"),
        ("Eva-Maria von Hohenstein-Weißenfels", "EH"),
        ("Cher", "C"),
        ("فاطمة الزهراء", "فا"),
        ("  ", "?"),
        ("— Ana", "A"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_days_have_no_leading_zero() -> None:
    assert words.day_words(date(2026, 12, 1), year=True) == "Tuesday 1 December 2026"
    assert words.short_day_words(date(2026, 12, 1)) == "Tue 1 Dec"


def test_a_range_is_told_in_the_zone_asked_for() -> None:
    end = WINTER + timedelta(minutes=30)
    assert words.range_words(WINTER, end, "America/New_York") == "09:30\u2009–\u200910:00"
    assert words.range_words(WINTER, end, "Pacific/Auckland") == "03:30\u2009–\u200904:00"


def test_a_range_over_midnight_says_so() -> None:
    start = datetime(2026, 12, 1, 23, 45, tzinfo=UTC)
    said = words.range_words(start, start + timedelta(minutes=30), "Europe/Lisbon")
    assert said == "23:45\u2009–\u200900:15 (next day)"


def test_a_countdown_stops_at_zero() -> None:
    assert words.left_words(timedelta(minutes=4, seconds=5)) == "4:05"
    assert words.left_words(timedelta(seconds=-3)) == "0:00"


def test_offsets_follow_the_date() -> None:
    assert offset_words("Europe/Lisbon", WINTER) == "UTC"
    assert offset_words("Europe/Lisbon", SUMMER) == "UTC+1"
    assert offset_words("America/St_Johns", WINTER) == "UTC\u22123:30"
    assert zone_words("Europe/Lisbon", SUMMER) == "Lisbon time (UTC+1)"


def test_how_far_zones_are_apart() -> None:
    assert apart_words("America/New_York", "Europe/Lisbon", WINTER) == "5 hours ahead"
    assert apart_words("Asia/Kolkata", "Asia/Kathmandu", WINTER) == "15 minutes ahead"
    assert apart_words("Europe/Madrid", "Europe/Lisbon", WINTER) == "1 hour behind"
    assert apart_words("Europe/London", "Europe/Lisbon", SUMMER) == "the same time"


def test_every_zone_of_the_list_can_be_chosen_and_no_name_of_nowhere() -> None:
    listed = [zone.name for group in zone_groups(WINTER) for zone in group.zones]
    assert len(listed) == len(set(listed)) > 400
    assert all(is_zone(name) for name in listed)
    assert not is_zone("Europe/Nowhere")
    assert not is_zone("../etc/passwd")
