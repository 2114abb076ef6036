"""A time in words names its zone, whatever the zone and the day."""

from datetime import UTC, datetime

import pytest

from booking.messages.moments import span_words, start_words

START = datetime(2026, 11, 3, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words", "offset"),
    [
        ("Europe/Lisbon", "Tuesday 3 November 2026, 14:30–15:30", "UTC+0"),
        ("Asia/Kolkata", "Tuesday 3 November 2026, 20:00–21:00", "UTC+5:30"),
        ("America/St_Johns", "Tuesday 3 November 2026, 11:00–12:00", "UTC-3:30"),
        ("Pacific/Kiritimati", "Wednesday 4 November 2026, 04:30–05:30", "UTC+14"),
    ],
)
def test_a_span_names_its_zone(zone: str, words: str, offset: str) -> None:
    assert span_words(START, START.replace(hour=15), time_zone=zone) == f"{words} ({zone}, {offset})"


def test_a_span_over_midnight_names_both_days() -> None:
    words = span_words(START.replace(hour=23), START.replace(day=4, hour=0), time_zone="UTC")
    assert words == "Tuesday 3 November 2026, 23:30–Wednesday 4 November 2026, 00:30 (UTC, UTC+0)"


def test_a_start_in_few_words() -> None:
    assert start_words(START, time_zone="Europe/Berlin") == "Tue 3 Nov 2026, 15:30 Europe/Berlin"
