"""A series' invites, as they left: independent clients read every date around a change of the clock, moved and
cancelled.

Each date is a meeting with a UID of its own, so no client needs to agree with another on recurrences and exceptions.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from booking.api import (
    Booking,
    EventType,
    Host,
    book_series,
    cancel,
    cancel_rest,
    get_booking,
    get_event_type,
    move,
    recurring_starts,
    series_bookings,
)
from booking.links import event_uid
from booking.models import Schedule
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails as mails
from tests.booking.scene import BEN, CLIENT, now
from tests.database import World
from tests.providers.mail.test_invite_in_other_clients import (
    read_by_ical_js,
    read_by_icalendar,
    read_by_vobject,
)
from tests.simulators.smtp import MailSink

ZONES = [  # the classes of zones.py whose clocks change on days that a yearly rule says, and one that has no changes
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "America/Havana",
    "Europe/Dublin",
    "Asia/Tokyo",
]
DATES = 4


@pytest.fixture
def acme(world: World, mails: MailSink) -> Iterator[MailSink]:
    """Acme, whose visits can be booked up to six at once, a year ahead."""
    with world.enter("acme"):
        EventType.objects.update(series_most=6, window_days=400)
        yield mails


def test_what_a_series_is_in_each_client(acme: MailSink) -> None:
    """Lisbon, read by hand: four UIDs, one hour, moved with a later sequence, cancelled with a later one still."""
    expected, texts = played("Europe/Lisbon", acme)
    assert len(texts) == DATES + 2
    assert [each[0] for each in expected.values()] == ["REQUEST"] * 5 + ["CANCEL"]
    assert len({each[1] for each in expected.values()}) == DATES
    assert [each[2] for each in expected.values()] == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("zone", ZONES)
def test_python_clients_read_every_date_of_a_series(acme: MailSink, zone: str) -> None:
    expected, texts = played(zone, acme)
    assert {name: read_by_icalendar(text) for name, text in texts.items()} == expected
    assert {name: read_by_vobject(text) for name, text in texts.items()} == expected


@pytest.mark.ical_js
def test_ical_js_reads_every_date_of_a_series(acme: MailSink, tmp_path: Path) -> None:
    expected: dict[str, list[object]] = {}
    texts: dict[str, str] = {}
    for zone in ZONES:
        more, written = played(zone, acme)
        expected |= more
        texts |= written
    assert len(texts) == len(ZONES) * (DATES + 2)
    assert read_by_ical_js(texts, tmp_path) == expected


def played(zone: str, sink: MailSink) -> tuple[dict[str, list[object]], dict[str, str]]:
    """Book four weeks of visits at a host in `zone`, half of them before its clocks change; move the second, cancel the
    last. Return what a client must read in each invite that Ben got, and the invites, by names that say which."""
    Host.objects.update(time_zone=zone)
    Schedule.objects.update(time_zone=zone)
    starts = list(recurring_starts(first_of(zone), every="week", interval=1, count=DATES, zone=zone))
    local = [start.astimezone(ZoneInfo(zone)) for start in starts]
    assert {each.time() for each in local} == {time(10)}
    assert len({each.utcoffset() for each in local}) == (1 if zone == "Asia/Tokyo" else 2)
    made = book_series(
        get_event_type("site-visit"), starts=starts, time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="visitor",
    )  # fmt: skip
    perform_all()
    bookings = list(series_bookings(made.series))
    expected = {f"{zone} {each.meeting.starts_at:%F}": agreed("REQUEST", each, zone) for each in bookings}
    later = starts[1] + timedelta(hours=3)
    move(bookings[1], start=later, now=now(), actor=CLIENT)
    perform_all()
    expected[f"{zone} moved"] = agreed("REQUEST", get_booking(bookings[1].uid), zone)
    cancel(bookings[3], reason="", now=now(), actor=CLIENT)
    perform_all()
    expected[f"{zone} cancelled"] = agreed("CANCEL", get_booking(bookings[3].uid), zone)
    texts = dict(zip(in_order(expected, sink), invites(sink), strict=True))
    sink.received.clear()
    cancel_rest(made.series, reason="", now=now(), actor=CLIENT)
    perform_all()
    sink.received.clear()
    return expected, texts


def first_of(zone: str) -> datetime:
    """Return the Wednesday, 10:00 there, two weeks before the week in which clocks next change (or a month ahead)."""
    there = ZoneInfo(zone)
    day = now().astimezone(there).replace(hour=12) + timedelta(days=21)
    if zone != "Asia/Tokyo":
        while (day + timedelta(days=1)).utcoffset() == day.utcoffset():
            day += timedelta(days=1)
    day -= timedelta(days=(day.weekday() - 2) % 7 + 7)
    return datetime.combine(day.date(), time(10), tzinfo=there).astimezone(UTC)


def agreed(method: str, booking: Booking, zone: str) -> list[object]:
    """Return what stands in the record, in the order in which the readers say it."""
    meeting = booking.meeting
    start, end = (
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (meeting.starts_at, meeting.ends_at)
    )
    return [method, event_uid(meeting.uid), meeting.sequence, start, end, zone]


def invites(sink: MailSink) -> list[str]:
    """Return the invites that came to Ben, in the order in which they came."""
    mine = [each.mail for each in sink.received if BEN.email in each.recipients]
    return [
        part.get_content()
        for mail in mine
        for part in mail.walk()
        if part.get_content_type() == "text/calendar"
    ]


def in_order(expected: dict[str, list[object]], sink: MailSink) -> list[str]:
    """Return the names in the order in which their invites came: dates are confirmed side by side."""
    names = {(each[1], each[2]): name for name, each in expected.items()}
    found = [(read_by_icalendar(text)[1], read_by_icalendar(text)[2]) for text in invites(sink)]
    return [names[each] for each in found]
