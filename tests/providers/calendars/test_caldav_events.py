"""Our events in a real Radicale and a real Xandikos: written once, changed in place, deleted once, whatever repeats."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import icalendar
import pytest
from pytest_django import Settings

from providers.calendars.caldav import CalDavCalendar
from providers.calendars.event_text import event_text
from providers.protocols import CalendarEvent, Person, Rejected, Unreachable
from tests.providers.calendars.conftest import calendar_text, utc
from tests.simulators import caldav_proxy
from tests.simulators.caldav_proxy import Passed, Proxy, answering, only
from tests.simulators.dav_server import DavServer

NOW = utc("2026-03-01 12:00")
EVENT = CalendarEvent(
    uid="k7q2wd@acme.holdfast",
    sequence=0,
    title="Intro call: Zoë",
    description="Booked on the page.\nManage: https://acme.example/b/k7q2wd/",
    location="https://acme.example/room/abc",
    starts_at=utc("2026-03-24 09:00"),
    ends_at=utc("2026-03-24 09:30"),
    time_zone="Europe/Lisbon",
    organiser=Person(name="Acme", email="bookings@acme.example"),
    attendees=(Person(name="Zoë", email="zoe@client.example"),),
    url="https://acme.example/room/abc",
)


@pytest.fixture
def calendar_server(each_server: DavServer) -> DavServer:
    return each_server


@pytest.fixture
def calendar(calendar_url: str, open_calendar: Callable[..., CalDavCalendar]) -> CalDavCalendar:
    return open_calendar(calendar_url)


@pytest.fixture
def proxy(calendar_server: DavServer, settings: Settings) -> Iterator[Proxy]:
    with caldav_proxy.caldav_proxy(calendar_server.port) as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


@pytest.fixture
def proxied(
    proxy: Proxy, calendar_server: DavServer, calendar_url: str, open_calendar: Callable[..., CalDavCalendar]
) -> CalDavCalendar:
    return open_calendar(calendar_url.replace(calendar_server.url, proxy.url), timeout_seconds=1.0)


def stored(server: DavServer, url: str) -> list[Any]:
    """Return every event that the calendar holds."""
    texts = server.objects(url).values()
    return [event for text in texts for event in icalendar.Calendar.from_ical(text).walk("VEVENT")]


def test_a_written_event_says_what_was_booked(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    written = calendar.write(EVENT, now=NOW)
    (event,) = stored(calendar_server, calendar_url)
    assert {name: event[name].to_ical().decode() for name in event} == {
        "UID": "k7q2wd@acme.holdfast",
        "DTSTAMP": "20260301T120000Z",
        "DTSTART": "20260324T090000",
        "DTEND": "20260324T093000",
        "SEQUENCE": "0",
        "X-HOLDFAST-SEQUENCE": "0",
        "SUMMARY": "Intro call: Zoë",
        "DESCRIPTION": "Booked on the page.\\nManage: https://acme.example/b/k7q2wd/",
        "LOCATION": "https://acme.example/room/abc",
        "URL": "https://acme.example/room/abc",
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        "ORGANIZER": "mailto:bookings@acme.example",
        "ATTENDEE": "mailto:zoe@client.example",
    }
    assert dict(event["ORGANIZER"].params) == {"CN": "Acme", "SCHEDULE-AGENT": "CLIENT"}
    assert dict(event["ATTENDEE"].params) == {"CN": "Zoë", "PARTSTAT": "ACCEPTED", "SCHEDULE-AGENT": "CLIENT"}
    assert calendar.find(EVENT.uid) == written


def test_the_same_event_twice_is_one(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    first = calendar.write(EVENT, now=NOW)
    assert calendar.write(EVENT, now=utc("2026-03-01 13:00")) == first
    assert len(stored(calendar_server, calendar_url)) == 1


def test_a_later_sequence_replaces_and_an_earlier_one_does_not(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    first = calendar.write(EVENT, now=NOW)
    moved = replace(EVENT, sequence=2, starts_at=utc("2026-03-25 09:00"), ends_at=utc("2026-03-25 09:30"))
    second = calendar.write(moved, now=NOW)
    assert (second.href, second.etag != first.etag) == (first.href, True)
    assert calendar.write(replace(EVENT, sequence=1), now=NOW) == second
    (event,) = stored(calendar_server, calendar_url)
    assert (event["SEQUENCE"], event["DTSTART"].dt) == (2, utc("2026-03-25 09:00"))


def test_a_write_whose_answer_was_lost_is_repeated_without_a_second_event(
    proxy: Proxy, proxied: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    proxy.fault = only("PUT", caldav_proxy.silent)
    with pytest.raises(Unreachable):
        proxied.write(EVENT, now=NOW)
    assert len(stored(calendar_server, calendar_url)) == 1
    proxy.fault = None
    written = proxied.write(EVENT, now=NOW)
    assert (len(stored(calendar_server, calendar_url)), proxied.find(EVENT.uid)) == (1, written)


def test_an_invite_that_was_imported_elsewhere_is_taken_over(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    """The host's mail program stored our mailed invite: same UID, another address (no-uid-conflict)."""
    invite = f"UID:{EVENT.uid}\nSEQUENCE:0\nDTSTART:20260324T090000Z\nDTEND:20260324T093000Z"
    calendar_server.put(calendar_url, "imported-by-mail", calendar_text(invite))
    written = calendar.write(replace(EVENT, sequence=1), now=NOW)
    assert written.href == f"{calendar_url}imported-by-mail.ics"
    (event,) = stored(calendar_server, calendar_url)
    assert (event["SEQUENCE"], str(event["SUMMARY"])) == (1, "Intro call: Zoë")
    assert calendar.find(EVENT.uid) == written
    assert calendar.delete(EVENT.uid) is True
    assert stored(calendar_server, calendar_url) == []


def test_a_change_at_the_same_moment_is_not_overwritten(
    proxy: Proxy, proxied: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    """Between reading back and replacing, somebody else changes the event: If-Match refuses, we say so."""
    proxied.write(EVENT, now=NOW)

    def changed_meanwhile(method: str, path: str, answer: Passed) -> Passed:
        if method == "GET":
            later = f"UID:{EVENT.uid}\nSEQUENCE:7\nDTSTART:20260324T110000Z\nDTEND:20260324T120000Z"
            url = f"{calendar_server.url}{path}"
            calendar_server.send("PUT", url, calendar_text(later), status=204)
        return answer

    proxy.fault = changed_meanwhile
    with pytest.raises(Unreachable) as refused:
        proxied.write(replace(EVENT, sequence=1), now=NOW)
    assert refused.value.message == "The event was changed in the calendar at the same moment."
    (event,) = stored(calendar_server, calendar_url)
    assert event["SEQUENCE"] == 7


def test_deleting_twice_is_deleting_once(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    calendar_server.put(calendar_url, "other", calendar_text("DTSTART:20260324T150000Z\nDURATION:PT1H"))
    calendar.write(EVENT, now=NOW)
    assert [calendar.delete(EVENT.uid), calendar.delete(EVENT.uid)] == [True, False]
    assert calendar.find(EVENT.uid) is None
    assert [str(event["UID"]) for event in stored(calendar_server, calendar_url)] == ["event-1"]


def test_a_refused_write_says_so(proxy: Proxy, proxied: CalDavCalendar) -> None:
    proxy.blocked, proxy.fault = frozenset({"PUT"}), only("PUT", answering(403))
    with pytest.raises(Rejected) as refused:
        proxied.write(EVENT, now=NOW)
    assert refused.value.message == "The calendar server refused the event (HTTP 403)."


def test_words_of_clients_cannot_smuggle_lines(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    evil = "Bob\r\nATTENDEE:mailto:x@y\rSTATUS:CANCELLED\x00\u2028END:VEVENT"
    person = Person(name=evil + '"', email="bob@client.example")
    calendar.write(replace(EVENT, title=evil, description=evil, location=evil, attendees=(person,)), now=NOW)
    (event,) = stored(calendar_server, calendar_url)
    assert (str(event["STATUS"]), event["ATTENDEE"].to_ical()) == ("CONFIRMED", b"mailto:bob@client.example")
    assert str(event["SUMMARY"]) == "Bob ATTENDEE:mailto:x@y STATUS:CANCELLED END:VEVENT"


def test_no_control_character_leaves_the_building() -> None:
    """Radicale strips some of them, other servers do not: the text itself must be clean."""
    evil = "".join(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029]))
    person = Person(name=evil, email=f"a{evil}@x.example")
    event = replace(EVENT, title=evil, description=f"a{evil}b", location=evil, url=evil, attendees=(person,))
    text = event_text(event, now=NOW)
    assert [each for each in text.replace("\r\n", "") if not each.isprintable()] == []


def test_a_uid_with_odd_characters_stays_inside_the_calendar(
    calendar: CalDavCalendar, calendar_server: DavServer, calendar_url: str
) -> None:
    odd = replace(EVENT, uid="../../mallory/<&>?#@acme.holdfast")
    written = calendar.write(odd, now=NOW)
    assert written.href.startswith(calendar_url)
    assert calendar.find(odd.uid) == written
    assert calendar.delete(odd.uid) is True
