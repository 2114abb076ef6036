"""Our events in an Outlook calendar: one whatever is retried, never over somebody else's change, gone when deleted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from providers.calendars.graph import GraphCalendar
from providers.protocols import CalendarEvent, Person, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.calendars.conftest import utc
from tests.providers.calendars.test_google_events import event as event
from tests.providers.calendars.test_microsoft_busy import opened
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.microsoft.schema import error
from tests.simulators.vendor import Reply

ANA = "ana@acme.example"
NOW = utc("2026-03-20 12:00")


@pytest.fixture
def calendar(world: World, microsoft: MicrosoftSimulator) -> Any:
    """Ana's default calendar at Microsoft, opened."""
    with world.enter("acme"):
        yield opened(microsoft)


def test_it_is_written_in_utc_with_our_uid_and_without_attendees(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    (held,) = microsoft.events(ANA)
    assert (held["id"], f'W/"{held["changeKey"]}"') == (written.href, written.etag)
    assert held["start"] == {"dateTime": "2026-03-30T08:00:00", "timeZone": "UTC"}
    assert (held["subject"], held["showAs"]) == ("Consultation: Kim", "busy")
    assert held["transactionId"] == f"0.{event.uid}"
    assert "attendees" not in held
    assert "Kim &lt;kim@client.example&gt;" in held["body"]["content"]


def test_words_of_a_client_are_no_markup(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    kim = Person(name="<img src=x onerror=alert(1)>", email="kim@client.example")
    calendar.write(replace(event, attendees=(kim,)), now=NOW)
    (held,) = microsoft.events(ANA)
    assert "<img" not in held["body"]["content"]


def test_writing_twice_leaves_one_and_changes_nothing(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    assert calendar.write(event, now=NOW) == calendar.write(event, now=NOW)
    assert (len(microsoft.events(ANA)), microsoft.asked("PATCH ")) == (1, 0)


@pytest.mark.parametrize("returns_duplicates", [False, True])
@pytest.mark.parametrize("lost", [{"drop": True}, {"reply": Reply(status=503)}])
def test_an_answer_that_was_lost_leaves_one(
    lost: dict[str, Any],
    returns_duplicates: bool,
    calendar: GraphCalendar,
    microsoft: MicrosoftSimulator,
    event: CalendarEvent,
) -> None:
    microsoft.returns_duplicates = returns_duplicates
    microsoft.fail("POST /v1.0/me/calendars", after=True, **lost)
    written = calendar.write(event, now=NOW)
    (held,) = microsoft.events(ANA)
    assert (held["id"], microsoft.asked("POST /v1.0/me/calendars")) == (written.href, 2)


def test_two_who_write_it_at_once_leave_one(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    microsoft.fail("GET /v1.0/me/calendars", slow=0.3, times=2)  # both look before either makes it
    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(lambda _: calendar.write(event, now=NOW), range(2)))
    assert (len(microsoft.events(ANA)), written[0].href) == (1, written[1].href)


def test_a_later_sequence_moves_it_and_an_older_one_does_not(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    later = timedelta(hours=2)
    moved = replace(event, sequence=1, starts_at=event.starts_at + later, ends_at=event.ends_at + later)
    calendar.write(event, now=NOW)
    after = calendar.write(moved, now=NOW)
    assert calendar.write(event, now=NOW) == after
    (held,) = microsoft.events(ANA)
    assert held["start"]["dateTime"] == "2026-03-30T10:00:00"


def test_one_that_its_owner_deleted_comes_back_as_often_as_it_takes(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    for _ in range(3):
        written = calendar.write(event, now=NOW)
        (held,) = microsoft.events(ANA)
        assert held["id"] == written.href
        microsoft.remove(microsoft.default(ANA), written.href)
        assert calendar.find(event.uid) is None


def test_a_change_at_the_same_moment_is_not_overwritten(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    microsoft.fail("PATCH ", reply=error(412, "ErrorIrresolvableConflict", "…").reply)
    with pytest.raises(Unreachable):
        calendar.write(replace(event, sequence=1), now=NOW)
    assert calendar.find(event.uid) == written


def test_restoring_puts_it_back_over_what_its_owner_did(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    outlook = microsoft.default(ANA)
    microsoft.change(outlook, written.href, start="2026-03-30T15:00:00Z", end="2026-03-30T16:00:00Z")
    calendar.restore(event, now=NOW)
    (held,) = microsoft.events(ANA)
    assert held["start"]["dateTime"] == "2026-03-30T08:00:00"
    microsoft.remove(outlook, written.href)
    calendar.restore(event, now=NOW)
    assert len(microsoft.events(ANA)) == 1


def test_a_copy_that_its_owner_made_is_not_ours(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    (held,) = microsoft.events(ANA)
    copied = {name: held[name] for name in ("subject", "singleValueExtendedProperties")}
    microsoft.put(microsoft.default(ANA), start="2026-03-31T08:00:00Z", end="2026-03-31T09:00:00Z", **copied)
    assert calendar.find(event.uid) == written
    assert calendar.delete(event.uid) is True
    assert [each["start"]["dateTime"] for each in microsoft.events(ANA)] == ["2026-03-31T08:00:00"]


def test_deleting_twice_is_once(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    calendar.write(event, now=NOW)
    gone = (calendar.delete(event.uid), calendar.delete(event.uid), microsoft.events(ANA))
    assert gone == (True, False, [])


def test_what_was_deleted_is_seen_as_deleted(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    seen = calendar.look(written.href)
    assert seen is not None
    assert (seen.uid, seen.etag, seen.is_deleted, seen.starts_at) == (
        event.uid, written.etag, False, event.starts_at,
    )  # fmt: skip
    microsoft.remove(microsoft.default(ANA), written.href)
    gone = calendar.look(written.href)
    assert gone is not None
    assert gone.is_deleted is True


def test_a_calendar_that_may_only_be_read_says_so(
    calendar: GraphCalendar, microsoft: MicrosoftSimulator, event: CalendarEvent
) -> None:
    microsoft.default(ANA).can_edit = False
    with pytest.raises((Rejected, Unauthorised)):
        calendar.write(event, now=NOW)


NOON = {"dateTime": "2026-03-30T12:00:00", "timeZone": "UTC"}
ONE = {"dateTime": "2026-03-30T13:00:00", "timeZone": "UTC"}


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", {"start": NOON, "end": ONE, "colour": "red"}),
        ("POST", {"start": NOON}),
        ("POST", {"start": ONE, "end": NOON}),
        ("POST", {"start": {"dateTime": "2026-03-30T12:00:00"}, "end": ONE}),
        ("POST", {"start": {**NOON, "timeZone": "Europe/Lisbon"}, "end": ONE}),
        ("POST", {"start": NOON, "end": ONE, "isAllDay": True}),
        ("POST", {"start": NOON, "end": ONE, "showAs": "sleeping"}),
        (
            "POST",
            {"start": NOON, "end": ONE, "singleValueExtendedProperties": [{"id": "holdfast", "value": "x"}]},
        ),
        ("PATCH", {"subject": "blind"}),
    ],
    ids=[
        "unknown field",
        "no end",
        "ends first",
        "no zone",
        "a zone that is not in the list",
        "a whole day at noon",
        "no such status",
        "a property without a set",
        "no etag",
    ],
)
def test_the_simulator_refuses_what_microsoft_refuses(
    method: str,
    body: dict[str, Any],
    calendar: GraphCalendar,
    microsoft: MicrosoftSimulator,
    event: CalendarEvent,
) -> None:
    held = calendar.write(event, now=NOW).href
    path = f"{calendar._events.path}/events" + (f"/{held}" if method == "PATCH" else "")
    assert calendar._session.request(method, path, json=body).status_code == 400
    assert len(microsoft.events(ANA)) == 1


def test_the_simulator_refuses_to_change_a_transaction_id(
    calendar: GraphCalendar, event: CalendarEvent
) -> None:
    written = calendar.write(event, now=NOW)
    answer = calendar._session.request(
        "PATCH",
        f"{calendar._events.path}/events/{written.href}",
        json={"transactionId": "another"},
        headers={"If-Match": written.etag},
    )
    assert answer.status_code == 400
