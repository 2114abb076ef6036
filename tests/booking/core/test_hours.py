"""Calendar rules by example: the days on which the clocks change, dates that were skipped, hours past
midnight."""

from datetime import UTC, date, datetime

import pytest

from booking.core.hours import (
    HostHours,
    Span,
    UnknownZone,
    by_local_date,
    date_range,
    get_zone,
    instant,
    local_date,
    open_windows,
    start_of_date,
    week,
)
from booking.core.slots import OpenStart


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("Europe/Lisbon", "2026-03-29 00:59", "2026-03-29 00:59"),
        ("Europe/Lisbon", "2026-03-29 01:00", "2026-03-29 01:00"),  # the gap: 01:00 to 02:00
        ("Europe/Lisbon", "2026-03-29 01:59", "2026-03-29 01:00"),
        ("Europe/Lisbon", "2026-03-29 02:00", "2026-03-29 01:00"),
        ("Europe/Lisbon", "2026-03-29 02:01", "2026-03-29 01:01"),
        ("Europe/Lisbon", "2026-10-25 01:00", "2026-10-25 00:00"),  # 01:00 to 02:00 happens twice
        ("Europe/Lisbon", "2026-10-25 01:59", "2026-10-25 00:59"),
        ("Europe/Lisbon", "2026-10-25 02:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),  # half an hour is missing
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),  # half an hour happens twice
        ("Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30"),
        ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00"),  # midnight is missing
        ("America/Sao_Paulo", "2018-02-18 00:00", "2018-02-18 03:00"),  # 23:00 happens twice, midnight once
        ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30"),
        ("Africa/Cairo", "2026-04-24 00:30", "2026-04-23 22:00"),
        ("Asia/Beirut", "2026-03-29 00:30", "2026-03-28 22:00"),
        ("Asia/Beirut", "2026-10-24 23:30", "2026-10-24 20:30"),
        ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30 10:00"),  # the whole date is missing
        ("Pacific/Apia", "2011-12-30 17:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00"),
    ],
)
def test_a_local_time_happens_when_the_wall_clock_first_shows_it_or_later(
    zone: str, wall: str, expected: str
) -> None:
    assert instant(datetime.fromisoformat(wall), zone=zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Lisbon", date(2026, 3, 29), 23),
        ("Europe/Lisbon", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Asia/Tokyo", date(2026, 3, 29), 24),
    ],
)
def test_a_date_is_as_long_as_its_clocks_say(zone: str, day: date, hours: float) -> None:
    start, end = date_range(day, day, zone=zone)
    assert end - start == hours * 3600


ALL_DAY = week((weekday, 0, 1440) for weekday in range(7))
OFFICE = week((weekday, 540, 1020) for weekday in range(5))


def windows(hours: HostHours, first: str, last: str) -> list[tuple[str, str]]:
    found = open_windows(hours, between=(utc(first), utc(last)))
    return [(f"{at(a):%d %H:%M}", f"{at(b):%d %H:%M}") for a, b in found if b > utc(first) and a < utc(last)]


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_office_hours_keep_their_place_on_the_wall_across_the_change() -> None:
    hours = HostHours(1, "Europe/Lisbon", OFFICE)
    assert windows(hours, "2026-03-27", "2026-03-31") == [("27 09:00", "27 17:00"), ("30 08:00", "30 16:00")]


def test_hours_that_start_in_the_gap_start_at_its_end_and_hours_inside_the_gap_vanish() -> None:
    hours = HostHours(1, "Europe/Lisbon", week([(6, 75, 240), (6, 70, 110)]))
    assert windows(hours, "2026-03-29", "2026-03-30") == [("29 01:00", "29 03:00")]


def test_hours_that_a_gap_swallows_do_not_cut_the_hours_around_them() -> None:
    hours = HostHours(1, "Europe/Lisbon", week([(6, 0, 240), (6, 70, 110)]))
    assert windows(hours, "2026-03-29", "2026-03-30") == [("29 00:00", "29 03:00")]


def test_the_skipped_friday_of_apia_opens_nothing_on_saturday() -> None:
    hours = HostHours(1, "Pacific/Apia", OFFICE)
    assert windows(hours, "2011-12-29 12:00", "2011-12-31 23:00") == [("29 19:00", "30 03:00")]


def test_hours_past_midnight_belong_to_the_date_on_which_they_open() -> None:
    hours = HostHours(1, "Europe/Lisbon", week([(0, 1320, 1560)]), {date(2026, 1, 6): ()})
    assert windows(hours, "2026-01-05", "2026-01-07") == [("05 22:00", "06 02:00")]


def test_a_question_about_the_morning_after_finds_hours_that_opened_the_evening_before() -> None:
    hours = HostHours(1, "Europe/Lisbon", week([(0, 1320, 1560)]))
    assert windows(hours, "2026-01-06 01:00", "2026-01-06 01:01") == [("05 22:00", "06 02:00")]


def test_an_override_replaces_its_date_and_an_empty_one_closes_it() -> None:
    hours = HostHours(
        1,
        "Europe/Lisbon",
        OFFICE,
        {date(2026, 1, 6): (Span(600, 660),), date(2026, 1, 7): (), date(2026, 1, 10): (Span(600, 660),)},
    )
    assert windows(hours, "2026-01-05", "2026-01-11") == [
        ("05 09:00", "05 17:00"),
        ("06 10:00", "06 11:00"),
        ("08 09:00", "08 17:00"),
        ("09 09:00", "09 17:00"),
        ("10 10:00", "10 11:00"),
    ]
    usual = open_windows(hours, between=(utc("2026-01-06"), utc("2026-01-07")), overridden=False)
    assert (utc("2026-01-06 09:00"), utc("2026-01-06 17:00")) in usual


def test_time_that_is_always_open_is_cut_at_every_local_midnight() -> None:
    hours = HostHours(1, "America/New_York", ALL_DAY)
    assert windows(hours, "2026-01-05 06:00", "2026-01-06 06:00") == [
        ("05 05:00", "06 05:00"),
        ("06 05:00", "07 05:00"),
    ]


def test_an_opening_inside_open_time_cuts_it_and_loses_nothing() -> None:
    hours = HostHours(1, "UTC", week([(0, 1320, 1800), (1, 0, 120)]))
    assert windows(hours, "2026-01-05", "2026-01-07") == [("05 22:00", "06 00:00"), ("06 00:00", "06 06:00")]


@pytest.mark.parametrize("span", [Span(-1, 60), Span(1440, 1500), Span(60, 60), Span(120, 60), Span(0, 2881)])
def test_hours_that_no_clock_could_follow_are_refused(span: Span) -> None:
    with pytest.raises(ValueError, match="open within their date"):
        HostHours(1, "UTC", ALL_DAY, {date(2026, 1, 1): (span,)})


def test_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match="seven days"):
        HostHours(1, "UTC", ALL_DAY[:6])


@pytest.mark.parametrize(
    "name",
    ["Nowhere/Land", "", "Europe", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000, "\ud800", "."],
)
def test_a_visitors_text_that_names_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        get_zone(name)


def test_starts_are_shown_under_the_dates_of_the_visitor() -> None:
    starts = [
        OpenStart(utc(text), (1,)) for text in ("2026-01-05 20:00", "2026-01-06 04:59", "2026-01-06 05:00")
    ]
    assert by_local_date(starts, zone="America/New_York") == {
        date(2026, 1, 5): (starts[0], starts[1]),
        date(2026, 1, 6): (starts[2],),
    }
    assert by_local_date([], zone="UTC") == {}


def test_local_date_and_start_of_date_are_each_others_inverse() -> None:
    assert local_date(start_of_date(date(2026, 4, 24), zone="Africa/Cairo"), zone="Africa/Cairo") == date(
        2026, 4, 24
    )
    assert local_date(start_of_date(date(2026, 4, 24), zone="Africa/Cairo") - 1, zone="Africa/Cairo") == date(
        2026, 4, 23
    )
