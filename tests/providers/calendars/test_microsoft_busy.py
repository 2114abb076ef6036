"""What is busy in an Outlook calendar, as the simulated Microsoft tells it and we read it; and what no failure says.

The mailbox's zone is Lisbon: UTC+0, and UTC+1 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.api import Host
from providers.calendars.busy_rules import BusyRules, UnreadableEvent
from providers.calendars.following import SyncTokenExpired
from providers.calendars.graph import GraphCalendar
from providers.calendars.graph_times import graph_intervals
from providers.calendars.vendor_calendars import open_vendor_calendar
from providers.models import Calendar
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.calendars.conftest import utc
from tests.providers.conftest import connect_microsoft
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.schema import error
from tests.simulators.vendor import Reply

ANA = "ana@acme.example"
START, END = utc("2026-03-23 00:00"), utc("2026-04-06 00:00")
MORNING = {"start": "2026-03-24T09:00:00Z", "end": "2026-03-24T10:00:00Z"}
ONE_DAY = {"startDateTime": "2026-03-23T00:00:00Z", "endDateTime": "2026-03-24T00:00:00Z"}
MORNING_BUSY = [("2026-03-24 09:00", "2026-03-24 10:00")]


@pytest.fixture
def calendar(world: World, microsoft: MicrosoftSimulator) -> Any:
    """Ana's default calendar at Microsoft, opened."""
    with world.enter("acme"):
        yield opened(microsoft)


def opened(microsoft: MicrosoftSimulator) -> GraphCalendar:
    host = Host.objects.get(slug="ana")
    connect_microsoft(microsoft, host.pk)
    rows = Calendar.objects.select_related("connection__account").order_by("pk")
    kept = rows.get(connection__kind="microsoft", host_id=host.pk, name="Calendar")
    client = open_vendor_calendar(kept, timeout_seconds=5)
    assert isinstance(client, GraphCalendar)
    return client


def read(calendar: GraphCalendar, start: datetime = START, end: datetime = END) -> list[tuple[str, str]]:
    return [(f"{a:%Y-%m-%d %H:%M}", f"{b:%Y-%m-%d %H:%M}") for a, b in calendar.busy(start=start, end=end)]


def test_several_days_are_busy_and_one_that_began_before_the_range_too(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    outlook = microsoft.default(ANA)
    microsoft.put(outlook, start="2026-03-28", end="2026-03-31")
    microsoft.put(outlook, start="2026-03-22T22:00:00Z", end="2026-03-23T02:00:00Z")
    assert read(calendar) == [
        ("2026-03-22 22:00", "2026-03-23 02:00"),
        ("2026-03-28 00:00", "2026-03-30 23:00"),
    ]


def times(start: str, end: str, zone: str, **more: Any) -> list[tuple[str, str]]:
    item = {
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        **more,
    }
    rules = BusyRules(zone=ZoneInfo("America/New_York"), own_suffix="@acme.holdfast")
    found = graph_intervals([item], start=START, end=END, rules=rules)
    return [(f"{a:%Y-%m-%d %H:%M}", f"{b:%Y-%m-%d %H:%M}") for a, b in found]


def test_times_are_read_in_whatever_zone_they_come() -> None:
    windows = times("2026-03-30T09:00:00.0000000", "2026-03-30T10:00:00.0000000", "GMT Standard Time")
    iana = times("2026-03-30T09:00:00.0000000", "2026-03-30T10:00:00.0000000", "Europe/Lisbon")
    assert windows == iana == [("2026-03-30 08:00", "2026-03-30 09:00")]
    whole = times("2026-03-31T00:00:00.0000000", "2026-04-01T00:00:00.0000000", "UTC", isAllDay=True)
    assert whole == [("2026-03-31 04:00", "2026-04-01 04:00")]  # the day of New York
    converted = times("2026-03-31T05:00:00.0000000", "2026-04-01T05:00:00.0000000", "UTC", isAllDay=True)
    assert converted == [("2026-03-31 05:00", "2026-04-01 05:00")]


@pytest.mark.parametrize(
    "item",
    [
        {"start": {"dateTime": "2026-03-30T09:00:00", "timeZone": "UTC"}},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}, "end": {"dateTime": "later", "timeZone": "UTC"}},
        {
            "start": {"dateTime": "2026-03-30T09:00:00", "timeZone": "tzone://Microsoft/Custom"},
            "end": {"dateTime": "2026-03-30T10:00:00", "timeZone": "tzone://Microsoft/Custom"},
        },
    ],
    ids=["no end", "no time", "a zone that nobody knows"],
)
def test_an_event_that_cannot_be_read_is_no_empty_time(item: dict[str, Any]) -> None:
    rules = BusyRules(zone=ZoneInfo("Europe/Lisbon"), own_suffix="@acme.holdfast")
    with pytest.raises(UnreadableEvent):
        graph_intervals([item], start=START, end=END, rules=rules)


def test_our_own_events_are_never_busy_and_a_copy_and_another_tenants_are(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, world: World
) -> None:
    outlook = microsoft.default(ANA)
    for hour, transaction in ((9, f"0.m-1@{world.acme}.holdfast"), (12, f"0.m-1@{world.northwind}.holdfast")):
        microsoft.put(
            outlook,
            start=f"2026-03-24T{hour:02}:00:00Z",
            end=f"2026-03-24T{hour + 1}:00:00Z",
            transactionId=transaction,
        )
    microsoft.put(outlook, start="2026-03-24T15:00:00Z", end="2026-03-24T16:00:00Z")
    assert read(calendar) == [
        ("2026-03-24 12:00", "2026-03-24 13:00"),
        ("2026-03-24 15:00", "2026-03-24 16:00"),
    ]


def test_all_pages_are_read(calendar: GraphCalendar, microsoft: MicrosoftSimulator) -> None:
    outlook = microsoft.default(ANA)
    outlook.page_size = 2
    for hour in range(9, 14):
        microsoft.put(outlook, start=f"2026-03-24T{hour:02}:00:00Z", end=f"2026-03-24T{hour:02}:30:00Z")
    assert len(read(calendar)) == 5
    assert microsoft.asked("/calendarView") == 3


def test_a_next_page_elsewhere_never_gets_the_token(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    page = {"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/me/calendars"}
    microsoft.fail("/calendarView", reply=Reply(json=page))
    with pytest.raises(Rejected, match="points to another server"):
        read(calendar)


def test_of_a_reading_no_title_is_even_asked_for(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    microsoft.put(microsoft.default(ANA), **MORNING, subject="Very private words")
    session = calendar._session
    seen: list[str] = []
    ask = session.request

    def watched(*args: Any, **options: Any) -> Any:
        answer = ask(*args, **options)
        seen.append(answer.text)
        return answer

    session.request = watched  # type: ignore[method-assign]
    assert read(calendar) == MORNING_BUSY
    assert "private words" not in "".join(seen)


FAULTS: list[tuple[str, dict[str, Any], type[Exception], int]] = [
    ("it fails once", {"reply": Reply(status=503)}, type(None), 2),
    ("it fails on", {"reply": Reply(status=504), "times": 9}, Unreachable, 3),
    ("it is silent", {"drop": True, "times": 9}, Unreachable, 3),
    ("rubbish", {"reply": Reply(body="<html>sign in</html>")}, Unreachable, 1),
    ("half a list", {"reply": Reply(json={"value": "no"})}, Unreachable, 1),
    ("no list", {"reply": Reply(json={})}, Unreachable, 1),
    ("too often", {"reply": error(429, "ApplicationThrottled", "…", Retry_After="30").reply}, RateLimited, 1),
    ("no permission", {"reply": error(403, "ErrorAccessDenied", "…").reply}, Unauthorised, 1),
    ("forbidden", {"reply": error(403, "ErrorOther", "…").reply}, Rejected, 1),
    ("gone", {"reply": error(404, "ErrorItemNotFound", "…").reply}, Rejected, 1),
    ("an event without a start", {"reply": Reply(json={"value": [{"id": "x", "showAs": "busy"}]})}, Rejected, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "failure", "requests"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS]
)
def test_a_failure_never_reads_as_empty(
    fault: dict[str, Any],
    failure: type[Exception],
    requests: int,
    calendar: GraphCalendar,
    microsoft: MicrosoftSimulator,
) -> None:
    microsoft.put(microsoft.default(ANA), **MORNING)
    microsoft.fail("/calendarView", **fault)
    if failure is type(None):
        assert read(calendar) == MORNING_BUSY
    else:
        with pytest.raises(failure):
            read(calendar)
    assert microsoft.asked("/calendarView") == requests


def test_a_token_that_is_refused_is_renewed_once_and_the_reading_goes_on(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    microsoft.put(microsoft.default(ANA), **MORNING)
    microsoft.consent.expire_access_tokens()
    assert read(calendar) == MORNING_BUSY
    assert microsoft.asked("/token") == 2  # the code, and one renewal


def test_an_ended_grant_is_unauthorised(calendar: GraphCalendar, microsoft: MicrosoftSimulator) -> None:
    microsoft.consent.end(ANA)
    with pytest.raises(Unauthorised):
        read(calendar)


def test_changes_are_told_since_a_token_and_an_expired_token_is_said(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    outlook = microsoft.default(ANA)
    first = calendar.whole(start=START, end=END)
    again = calendar.changes(first.sync_token)
    assert (again.is_changed, again.events) == (False, ())
    event = microsoft.put(outlook, **MORNING)
    seen = calendar.changes(again.sync_token)
    assert (seen.is_changed, calendar.changes(seen.sync_token).is_changed) == (True, False)
    microsoft.remove(outlook, event)
    assert calendar.changes(seen.sync_token).is_changed is True
    outlook.forget_changes()
    with pytest.raises(SyncTokenExpired):
        calendar.changes(seen.sync_token)


def test_after_a_change_the_window_is_read_and_not_followed_anew(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    first = calendar.whole(start=START, end=END)
    microsoft.put(microsoft.default(ANA), **MORNING)
    assert microsoft.asked("/delta") == 1
    told = calendar.changes(first.sync_token)
    again = calendar.whole(start=START, end=END)
    assert (microsoft.asked("/delta"), again.sync_token) == (2, told.sync_token)
    later = calendar.whole(start=START, end=utc("2026-04-08 00:00"))  # beyond what the token tells of
    assert (microsoft.asked("/delta"), later.sync_token == told.sync_token) == (3, False)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("calendarView", {"startDateTime": "2026-03-23T00:00:00Z"}),
        ("calendarView", {"startDateTime": "2026-03-24T00:00:00Z", "endDateTime": "2026-03-23T00:00:00Z"}),
        ("calendarView/delta", {**ONE_DAY, "$select": "id"}),
        ("calendarView/delta", {"$deltatoken": "e30=", "startDateTime": "2026-03-23T00:00:00Z"}),
        ("events", {"$filter": "subject eq 'x'"}),
    ],
    ids=["no end", "ends first", "a delta with $select", "a token with a range", "another filter"],
)  # fmt: skip
def test_the_simulator_refuses_what_microsoft_refuses_to_list(
    path: str, query: dict[str, str], calendar: GraphCalendar
) -> None:
    answer = calendar._session.request("GET", f"{calendar._events.path}/{path}", params=query)
    assert answer.status_code == 400


def test_the_simulator_refuses_a_zone_that_microsoft_does_not_know(calendar: GraphCalendar) -> None:
    query = {"startDateTime": "2026-03-23T00:00:00Z", "endDateTime": "2026-03-24T00:00:00Z"}
    prefer = {"Prefer": 'outlook.timezone="Europe/Lisbon"'}
    path = f"{calendar._events.path}/calendarView"
    assert calendar._session.request("GET", path, params=query, headers=prefer).status_code == 400


def test_the_schedule_shows_the_same_times_and_no_more(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator
) -> None:
    microsoft.put(microsoft.default(ANA), **MORNING, subject="Very private words")
    body = {
        "schedules": [ANA],
        "startTime": {"dateTime": "2026-03-23T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-04-06T00:00:00", "timeZone": "UTC"},
    }
    said = calendar._session.json("POST", "/me/calendar/getSchedule", json=body)["value"][0]["scheduleItems"]
    assert [(each["status"], each["start"]["dateTime"]) for each in said] == [
        ("busy", "2026-03-24T09:00:00.0000000")
    ]
