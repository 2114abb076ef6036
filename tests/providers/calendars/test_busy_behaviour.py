"""What is busy, rule by rule, as a real Radicale and a real Xandikos store it and we read it.

The calendar's zone is Lisbon: UTC+0, and UTC+1 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC.

A server chooses which objects touch the window, so what it does not choose is not read: LIMITS.
"""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from providers.calendars.busy_rules import BusyRules
from providers.calendars.caldav import CalDavCalendar
from providers.calendars.dav_session import DavAccount
from tests.providers.calendars.conftest import calendar_text, utc
from tests.simulators.dav_server import DavServer

LISBON = """BEGIN:VTIMEZONE
TZID:Europe/Lisbon
BEGIN:STANDARD
DTSTART:19961027T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19970330T010000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE"""
NEW_YORK = """BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
END:VTIMEZONE"""
OFFICE = """BEGIN:VTIMEZONE
TZID:Our own office
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""
MORNING = "DTSTART:20260324T090000Z\nDTEND:20260324T100000Z"
MORNING_BUSY = [("2026-03-24 09:00", "2026-03-24 10:00")]
WEEKLY = (
    "DTSTART;TZID=Europe/Lisbon:20260302T090000\nDTEND;TZID=Europe/Lisbon:20260302T100000\nRRULE:FREQ=WEEKLY"
)
WEEKLY_BUSY = [("2026-03-23 09:00", "2026-03-23 10:00"), ("2026-03-30 08:00", "2026-03-30 09:00")]
DAY = "DTSTART;VALUE=DATE"

# (rule, zones, events, busy times in [2026-03-23, 2026-04-06) UTC)
RULES: list[tuple[str, str, list[str], list[tuple[str, str]]]] = [
    ("a time in UTC", "", [MORNING], MORNING_BUSY),
    ("DURATION instead of DTEND", "", ["DTSTART:20260324T090000Z\nDURATION:PT1H"], MORNING_BUSY),
    (
        "a zone with VTIMEZONE, before the change",
        LISBON,
        ["DTSTART;TZID=Europe/Lisbon:20260324T090000\nDTEND;TZID=Europe/Lisbon:20260324T100000"],
        MORNING_BUSY,
    ),
    (
        "a zone with VTIMEZONE, after the change",
        LISBON,
        ["DTSTART;TZID=Europe/Lisbon:20260330T090000\nDTEND;TZID=Europe/Lisbon:20260330T100000"],
        [("2026-03-30 08:00", "2026-03-30 09:00")],
    ),
    (
        "another zone",
        NEW_YORK,
        ["DTSTART;TZID=America/New_York:20260324T050000\nDTEND;TZID=America/New_York:20260324T060000"],
        MORNING_BUSY,
    ),
    (
        "start and end in two zones",
        f"{LISBON}\n{NEW_YORK}",
        ["DTSTART;TZID=Europe/Lisbon:20260324T090000\nDTEND;TZID=America/New_York:20260324T060000"],
        MORNING_BUSY,
    ),
    (
        "a zone that only its VTIMEZONE defines, repeated across its change",
        OFFICE,
        ["DTSTART;TZID=Our own office:20260328T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3"],
        [
            ("2026-03-28 09:00", "2026-03-28 10:00"),
            ("2026-03-29 08:00", "2026-03-29 09:00"),
            ("2026-03-30 08:00", "2026-03-30 09:00"),
        ],
    ),
    (
        "a floating time is the calendar's",
        "",
        ["DTSTART:20260330T090000\nDTEND:20260330T100000"],
        [("2026-03-30 08:00", "2026-03-30 09:00")],
    ),
    (
        "an all-day event blocks the local day",
        "",
        [f"{DAY}:20260331\nDTEND;VALUE=DATE:20260401"],
        [("2026-03-30 23:00", "2026-03-31 23:00")],
    ),
    ("an all-day event without end", "", [f"{DAY}:20260331"], [("2026-03-30 23:00", "2026-03-31 23:00")]),
    (
        "an all-day event that ends on its own day",
        "",
        [f"{DAY}:20260331\nDTEND;VALUE=DATE:20260331"],
        [("2026-03-30 23:00", "2026-03-31 23:00")],
    ),
    (
        "an all-day event on the short day of the change",
        "",
        [f"{DAY}:20260329\nDTEND;VALUE=DATE:20260330"],
        [("2026-03-29 00:00", "2026-03-29 23:00")],
    ),
    (
        "days on end, with DURATION",
        "",
        [f"{DAY}:20260328\nDURATION:P3D"],
        [("2026-03-28 00:00", "2026-03-30 23:00")],
    ),
    (
        "an all-day event every week",
        "",
        [f"{DAY}:20260304\nRRULE:FREQ=WEEKLY"],
        [("2026-03-25 00:00", "2026-03-26 00:00"), ("2026-03-31 23:00", "2026-04-01 23:00")],
    ),
    ("TRANSP:TRANSPARENT is free", "", [f"{MORNING}\nTRANSP:TRANSPARENT"], []),
    ("TRANSP:OPAQUE is busy", "", [f"{MORNING}\nTRANSP:OPAQUE"], MORNING_BUSY),
    ("STATUS:CANCELLED is free", "", [f"{MORNING}\nSTATUS:CANCELLED"], []),
    ("STATUS:TENTATIVE is busy", "", [f"{MORNING}\nSTATUS:TENTATIVE"], MORNING_BUSY),
    (
        "an invitation that the host declined is free",
        "",
        [f"{MORNING}\nORGANIZER:mailto:boss@x.example\nATTENDEE;PARTSTAT=DECLINED:mailto:Ana@acme.example"],
        [],
    ),
    (
        "an invitation that somebody else declined is busy",
        "",
        [f"{MORNING}\nORGANIZER:mailto:ana@acme.example\nATTENDEE;PARTSTAT=DECLINED:mailto:bob@x.example"],
        MORNING_BUSY,
    ),
    (
        "an invitation that the host has not answered is busy",
        "",
        [
            f"{MORNING}\nORGANIZER:mailto:boss@x.example\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ana@acme.example"
        ],
        MORNING_BUSY,
    ),
    ("no end takes no time", "", ["DTSTART:20260324T090000Z"], []),
    ("an end at the start takes no time", "", ["DTSTART:20260324T090000Z\nDTEND:20260324T090000Z"], []),
    ("a repeated event keeps its wall-clock time", LISBON, [WEEKLY], WEEKLY_BUSY),
    (
        "EXDATE takes one out",
        LISBON,
        [f"{WEEKLY}\nEXDATE;TZID=Europe/Lisbon:20260323T090000"],
        WEEKLY_BUSY[1:],
    ),
    (
        "EXDATE in UTC takes one out",
        LISBON,
        [f"{WEEKLY}\nEXDATE:20260330T080000Z"],
        WEEKLY_BUSY[:1],
    ),
    (
        "RDATE adds one",
        LISBON,
        [f"{WEEKLY}\nRDATE;TZID=Europe/Lisbon:20260325T150000"],
        [WEEKLY_BUSY[0], ("2026-03-25 15:00", "2026-03-25 16:00"), WEEKLY_BUSY[1]],
    ),
    (
        "RDATE without RRULE, its start long ago",
        "",
        ["DTSTART:20260101T090000Z\nDTEND:20260101T100000Z\nRDATE:20260324T090000Z"],
        MORNING_BUSY,
    ),
    (
        "an exception moved within the window",
        LISBON,
        [
            WEEKLY,
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260330T090000\nDTSTART;TZID=Europe/Lisbon:20260401T140000\n"
            "DTEND;TZID=Europe/Lisbon:20260401T160000",
        ],
        [WEEKLY_BUSY[0], ("2026-04-01 13:00", "2026-04-01 15:00")],
    ),
    (
        "an exception moved into the window from months away",
        LISBON,
        [
            f"{WEEKLY};UNTIL=20260309T090000Z",
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260309T090000\nDTSTART;TZID=Europe/Lisbon:20260401T140000\n"
            "DTEND;TZID=Europe/Lisbon:20260401T160000",
        ],
        [("2026-04-01 13:00", "2026-04-01 15:00")],
    ),
    (
        "an exception moved out of the window",
        LISBON,
        [
            WEEKLY,
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260330T090000\nDTSTART;TZID=Europe/Lisbon:20260501T140000\n"
            "DTEND;TZID=Europe/Lisbon:20260501T160000",
        ],
        WEEKLY_BUSY[:1],
    ),
    (
        "an exception that is cancelled is free",
        LISBON,
        [
            WEEKLY,
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260330T090000\nDTSTART;TZID=Europe/Lisbon:20260330T090000\n"
            "DTEND;TZID=Europe/Lisbon:20260330T100000\nSTATUS:CANCELLED",
        ],
        WEEKLY_BUSY[:1],
    ),
    (
        "an exception that is transparent is free",
        LISBON,
        [
            WEEKLY,
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260330T090000\nDTSTART;TZID=Europe/Lisbon:20260330T090000\n"
            "DTEND;TZID=Europe/Lisbon:20260330T100000\nTRANSP:TRANSPARENT",
        ],
        WEEKLY_BUSY[:1],
    ),
    (
        "an exception that is opaque in a transparent series is busy",
        LISBON,
        [
            f"{WEEKLY}\nTRANSP:TRANSPARENT",
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260330T090000\nDTSTART;TZID=Europe/Lisbon:20260330T090000\n"
            "DTEND;TZID=Europe/Lisbon:20260330T100000",
        ],
        WEEKLY_BUSY[1:],
    ),
    (
        "one invitation out of a series, its series unknown",
        LISBON,
        [
            "RECURRENCE-ID;TZID=Europe/Lisbon:20260324T090000\nDTSTART;TZID=Europe/Lisbon:20260324T090000\n"
            "DTEND;TZID=Europe/Lisbon:20260324T100000"
        ],
        MORNING_BUSY,
    ),
    ("COUNT ends a series", LISBON, [f"{WEEKLY};COUNT=4"], WEEKLY_BUSY[:1]),
    ("UNTIL ends a series", LISBON, [f"{WEEKLY};UNTIL=20260323T090000Z"], WEEKLY_BUSY[:1]),
    ("UNTIL as a date takes that day in", LISBON, [f"{WEEKLY};UNTIL=20260330"], WEEKLY_BUSY),
    (
        "a yearly event of long ago",
        "",
        ["DTSTART:19900324T090000Z\nDTEND:19900324T100000Z\nRRULE:FREQ=YEARLY"],
        MORNING_BUSY,
    ),
    (
        "a night across the lost hour is busy for the longer reading",
        LISBON,
        ["DTSTART;TZID=Europe/Lisbon:20260329T003000\nDTEND;TZID=Europe/Lisbon:20260329T033000"],
        [("2026-03-29 00:30", "2026-03-29 03:30")],
    ),
    (
        "a time within the lost hour is read with the offset before it",
        LISBON,
        ["DTSTART;TZID=Europe/Lisbon:20260329T013000\nDURATION:PT15M"],
        [("2026-03-29 01:30", "2026-03-29 01:45")],
    ),
    (
        "what surrounds the window is busy as a whole",
        "",
        ["DTSTART:20260301T000000Z\nDTEND:20260501T000000Z"],
        [("2026-03-01 00:00", "2026-05-01 00:00")],
    ),
    ("what ends as the window begins", "", ["DTSTART:20260322T230000Z\nDTEND:20260323T000000Z"], []),
    ("what begins as the window ends", "", ["DTSTART:20260406T000000Z\nDTEND:20260406T010000Z"], []),
    ("our own event", "", [f"UID:k7q2@acme.holdfast\n{MORNING}"], []),
    ("another tenant's event", "", [f"UID:k7q2@northwind.holdfast\n{MORNING}"], MORNING_BUSY),
]


# Rules that a server breaks by itself: RFC 4791, 9.9 has it look at each repetition.
LIMITS = {
    ("Xandikos", "RDATE without RRULE, its start long ago"): "its search repeats events by RRULE alone",
}


@pytest.fixture
def calendar_server(each_server: DavServer) -> DavServer:
    return each_server


@pytest.mark.parametrize(("rule", "zones", "events", "busy"), RULES, ids=[rule[0] for rule in RULES])
def test_busy_times_of_a_rule(
    rule: str,
    zones: str,
    events: list[str],
    busy: list[tuple[str, str]],
    calendar_server: DavServer,
    calendar_url: str,
    open_calendar: Callable[..., CalDavCalendar],
) -> None:
    calendar_server.put(calendar_url, "one", calendar_text(*events, zones=zones))
    found = open_calendar(calendar_url).busy(start=utc("2026-03-23"), end=utc("2026-04-06"))
    is_left_out = (type(calendar_server).__name__, rule) in LIMITS
    assert found == (() if is_left_out else tuple((utc(start), utc(end)) for start, end in busy))


@pytest.mark.parametrize(
    ("start", "end", "busy"),
    [
        ("2026-03-30 08:59", "2026-03-30 09:30", WEEKLY_BUSY[1:]),
        ("2026-03-30 09:00", "2026-03-30 09:30", []),
        ("2026-03-30 07:30", "2026-03-30 08:00", []),
    ],
)
def test_a_short_window_sees_what_overlaps_it(
    start: str,
    end: str,
    busy: list[tuple[str, str]],
    calendar_server: DavServer,
    calendar_url: str,
    open_calendar: Callable[..., CalDavCalendar],
) -> None:
    calendar_server.put(calendar_url, "one", calendar_text(WEEKLY, zones=LISBON))
    found = open_calendar(calendar_url).busy(start=utc(start), end=utc(end))
    assert found == tuple((utc(first), utc(last)) for first, last in busy)


@pytest.mark.parametrize(
    ("zone", "start"), [("Pacific/Auckland", "2026-03-23 12:00"), ("America/Los_Angeles", "2026-03-25 05:00")]
)
def test_an_all_day_event_is_found_far_from_the_servers_day(
    zone: str, start: str, calendar_server: DavServer, calendar_url: str
) -> None:
    """The servers take 24 March for the day in UTC; the local day begins 13 hours before it or ends 7 after."""
    calendar_server.put(calendar_url, "one", calendar_text(f"{DAY}:20260324"))
    rules = BusyRules(zone=ZoneInfo(zone), own_suffix="@acme.holdfast")
    account = DavAccount(url=calendar_url, username="ana", password=calendar_server.password)
    calendar = CalDavCalendar(account, url=calendar_url, rules=rules)
    ((first, last),) = calendar.busy(start=utc(start), end=utc(start) + timedelta(hours=1))
    assert first <= utc(start) < utc(start) + timedelta(hours=1) <= last


def test_several_objects_are_read_together(
    calendar_server: DavServer, calendar_url: str, open_calendar: Callable[..., CalDavCalendar]
) -> None:
    calendar_server.put(calendar_url, "one", calendar_text(f"UID:one\n{MORNING}"))
    calendar_server.put(calendar_url, "two", calendar_text(f"UID:two\n{WEEKLY}", zones=LISBON))
    calendar_server.put(calendar_url, "three", calendar_text(f"UID:three\n{MORNING}"))
    found = open_calendar(calendar_url).busy(start=utc("2026-03-23"), end=utc("2026-04-06"))
    times = [WEEKLY_BUSY[0], *MORNING_BUSY, WEEKLY_BUSY[1]]
    assert found == tuple((utc(start), utc(end)) for start, end in times)
