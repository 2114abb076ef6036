"""A calendar that is published as a file: the same rules about busy times, and every failure has a name."""

import json
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from audit.api import Actor
from booking.api import Host
from providers.api import busy_times, connect_feed, poll_calendars, sync_calendar
from providers.calendars.busy_rules import BusyRules
from providers.calendars.feed import MAX_BYTES, FeedCalendar, feed_address, fetch
from providers.models import BusyTime, Calendar
from providers.protocols import ProviderError, RateLimited, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.calendars.conftest import calendar_text, utc
from tests.providers.calendars.test_busy_behaviour import RULES
from tests.simulators.http import Answer, Seen, Site, http_site

NOW = utc("2026-03-23 08:00")
START, END = utc("2026-03-23"), utc("2026-04-06")
MORNING = "DTSTART:20260324T090000Z\nDTEND:20260324T100000Z"
BUSY = ((utc("2026-03-24 09:00"), utc("2026-03-24 10:00")),)
RULES_OF_ANA = BusyRules(
    zone=ZoneInfo("Europe/Lisbon"), own_suffix="@acme.holdfast", addresses=frozenset({"ana@acme.example"})
)


def file(text: str, **headers: str) -> Answer:
    return Answer(body=text.encode(), headers={"Content-Type": "text/calendar", **headers})


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with http_site(lambda seen: file(calendar_text(MORNING))) as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


def read(site: Site, path: str = "/a.ics") -> object:
    calendar = FeedCalendar(site.url(path), rules=RULES_OF_ANA, timeout_seconds=1.0)
    return calendar.busy(start=START, end=END)


@pytest.mark.parametrize(("zones", "events", "busy"), [rule[1:] for rule in RULES], ids=[r[0] for r in RULES])
def test_busy_times_of_a_rule(zones: str, events: list[str], busy: list[tuple[str, str]], site: Site) -> None:
    site.answer = lambda seen: file(calendar_text(*events, zones=zones))
    assert read(site) == tuple((utc(start), utc(end)) for start, end in busy)


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        (Answer(status=401), Unauthorised, "The calendar server refused the user name or password."),
        (Answer(status=403), Unauthorised, "The address of the calendar is not let in any more."),
        (Answer(status=404), Rejected, "There is no calendar at this address (any more)."),
        (Answer(status=429), RateLimited, "The calendar server asks us to come back later."),
        (Answer(status=503), Unreachable, "The calendar server has a fault of its own (HTTP 503)."),
        (Answer(status=304), Rejected, "The calendar server refused the request (HTTP 304)."),
        (Answer(body=b"<html>Sign in"), Rejected, "The address answers, but not with a calendar."),
        (Answer(body=b""), Rejected, "The address answers, but not with a calendar."),
        (
            Answer(body=calendar_text(MORNING).encode()[:-30]),
            Unreachable,
            "The calendar server sent only a part of the calendar.",
        ),
        (
            file("BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"),
            Rejected,
            "This address tells free and busy times only, in a form that is not read.",
        ),
        (
            file(calendar_text("DTSTART;TZID=Atlantis:20260324T090000\nDURATION:PT1H")),
            Rejected,
            "An event in the calendar cannot be read: the time zone of its DTSTART is unknown.",
        ),
        (file("x" * (MAX_BYTES + 1)), Rejected, "The calendar server's answer is too large."),
        (
            Answer(status=302, headers={"Location": "/again.ics"}),
            Rejected,
            "The address of the calendar leads on and on.",
        ),
        (
            Answer(status=302, headers={"Location": "http://10.0.0.1/a.ics"}),
            Rejected,
            "A calendar is only asked for over a secure connection: use its https:// address.",
        ),
        (
            Answer(status=302, headers={"Location": "https://10.0.0.1/a.ics"}),
            Rejected,
            "The calendar server's address is not a public one.",
        ),
        (Answer(delay_seconds=2.0), Unreachable, "The calendar server did not answer in time."),
    ],
)
def test_no_failure_reads_as_an_empty_calendar(
    answer: Answer, failure: type[ProviderError], words: str, site: Site
) -> None:
    site.answer = lambda seen: answer
    with pytest.raises(failure) as raised:
        read(site)
    assert raised.value.message == words


def test_a_redirect_is_followed(site: Site) -> None:
    there = Answer(status=301, headers={"Location": "/b.ics"})
    site.answer = lambda seen: there if seen.path == "/a.ics" else file(calendar_text(MORNING))
    assert read(site) == BUSY


def test_several_calendars_in_one_file_are_all_read(site: Site) -> None:
    later = "UID:2\nDTSTART:20260325T090000Z\nDTEND:20260325T100000Z"
    site.answer = lambda seen: file(calendar_text(MORNING) + calendar_text(later))
    assert read(site) == (*BUSY, (utc("2026-03-25 09:00"), utc("2026-03-25 10:00")))


def test_years_of_history_are_not_parsed_and_what_comes_again_is(site: Site) -> None:
    """The past event could not even be read; the long one and the series of long ago still count."""
    past = "UID:past\nDTSTART;TZID=Atlantis:20200324T090000\nDTEND;TZID=Atlantis:20200324T100000"
    long = "UID:long\nDTSTART:20200101T000000Z\nDTEND:20260323T010000Z"
    yearly = "UID:yearly\nDTSTART:20200326T090000Z\nDTEND:20200326T100000Z\nRRULE:FREQ=YEARLY"
    site.answer = lambda seen: file(calendar_text(past, long, yearly))
    assert read(site) == (
        (utc("2020-01-01 00:00"), utc("2026-03-23 01:00")),
        (utc("2026-03-26 09:00"), utc("2026-03-26 10:00")),
    )


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("webcal://calendars.example/a.ics", "https://calendars.example/a.ics"),
        (" WebCal://calendars.example/a.ics?key=1#top", "https://calendars.example/a.ics?key=1"),
        ("calendars.example/a.ics", "https://calendars.example/a.ics"),
    ],
)
def test_addresses_as_people_paste_them(said: str, asked: str) -> None:
    assert feed_address(said) == asked


@pytest.mark.parametrize(
    "said", ["http://calendars.example/a.ics", "ftp://a.example", "https://u:p@a.example/"]
)
def test_addresses_that_are_refused(said: str) -> None:
    with pytest.raises(Rejected):
        feed_address(said)


def test_what_the_file_says_of_itself_is_its_name_and_zone(site: Site) -> None:
    head = "VERSION:2.0\r\nX-WR-CALNAME:Ana\\, wor\r\n k\r\nX-WR-TIMEZONE:America/New_York"
    site.answer = lambda seen: file(calendar_text(MORNING).replace("VERSION:2.0", head))
    feed = fetch(site.url("/a.ics"))
    assert feed is not None
    assert (feed.name, feed.time_zone) == ("Ana, work", "America/New_York")


@pytest.fixture
def kept(world: World, site: Site) -> Iterator[Calendar]:
    """Ana's feed, connected."""
    with world.enter("acme"):
        host = Host.objects.get(slug="ana").pk
        connection = connect_feed(host, address=site.url("/a.ics"), now=NOW, actor=Actor("user", "1"))
        yield connection.calendars.get()


def conditional(text: list[str], name: str, header: str) -> object:
    """Answer with a validator, and 304 to whoever has it."""

    def answer(seen: Seen) -> Answer:
        tag = f'"{len(text)}-{hash(text[0])}"'
        if seen.headers.get(header) == tag:
            return Answer(status=304)
        return file(text[0], **{name: tag})

    return answer


@pytest.mark.parametrize(
    ("name", "header"), [("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")]
)
def test_an_unchanged_file_is_not_sent_again(kept: Calendar, site: Site, name: str, header: str) -> None:
    text = [calendar_text(MORNING)]
    site.answer = conditional(text, name, header)  # type: ignore[assignment]
    assert sync_calendar(kept.pk, now=NOW) is True
    assert sync_calendar(kept.pk, now=NOW + timedelta(minutes=3)) is False
    assert Calendar.objects.get().read_at == NOW + timedelta(minutes=3)
    text[0] = calendar_text(MORNING, "UID:2\nDTSTART:20260325T090000Z\nDURATION:PT1H")
    assert sync_calendar(kept.pk, now=NOW + timedelta(minutes=6)) is True
    assert BusyTime.objects.count() == 2


def test_a_server_that_never_says_unchanged_is_known_by_the_file(kept: Calendar, site: Site) -> None:
    assert sync_calendar(kept.pk, now=NOW) is True
    assert sync_calendar(kept.pk, now=NOW + timedelta(minutes=3)) is False
    assert json.loads(Calendar.objects.get().sync_token)["etag"] == ""


def test_a_young_feed_answers_for_five_minutes_and_a_live_check_asks_it(kept: Calendar, site: Site) -> None:
    sync_calendar(kept.pk, now=NOW)
    before = len(site.seen)

    def ask(minutes: int, max_age: timedelta | None) -> int:
        at = NOW + timedelta(minutes=minutes)
        busy_times([kept.host_id], start=START, end=END, now=at, max_age=max_age)
        return len(site.seen) - before

    assert [ask(4, timedelta(seconds=20)), ask(4, None), ask(6, timedelta(seconds=20))] == [0, 1, 2]
    assert poll_calendars(now=NOW + timedelta(minutes=2)) == 0
    assert poll_calendars(now=NOW + timedelta(minutes=4)) == 1
