"""The pure reader: what cannot be read is said, never guessed; days and times around clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.calendars.busy_rules import BusyRules, Interval, UnreadableEvent, busy_intervals
from tests.providers.calendars.conftest import calendar_text, utc

ZONES = ["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]
MORNING = "DTSTART:20260324T090000Z\nDTEND:20260324T100000Z"


def read(
    text: str, *, zone: str = "Europe/Lisbon", first: str = "2026-03-20", last: str = "2026-04-06"
) -> tuple[Interval, ...]:
    rules = BusyRules(
        zone=ZoneInfo(zone), own_suffix="@acme.holdfast", addresses=frozenset({"ana@acme.example"})
    )
    return busy_intervals(text, start=utc(first), end=utc(last), rules=rules)


@pytest.mark.parametrize(
    ("event", "because"),
    [
        ("DTSTART:rubbish\nDTEND:20260324T100000Z", "its DTSTART cannot be read"),
        ("DTEND:20260324T100000Z", "it has no start"),
        ("DTSTART:20260324T090000Z\nDTEND:soon", "its DTEND cannot be read"),
        ("DTSTART:20260324T090000Z\nDURATION:long", "its DURATION cannot be read"),
        ("DTSTART:20260324T090000Z\nDURATION:-PT1H", "it ends before it starts"),
        ("DTSTART:20260324T090000Z\nDTEND:20260324T080000Z", "it ends before it starts"),
        (f"{MORNING}\nRRULE:FREQ=SOMETIMES", "its RRULE cannot be read"),
        (f"{MORNING}\nRRULE:rubbish", "its repetition cannot be read"),
        (f"{MORNING}\nRRULE:FREQ=MINUTELY", "it repeats too often"),
        (f"{MORNING}\nRRULE:FREQ=HOURLY;BYMINUTE=0,10,20,30,40,50", "it repeats too often"),
        (f"{MORNING}\nRRULE:FREQ=DAILY\nEXDATE:never", "its EXDATE cannot be read"),
        (f"{MORNING}\nRDATE:always", "its RDATE cannot be read"),
        (
            "DTSTART;TZID=Mars/Base:20260324T090000\nDTEND;TZID=Mars/Base:20260324T100000",
            "the time zone of its DTSTART is unknown",
        ),
        (f"{MORNING}\nRDATE;TZID=Mars/Base:20260325T090000", "the time zone of its RDATE is unknown"),
        (
            "DTSTART;VALUE=DATE:20260324\nDTEND:20260324T100000Z",
            "its start and its end are of different kinds",
        ),
        (
            "DTSTART:20260324T090000\nDTEND:20260324T100000Z",
            "only one of its start and end has a time zone",
        ),
        (f"DTSTART:20260324T110000Z\n{MORNING}", "it is not valid iCalendar (AttributeError)"),
    ],
)
def test_an_event_that_cannot_be_read_is_never_free(event: str, because: str) -> None:
    with pytest.raises(UnreadableEvent) as refused:
        read(calendar_text(event))
    assert str(refused.value) == because


@pytest.mark.parametrize(
    "text", ["", "rubbish", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", "<html></html>"]
)
def test_what_is_no_calendar_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableEvent):
        read(text)


def test_a_calendar_without_events_is_free() -> None:
    todo = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:a\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    )
    assert read(todo) == ()


def test_rubbish_in_words_does_not_matter() -> None:
    text = calendar_text(f"{MORNING}\nATTENDEE;PARTSTAT=DECLINED:nobody\nURL:::\nGEO:rubbish\nPRIORITY:high")
    assert read(text) == ((utc("2026-03-24 09:00"), utc("2026-03-24 10:00")),)


def test_a_windows_zone_name_is_understood() -> None:
    name = "W. Europe Standard Time"
    text = calendar_text(f"DTSTART;TZID={name}:20260324T100000\nDURATION:PT1H")
    assert read(text) == ((utc("2026-03-24 09:00"), utc("2026-03-24 10:00")),)


def test_rdate_may_be_a_period_with_a_length_of_its_own() -> None:
    text = calendar_text(f"{MORNING}\nRDATE;VALUE=PERIOD:20260325T090000Z/PT3H")
    assert read(text) == (
        (utc("2026-03-24 09:00"), utc("2026-03-24 10:00")),
        (utc("2026-03-25 09:00"), utc("2026-03-25 12:00")),
    )


def test_this_and_future_moves_the_rest_of_the_series() -> None:
    series = "DTSTART:20260310T090000Z\nDTEND:20260310T100000Z\nRRULE:FREQ=WEEKLY"
    moved = (
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260324T090000Z\nDTSTART:20260324T110000Z\nDTEND:20260324T120000Z"
    )
    assert read(calendar_text(series, moved)) == (
        (utc("2026-03-24 11:00"), utc("2026-03-24 12:00")),
        (utc("2026-03-31 11:00"), utc("2026-03-31 12:00")),
    )


@pytest.mark.parametrize("zone", ZONES)
def test_all_day_events_tile_the_year(zone: str) -> None:
    """Every local day is blocked from its first instant to the next day's, 23, 24 or 25 hours."""
    text = calendar_text("DTSTART;VALUE=DATE:20180101\nRRULE:FREQ=DAILY")
    found = read(text, zone=zone, first="2018-01-05", last="2018-12-25")
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
    for start, end in found:
        day = start.astimezone(ZoneInfo(zone)).date()
        assert (start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day - timedelta(days=1)
        assert (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == day
        assert end.astimezone(ZoneInfo(zone)).date() == day + timedelta(days=1)


CHANGES = [
    ("Europe/Lisbon", date(2026, 3, 29)),
    ("Europe/Lisbon", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
]


@settings(max_examples=300, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    minute=st.integers(min_value=0, max_value=24 * 60 - 1),
    length=st.integers(min_value=1, max_value=600),
    is_floating=st.booleans(),
)
def test_local_times_on_the_day_of_a_change(
    change: tuple[str, date], minute: int, length: int, is_floating: bool
) -> None:
    """A wall-clock time begins at its first instant; in a gap, as far after the gap as it is into it."""
    zone, day = change
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    name = "" if is_floating else f";TZID={zone}"
    text = calendar_text(f"DTSTART{name}:{wall:%Y%m%dT%H%M%S}\nDURATION:PT{length}M")
    first, last = (f"{day + timedelta(days=days)}" for days in (-3, 3))
    ((start, end),) = read(text, zone=zone, first=first, last=last)
    assert start == first_instant(wall, zone)
    assert end - start >= timedelta(minutes=length)
    assert end - start <= timedelta(minutes=length + 60)


def first_instant(wall: datetime, zone: str) -> datetime:
    """The slow oracle: walk the minutes of three days in UTC until the local clock shows `wall`."""
    local = ZoneInfo(zone)
    instant = (wall - timedelta(days=1)).replace(tzinfo=UTC)
    for _ in range(3 * 24 * 60):
        shown = instant.astimezone(local).replace(tzinfo=None)
        if shown == wall:
            return instant
        if shown > wall and (instant - timedelta(minutes=1)).astimezone(local).replace(tzinfo=None) < wall:
            before = (instant - timedelta(minutes=1)).astimezone(local).utcoffset()
            assert before is not None
            return (wall - before).replace(tzinfo=UTC)
        instant += timedelta(minutes=1)
    raise AssertionError(f"{wall} never comes in {zone}")
