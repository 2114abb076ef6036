"""One table: what a calendar says, by provider, and what of it is busy.

CalDAV is a real Radicale and a real Xandikos, Google and Microsoft are simulated. A cell is the provider's own way of
saying the row; None is a limit of the provider, with its reason. The range is two weeks from 2026-03-23; the calendar's
zone is Lisbon, whose clocks go forward on 2026-03-29 at 01:00 UTC.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from providers.calendars.caldav import CalDavCalendar
from tests.database import World
from tests.providers.calendars.conftest import calendar_text, utc
from tests.providers.calendars.test_busy_behaviour import LISBON, NEW_YORK
from tests.providers.calendars.test_google_busy import opened
from tests.providers.calendars.test_microsoft_busy import opened as opened_at_microsoft
from tests.simulators.dav_server import DavServer
from tests.simulators.google import GoogleSimulator
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.store import Calendar as Outlook

ANA = "ana@gmail.example"
START, END = utc("2026-03-23 00:00"), utc("2026-04-06 00:00")
TUESDAY = "DTSTART:20260324T090000Z\nDTEND:20260324T100000Z"
ON_TUESDAY: dict[str, Any] = {"start": "2026-03-24T09:00:00Z", "end": "2026-03-24T10:00:00Z"}
TUESDAY_BUSY = [("2026-03-24 09:00", "2026-03-24 10:00")]
SERIES = (
    "DTSTART;TZID=Europe/Lisbon:20260302T090000\nDTEND;TZID=Europe/Lisbon:20260302T100000\nRRULE:FREQ=WEEKLY"
)
EVERY_MONDAY: dict[str, Any] = {
    "start": "2026-03-02T09:00:00",
    "end": "2026-03-02T10:00:00",
    "zone": "Europe/Lisbon",
    "recurrence": ["RRULE:FREQ=WEEKLY"],
}
EVERY_MONDAY_THERE: dict[str, Any] = {
    "start": "2026-03-02T09:00:00",
    "end": "2026-03-02T10:00:00",
    "zone": "GMT Standard Time",
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "noEnd", "startDate": "2026-03-02"},
    },
}
FIRST, SECOND = ("2026-03-23 09:00", "2026-03-23 10:00"), ("2026-03-30 08:00", "2026-03-30 09:00")


@dataclass(frozen=True, kw_only=True)
class Row:
    """`caldav`: VEVENT texts of one object; `google`, `microsoft`: an event, and what its owner then does to it.

    `limits` says of each provider whose cell is None why it is.
    """

    caldav: list[str] | None
    google: dict[str, Any] | None
    microsoft: dict[str, Any] | None
    busy: list[tuple[str, str]]
    then: Callable[[GoogleSimulator, str], None] | None = None
    then_microsoft: Callable[[MicrosoftSimulator, Outlook, str], None] | None = None
    limits: dict[str, str] = field(default_factory=dict)
    zones: str = field(default=LISBON)


ROWS: dict[str, Row] = {
    "a time": Row(caldav=[TUESDAY], google=ON_TUESDAY, microsoft=ON_TUESDAY, busy=TUESDAY_BUSY),
    "a time in another zone": Row(
        caldav=["DTSTART;TZID=America/New_York:20260324T050000\nDTEND;TZID=America/New_York:20260324T060000"],
        google={"start": "2026-03-24T05:00:00", "end": "2026-03-24T06:00:00", "zone": "America/New_York"},
        microsoft={
            "start": "2026-03-24T05:00:00",
            "end": "2026-03-24T06:00:00",
            "zone": "Eastern Standard Time",
        },
        busy=TUESDAY_BUSY,
        zones=NEW_YORK,
    ),
    "a floating time": Row(
        caldav=["DTSTART:20260330T090000\nDTEND:20260330T100000"],
        google=None,
        microsoft=None,
        busy=[SECOND],
        limits={
            "google": "it has none: every dateTime carries an offset or a zone",
            "microsoft": "it has none: every dateTime stands beside its timeZone",
        },
    ),
    "weekly, across the change of the clocks": Row(
        caldav=[SERIES], google=EVERY_MONDAY, microsoft=EVERY_MONDAY_THERE, busy=[FIRST, SECOND]
    ),
    "weekly, one date left out": Row(
        caldav=[f"{SERIES}\nEXDATE;TZID=Europe/Lisbon:20260323T090000"],
        google=EVERY_MONDAY,
        then=lambda google, series: google.remove(ANA, f"{series}_20260323T090000Z"),
        microsoft=EVERY_MONDAY_THERE,
        then_microsoft=lambda there, calendar, series: there.remove(calendar, f"{series}~20260323T090000Z"),
        busy=[SECOND],
    ),
    "weekly, one date moved": Row(
        caldav=[
            SERIES,
            "DTSTART:20260323T150000Z\nDTEND:20260323T153000Z\nRECURRENCE-ID;TZID=Europe/Lisbon:20260323T090000",
        ],
        google=EVERY_MONDAY,
        then=lambda google, series: google.change(
            ANA, f"{series}_20260323T090000Z", start="2026-03-23T15:00:00Z", end="2026-03-23T15:30:00Z"
        ),
        microsoft=EVERY_MONDAY_THERE,
        then_microsoft=lambda there, calendar, series: there.change(
            calendar, f"{series}~20260323T090000Z", start="2026-03-23T15:00:00Z", end="2026-03-23T15:30:00Z"
        ),
        busy=[("2026-03-23 15:00", "2026-03-23 15:30"), SECOND],
    ),
    "all day": Row(
        caldav=["DTSTART;VALUE=DATE:20260331\nDTEND;VALUE=DATE:20260401"],
        google={"start": "2026-03-31", "end": "2026-04-01"},
        microsoft={"start": "2026-03-31", "end": "2026-04-01"},
        busy=[("2026-03-30 23:00", "2026-03-31 23:00")],
    ),
    "all day, on the short day": Row(
        caldav=["DTSTART;VALUE=DATE:20260329\nDTEND;VALUE=DATE:20260330"],
        google={"start": "2026-03-29", "end": "2026-03-30"},
        microsoft={"start": "2026-03-29", "end": "2026-03-30", "zone": "GMT Standard Time"},
        busy=[("2026-03-29 00:00", "2026-03-29 23:00")],
    ),
    "free (transparent)": Row(
        caldav=[f"{TUESDAY}\nTRANSP:TRANSPARENT"],
        google={**ON_TUESDAY, "transparency": "transparent"},
        microsoft={**ON_TUESDAY, "showAs": "free"},
        busy=[],
    ),
    "tentative": Row(
        caldav=[f"{TUESDAY}\nSTATUS:TENTATIVE"],
        google={**ON_TUESDAY, "status": "tentative"},
        microsoft={**ON_TUESDAY, "showAs": "tentative"},
        busy=TUESDAY_BUSY,
    ),
    "declined by the owner": Row(
        caldav=[f"{TUESDAY}\nATTENDEE;PARTSTAT=DECLINED:mailto:ana@acme.example"],
        google={**ON_TUESDAY, "attendees": [{"email": ANA, "self": True, "responseStatus": "declined"}]},
        microsoft={**ON_TUESDAY, "responseStatus": {"response": "declined"}},
        busy=[],
    ),
    "not answered by the owner": Row(
        caldav=[f"{TUESDAY}\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ana@acme.example"],
        google={**ON_TUESDAY, "attendees": [{"email": ANA, "self": True, "responseStatus": "needsAction"}]},
        microsoft={**ON_TUESDAY, "showAs": "tentative", "responseStatus": {"response": "notResponded"}},
        busy=TUESDAY_BUSY,
    ),
    "cancelled": Row(
        caldav=[f"{TUESDAY}\nSTATUS:CANCELLED"],
        google=ON_TUESDAY,
        then=lambda google, event: google.remove(ANA, event),
        microsoft={**ON_TUESDAY, "isCancelled": True},
        busy=[],
    ),
    "private": Row(
        caldav=[f"{TUESDAY}\nCLASS:PRIVATE"],
        google={**ON_TUESDAY, "visibility": "private"},
        microsoft={**ON_TUESDAY, "sensitivity": "private"},
        busy=TUESDAY_BUSY,
    ),
    "our own": Row(
        caldav=[f"UID:meeting-1@acme.holdfast\n{TUESDAY}"],
        google={**ON_TUESDAY, "extendedProperties": {"private": {"holdfast": "meeting-1@{acme}.holdfast"}}},
        microsoft={**ON_TUESDAY, "transactionId": "0.meeting-1@{acme}.holdfast"},
        busy=[],
    ),
    "out of office": Row(
        caldav=None,
        google={**ON_TUESDAY, "eventType": "outOfOffice"},
        microsoft={**ON_TUESDAY, "showAs": "oof"},
        busy=TUESDAY_BUSY,
        limits={"caldav": "iCalendar has no such kind: it is a time that is busy"},
    ),
    "working elsewhere": Row(
        caldav=None,
        google={**ON_TUESDAY, "eventType": "workingLocation", "transparency": "transparent"},
        microsoft={**ON_TUESDAY, "showAs": "workingElsewhere"},
        busy=[],
        limits={"caldav": "iCalendar has no such kind: whoever means it writes TRANSPARENT"},
    ),
    "without length": Row(
        caldav=["DTSTART:20260324T090000Z\nDTEND:20260324T090000Z"],
        google={**ON_TUESDAY, "end": ON_TUESDAY["start"]},
        microsoft={**ON_TUESDAY, "end": ON_TUESDAY["start"]},
        busy=[],
    ),
}


@pytest.fixture
def calendar_server(each_server: DavServer) -> DavServer:
    return each_server


def words(times: Any) -> list[tuple[str, str]]:
    return [(f"{a:%Y-%m-%d %H:%M}", f"{b:%Y-%m-%d %H:%M}") for a, b in times]


def test_every_cell_is_there_or_is_a_limit_with_its_reason() -> None:
    empty = {
        (name, provider)
        for name, row in ROWS.items()
        for provider in ("caldav", "google", "microsoft")
        if getattr(row, provider) is None
    }
    assert empty == {(name, provider) for name, row in ROWS.items() for provider in row.limits}


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.caldav is not None])
def test_caldav(
    name: str, calendar_server: DavServer, calendar_url: str, open_calendar: Callable[..., CalDavCalendar]
) -> None:
    row = ROWS[name]
    assert row.caldav is not None
    calendar_server.put(calendar_url, "event", calendar_text(*row.caldav, zones=row.zones))
    assert words(open_calendar(calendar_url).busy(start=START, end=END)) == row.busy


def test_google(lasting_world: World, google: GoogleSimulator) -> None:
    """All cells in one world: each row is put into an empty calendar, read, and taken out again."""
    found: dict[str, Any] = {}
    with lasting_world.enter("acme"):
        calendar = opened(google)
        for name, row in ROWS.items():
            if row.google is None:
                continue
            event = google.put(ANA, **_named(row.google, lasting_world.acme))
            if row.then:
                row.then(google, event)
            found[name] = words(calendar.busy(start=START, end=END))
            google.store.calendars[ANA].events.clear()
    assert found == {name: row.busy for name, row in ROWS.items() if row.google is not None}


def test_microsoft(lasting_world: World, microsoft: MicrosoftSimulator) -> None:
    """The same for Microsoft."""
    found: dict[str, Any] = {}
    with lasting_world.enter("acme"):
        calendar = opened_at_microsoft(microsoft)
        outlook = microsoft.default("ana@acme.example")
        for name, row in ROWS.items():
            if row.microsoft is None:
                continue
            event = microsoft.put(outlook, **_named(row.microsoft, lasting_world.acme))
            if row.then_microsoft:
                row.then_microsoft(microsoft, outlook, event)
            found[name] = words(calendar.busy(start=START, end=END))
            outlook.events.clear()
    assert found == {name: row.busy for name, row in ROWS.items() if row.microsoft is not None}


def _named(fields: dict[str, Any], schema: str) -> dict[str, Any]:
    """Fill the tenant's schema in where the row says {acme}."""
    named: dict[str, Any] = json.loads(json.dumps(fields).replace("{acme}", schema))
    return named
