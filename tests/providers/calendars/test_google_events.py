"""Our events in a Google calendar: one whatever is retried, never over somebody else's change, gone when deleted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from providers.calendars.google import GoogleCalendar, google_event_id
from providers.protocols import CalendarEvent, Person, Rejected, Unreachable
from tests.database import World
from tests.providers.calendars.conftest import utc
from tests.providers.calendars.test_google_busy import opened
from tests.simulators.google import GoogleSimulator
from tests.simulators.google.schema import error
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"
NOW = utc("2026-03-20 12:00")


@pytest.fixture
def calendar(world: World, google: GoogleSimulator) -> Any:
    """Ana's primary calendar at Google, opened."""
    with world.enter("acme"):
        yield opened(google)


@pytest.fixture
def event(world: World) -> CalendarEvent:
    """A meeting of Ana's with a client."""
    return CalendarEvent(
        uid=f"meeting-1@{world.acme}.holdfast",
        sequence=0,
        title="Consultation: Kim",
        description="What about: the roof",
        location="https://acme.localhost/room/x/",
        starts_at=utc("2026-03-30 08:00"),
        ends_at=utc("2026-03-30 09:00"),
        time_zone="Europe/Lisbon",
        organiser=Person(name="Acme", email="bookings@acme.example"),
        attendees=(Person(name="Kim", email="kim@client.example"),),
    )


def test_it_is_written_in_the_hosts_zone_with_our_id_and_without_guests(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    (held,) = google.events(ANA)
    assert (held["id"], held["etag"]) == (written.href, written.etag)
    assert held["id"] == google_event_id(event.uid)
    assert held["start"] == {"dateTime": "2026-03-30T09:00:00+01:00", "timeZone": "Europe/Lisbon"}
    assert held["summary"] == "Consultation: Kim"
    assert held["extendedProperties"]["private"]["holdfast"] == event.uid
    assert "attendees" not in held
    assert "Kim <kim@client.example>" in held["description"]


def test_writing_twice_leaves_one_and_changes_nothing(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    assert calendar.write(event, now=NOW) == calendar.write(event, now=NOW)
    assert len(google.events(ANA)) == 1
    assert google.asked("PATCH ") == 0


@pytest.mark.parametrize("lost", [{"drop": True}, {"reply": Reply(status=503)}])
def test_an_answer_that_was_lost_leaves_one(
    lost: dict[str, Any], calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    google.fail("POST /calendar", after=True, **lost)
    written = calendar.write(event, now=NOW)
    (held,) = google.events(ANA)
    assert held["etag"] == written.etag


def test_a_later_sequence_moves_it_and_an_older_one_does_not(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    moved = replace(
        event,
        sequence=1,
        starts_at=event.starts_at + timedelta(hours=2),
        ends_at=event.ends_at + timedelta(hours=2),
    )
    calendar.write(event, now=NOW)
    after = calendar.write(moved, now=NOW)
    assert calendar.write(event, now=NOW) == after
    (held,) = google.events(ANA)
    assert held["start"]["dateTime"] == "2026-03-30T11:00:00+01:00"


def test_one_that_its_owner_deleted_comes_back_under_the_same_id(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    google.remove(ANA, written.href)
    assert calendar.find(event.uid) is None
    calendar.write(event, now=NOW)
    (held,) = google.events(ANA)
    assert held["id"] == written.href


def test_a_change_at_the_same_moment_is_not_overwritten(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    google.fail("PATCH ", reply=error(412, "conditionNotMet", "Precondition Failed").reply)
    with pytest.raises(Unreachable):
        calendar.write(replace(event, sequence=1), now=NOW)
    assert calendar.find(event.uid) == written


def test_restoring_puts_it_back_over_what_its_owner_did(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    google.change(ANA, written.href, start="2026-03-30T15:00:00Z", end="2026-03-30T16:00:00Z")
    calendar.restore(event, now=NOW)
    (held,) = google.events(ANA)
    assert held["start"]["dateTime"] == "2026-03-30T09:00:00+01:00"


def test_deleting_twice_is_once(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    calendar.write(event, now=NOW)
    assert (calendar.delete(event.uid), calendar.delete(event.uid), google.events(ANA)) == (True, False, [])


def test_deleting_what_never_was_is_no_failure(calendar: GoogleCalendar, event: CalendarEvent) -> None:
    assert calendar.delete(event.uid) is False


def test_a_calendar_that_may_only_be_read_says_so(
    calendar: GoogleCalendar, google: GoogleSimulator, event: CalendarEvent
) -> None:
    google.store.calendars[ANA].role = "reader"
    with pytest.raises(Rejected):
        calendar.write(event, now=NOW)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {"start": {"date": "2026-03-30"}, "end": {"date": "2026-03-31"}, "colour": "red"}, 400),
        ("POST", "", {"start": {"date": "2026-03-30"}}, 400),
        ("POST", "", {"start": {"date": "2026-03-31"}, "end": {"date": "2026-03-30"}}, 400),
        ("POST", "", {"id": "UPPER", "start": {"date": "2026-03-30"}, "end": {"date": "2026-03-31"}}, 400),
        (
            "POST",
            "",
            {"start": {"dateTime": "2026-03-30T09:00:00"}, "end": {"dateTime": "2026-03-30T10:00:00"}},
            400,
        ),
        (
            "POST",
            "",
            {
                "start": {"dateTime": "2026-03-30T09:00:00", "timeZone": "GMT Standard Time"},
                "end": {"dateTime": "2026-03-30T10:00:00", "timeZone": "GMT Standard Time"},
            },
            400,
        ),
        ("PATCH", "/{id}", {"summary": "blind"}, 400),
    ],
    ids=["unknown field", "no end", "ends first", "bad id", "no zone", "a Windows zone", "no etag"],
)
def test_the_simulator_refuses_what_google_refuses(
    method: str,
    path: str,
    body: dict[str, Any],
    status: int,
    calendar: GoogleCalendar,
    google: GoogleSimulator,
    event: CalendarEvent,
) -> None:
    held = calendar.write(event, now=NOW).href
    address = f"/calendars/{ANA}/events{path.format(id=held)}"
    assert calendar._session.request(method, address, json=body).status_code == status
    assert len(google.events(ANA)) == 1


def test_the_simulator_refuses_a_sync_token_with_a_range(calendar: GoogleCalendar) -> None:
    query = {"syncToken": "x", "timeMin": "2026-03-30T00:00:00Z"}
    answer = calendar._session.request("GET", f"/calendars/{ANA}/events", params=query)
    assert answer.status_code == 400
