"""What is busy in a Google calendar, rule by rule, as the simulated Google tells it and we read it. The calendar's
zone is Lisbon: UTC+0, and UTC+1 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC.
"""

from datetime import datetime
from typing import Any

import pytest

from booking.api import Host
from providers.calendars.google import GoogleCalendar
from providers.calendars.vendor_calendars import open_vendor_calendar
from providers.models import Calendar
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.calendars.conftest import utc
from tests.providers.conftest import connect_google
from tests.simulators.google import GoogleSimulator
from tests.simulators.google.schema import error
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"
START, END = utc("2026-03-23 00:00"), utc("2026-04-06 00:00")
MORNING = {"start": "2026-03-24T09:00:00Z", "end": "2026-03-24T10:00:00Z"}
MORNING_BUSY = [("2026-03-24 09:00", "2026-03-24 10:00")]
WEEKLY = {
    "start": "2026-03-02T09:00:00",
    "end": "2026-03-02T10:00:00",
    "zone": "Europe/Lisbon",
    "recurrence": ["RRULE:FREQ=WEEKLY"],
}


@pytest.fixture
def calendar(world: World, google: GoogleSimulator) -> Any:
    """Ana's primary calendar at Google, opened."""
    with world.enter("acme"):
        yield opened(google)


def opened(google: GoogleSimulator) -> GoogleCalendar:
    host = Host.objects.get(slug="ana")
    connect_google(google, host.pk)
    kept = Calendar.objects.select_related("connection__account").get(is_destination=True, host_id=host.pk)
    client = open_vendor_calendar(kept, timeout_seconds=5)
    assert isinstance(client, GoogleCalendar)
    return client


def read(calendar: GoogleCalendar, start: datetime = START, end: datetime = END) -> list[tuple[str, str]]:
    return [(f"{a:%Y-%m-%d %H:%M}", f"{b:%Y-%m-%d %H:%M}") for a, b in calendar.busy(start=start, end=end)]


RULES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("a time in UTC", MORNING, MORNING_BUSY),
    (
        "a time with an offset",
        {"start": "2026-03-24T11:00:00+02:00", "end": "2026-03-24T12:00:00+02:00"},
        MORNING_BUSY,
    ),
    (
        "another zone, across the change of the clocks",
        {"start": "2026-03-30T09:00:00", "end": "2026-03-30T10:00:00", "zone": "Europe/Lisbon"},
        [("2026-03-30 08:00", "2026-03-30 09:00")],
    ),
    (
        "an all-day event blocks the local day",
        {"start": "2026-03-31", "end": "2026-04-01"},
        [("2026-03-30 23:00", "2026-03-31 23:00")],
    ),
    (
        "an all-day event on the short day of the change",
        {"start": "2026-03-29", "end": "2026-03-30"},
        [("2026-03-29 00:00", "2026-03-29 23:00")],
    ),
    ("transparent is free", {**MORNING, "transparency": "transparent"}, []),
    ("tentative is busy", {**MORNING, "status": "tentative"}, MORNING_BUSY),
    ("private is busy", {**MORNING, "visibility": "private", "summary": "Doctor"}, MORNING_BUSY),
    (
        "declined is free",
        {**MORNING, "attendees": [{"email": ANA, "self": True, "responseStatus": "declined"}]},
        [],
    ),
    (
        "declined by another is busy",
        {
            **MORNING,
            "attendees": [
                {"email": "ben@x.example", "responseStatus": "declined"},
                {"email": ANA, "self": True, "responseStatus": "needsAction"},
            ],
        },
        MORNING_BUSY,
    ),
    ("what takes no time is free", {"start": MORNING["start"], "end": MORNING["start"]}, []),
    ("out of office is busy", {**MORNING, "eventType": "outOfOffice"}, MORNING_BUSY),
    (
        "weekly, across the change",
        WEEKLY,
        [("2026-03-23 09:00", "2026-03-23 10:00"), ("2026-03-30 08:00", "2026-03-30 09:00")],
    ),
    (
        "weekly, one date left out",
        {**WEEKLY, "recurrence": ["RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Lisbon:20260323T090000"]},
        [("2026-03-30 08:00", "2026-03-30 09:00")],
    ),
    (
        "one that began before the range",
        {"start": "2026-03-22T22:00:00Z", "end": "2026-03-23T02:00:00Z"},
        [("2026-03-22 22:00", "2026-03-23 02:00")],
    ),
]


@pytest.mark.parametrize(("fields", "busy"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_what_is_busy(
    fields: dict[str, Any], busy: list[Any], calendar: GoogleCalendar, google: GoogleSimulator
) -> None:
    google.put(ANA, **fields)
    assert read(calendar) == busy


def test_an_exception_moves_one_date_and_a_deleted_one_frees_it(
    calendar: GoogleCalendar, google: GoogleSimulator
) -> None:
    series = google.put(ANA, **WEEKLY)
    google.change(ANA, f"{series}_20260323T090000Z", start="2026-03-23T15:00:00Z", end="2026-03-23T15:30:00Z")
    google.remove(ANA, f"{series}_20260330T080000Z")
    assert read(calendar) == [("2026-03-23 15:00", "2026-03-23 15:30")]


def test_a_deleted_event_is_free(calendar: GoogleCalendar, google: GoogleSimulator) -> None:
    google.remove(ANA, google.put(ANA, **MORNING))
    assert read(calendar) == []


def test_our_own_events_are_never_busy_and_another_tenants_are(
    calendar: GoogleCalendar, google: GoogleSimulator, world: World
) -> None:
    for suffix in (world.acme, world.northwind):
        private = {"holdfast": f"meeting-1@{suffix}.holdfast"}
        hour = 9 if suffix == world.acme else 12
        google.put(
            ANA,
            start=f"2026-03-24T{hour:02}:00:00Z",
            end=f"2026-03-24T{hour + 1}:00:00Z",
            extendedProperties={"private": private},
        )
    assert read(calendar) == [("2026-03-24 12:00", "2026-03-24 13:00")]


def test_all_pages_are_read(calendar: GoogleCalendar, google: GoogleSimulator) -> None:
    google.store.calendars[ANA].page_size = 2
    for hour in range(9, 14):
        google.put(ANA, start=f"2026-03-24T{hour:02}:00:00Z", end=f"2026-03-24T{hour:02}:30:00Z")
    assert len(read(calendar)) == 5
    assert google.asked("GET /calendar/v3/calendars/") == 3


def test_titles_are_not_even_asked_for(calendar: GoogleCalendar, google: GoogleSimulator) -> None:
    google.put(ANA, **MORNING, summary="Very private words")
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
    ("it fails on", {"reply": Reply(status=503), "times": 9}, Unreachable, 3),
    ("it is silent", {"drop": True, "times": 9}, Unreachable, 3),
    ("rubbish", {"reply": Reply(body="<html>sign in</html>")}, Unreachable, 1),
    ("half a list", {"reply": Reply(json={"items": "no"})}, Unreachable, 1),
    ("too often, 403", {"reply": error(403, "rateLimitExceeded", "Rate Limit Exceeded").reply}, RateLimited, 1),
    ("too often, by user", {"reply": error(403, "userRateLimitExceeded", "…").reply}, RateLimited, 1),
    ("too often, 429", {"reply": error(429, "rateLimitExceeded", "…").reply, "times": 9}, RateLimited, 3),
    ("no permission", {"reply": error(403, "insufficientPermissions", "…").reply}, Unauthorised, 1),
    ("forbidden", {"reply": error(403, "forbidden", "…").reply}, Rejected, 1),
    ("gone", {"reply": error(404, "notFound", "Not Found").reply}, Rejected, 1),
    ("the API is off", {"reply": error(403, "accessNotConfigured", "…").reply}, Rejected, 1),
    ("an event without a start", {"reply": Reply(json={"items": [{"id": "x", "status": "confirmed"}]})}, Rejected, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "failure", "requests"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS]
)
def test_a_failure_never_reads_as_empty(
    fault: dict[str, Any],
    failure: type[Exception],
    requests: int,
    calendar: GoogleCalendar,
    google: GoogleSimulator,
) -> None:
    google.put(ANA, **MORNING)
    before = google.asked("/events")
    google.fail("/events", **fault)
    if failure is type(None):
        assert read(calendar) == MORNING_BUSY
    else:
        with pytest.raises(failure):
            read(calendar)
    assert google.asked("/events") - before == requests


def test_a_token_that_is_refused_is_renewed_once_and_the_reading_goes_on(
    calendar: GoogleCalendar, google: GoogleSimulator
) -> None:
    google.put(ANA, **MORNING)
    google.consent.expire_access_tokens()
    assert read(calendar) == MORNING_BUSY
    assert google.asked("POST /token") == 2  # the code, and one renewal


def test_an_ended_grant_is_unauthorised(calendar: GoogleCalendar, google: GoogleSimulator) -> None:
    google.consent.end(ANA)
    with pytest.raises(Unauthorised):
        read(calendar)


def test_changes_are_told_since_a_token_and_an_expired_token_is_said(
    calendar: GoogleCalendar, google: GoogleSimulator
) -> None:
    from providers.calendars.following import SyncTokenExpired

    first = calendar.whole(start=START, end=END)
    again = calendar.changes(first.sync_token)
    assert (again.is_changed, again.events) == (False, ())
    google.put(ANA, **MORNING)
    seen = calendar.changes(again.sync_token)
    assert (seen.is_changed, calendar.changes(seen.sync_token).is_changed) == (True, False)
    google.store.calendars[ANA].forget_changes()
    with pytest.raises(SyncTokenExpired):
        calendar.changes(seen.sync_token)
