"""Following a CalDAV calendar at real servers: what changed is asked for, and the whole is read only when it must be.

Behind the proxy the same Radicale is also a server without sync-collection: with a tag only, and with etags only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from pytest_django import Settings

from booking.api import Host
from kernel.clock import now
from kernel.tenancy import current_schema
from providers.api import CalendarEvent, Person, connect_caldav, poll_calendars, sync_calendar
from providers.calendars.caldav_changes import ChangedHrefs, changed_since, read_token
from providers.calendars.connections import open_calendar
from providers.calendars.dav_session import DavAccount, DavSession
from providers.models import BusyTime, Calendar, CalendarConnection
from providers.protocols import Unreachable
from tests.database import World
from tests.providers.calendars.conftest import calendar_text
from tests.simulators import caldav_proxy
from tests.simulators.caldav_proxy import Passed, Proxy, answering, only, replacing
from tests.simulators.dav_server import DavServer

_numbers = count(1)
TAG, ETAGS = (b"sync-token",), (b"sync-token", b"getctag")
WAYS = {
    "radicale": ("radicale_server", ()),
    "xandikos": ("xandikos_server", ()),
    "a tag": ("radicale_server", TAG),
    "etags": ("radicale_server", ETAGS),
}


class Followed:
    """Ana's calendar, connected through the proxy."""

    def __init__(self, server: DavServer, proxy: Proxy, hides: tuple[bytes, ...]) -> None:
        self.server, self.proxy, self.hides = server, proxy, hides
        self.url = server.make_calendar(f"followed-{next(_numbers)}")
        self.seen_url = self.url.replace(server.url, proxy.url)
        self.hide()
        kept = connect_caldav(
            Host.objects.get(slug="ana").pk,
            url=self.seen_url,
            username=server.username,
            password=server.password,
            now=now(),
        )
        self.calendar = kept.calendars.get()

    def hide(self) -> None:
        """Let the server be without what it shall not have; it has no fault."""

        def hidden(method: str, path: str, answer: Passed) -> Passed | None:
            for word in self.hides if method == "PROPFIND" else ():
                answer = Passed(answer.status, answer.headers, answer.body.replace(word, b"unknown"))
            return answer

        self.proxy.fault = hidden

    def at(self, hour: int) -> datetime:
        return (now() + timedelta(days=3)).replace(hour=hour, minute=0, second=0, microsecond=0)

    def put(self, hour: int, *, status: int = 201) -> None:
        start = self.at(hour)
        lines = (
            f"UID:{hour}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}"
        )
        self.server.put(self.url, f"event-{hour}", calendar_text(lines), status=status)

    def sync(self, **later: float) -> bool:
        return sync_calendar(self.calendar.pk, now=now() + timedelta(**later))

    def indexed(self) -> list[int]:
        """Return the hours of the index."""
        return [
            each.hour for each in BusyTime.objects.order_by("starts_at").values_list("starts_at", flat=True)
        ]

    def asked(self) -> int:
        return len(self.proxy.seen)


@pytest.fixture(params=WAYS)
def followed(request: pytest.FixtureRequest, world: World, settings: Settings) -> Iterator[Followed]:
    fixture, hides = WAYS[request.param]
    server: DavServer = request.getfixturevalue(fixture)
    with caldav_proxy.caldav_proxy(server.port) as proxy, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (proxy.address,)
        yield Followed(server, proxy, hides)


def test_nothing_changed_costs_two_requests_at_most_and_the_index_is_as_of_now(followed: Followed) -> None:
    followed.put(9)
    assert (followed.sync(), followed.indexed()) == (True, [9])
    before = followed.asked()
    at = now() + timedelta(seconds=30)
    assert sync_calendar(followed.calendar.pk, now=at) is False
    assert followed.asked() - before == (2 if followed.hides == ETAGS else 1)
    assert Calendar.objects.get(pk=followed.calendar.pk).read_at == at


def test_what_others_add_change_and_delete_is_in_the_index(followed: Followed) -> None:
    followed.sync()
    followed.put(9)
    followed.put(11)
    assert (followed.sync(seconds=1), followed.indexed()) == (True, [9, 11])
    followed.server.remove(followed.url, "event-9.ics")
    assert (followed.sync(seconds=2), followed.indexed()) == (True, [11])
    assert followed.sync(seconds=3) is False


def test_a_token_that_the_server_does_not_know_reads_everything_anew(followed: Followed) -> None:
    followed.sync()
    followed.put(9)
    rows = Calendar.objects.filter(pk=followed.calendar.pk)
    way, _, _ = rows.get().sync_token.partition(":")
    rows.update(sync_token=f"{way}:http://nowhere.example/sync/1")
    assert (followed.sync(seconds=1), followed.indexed(), followed.sync(seconds=2)) == (True, [9], False)


def test_a_resync_that_fails_leaves_the_index_as_it_was_and_says_so(followed: Followed) -> None:
    followed.put(9)
    followed.sync()
    followed.put(11)
    Calendar.objects.update(sync_token="")
    followed.proxy.fault = only("REPORT", answering(503))
    with pytest.raises(Unreachable):
        followed.sync(seconds=1)
    assert followed.indexed() == [9]
    kept = CalendarConnection.objects.get()
    assert (kept.status, kept.last_error) == (
        "failing",
        "The calendar server has a fault of its own (HTTP 503).",
    )
    followed.hide()
    assert (followed.sync(seconds=40), followed.indexed()) == (True, [9, 11])


def test_what_we_write_ourselves_makes_nobody_read_everything(followed: Followed) -> None:
    """Only where changes are told one by one: a tag says no more than that something changed."""
    followed.sync()
    open_calendar(Calendar.objects.get(), timeout_seconds=5).write(event(followed), now=now())
    assert followed.sync(seconds=1) is bool(followed.hides)
    assert followed.indexed() == []


def test_the_clock_asks_every_minute(followed: Followed) -> None:
    at = now()
    assert (poll_calendars(now=at), poll_calendars(now=at)) == (1, 0)
    sync_calendar(followed.calendar.pk, now=at)
    assert poll_calendars(now=at + timedelta(seconds=59)) == 0


@pytest.fixture
def session(followed: Followed) -> Iterator[DavSession]:
    account = DavAccount(
        url=followed.seen_url, username=followed.server.username, password=followed.server.password
    )
    with DavSession(account) as opened:
        yield opened


@pytest.mark.parametrize("followed", ["radicale", "xandikos"], indirect=True)
def test_an_answer_in_parts_is_asked_for_to_its_end(followed: Followed, session: DavSession) -> None:
    """RFC 6578, 3.6: 507 on the calendar's own address says that the token leads on."""
    url = followed.seen_url
    first = read_token(session, url)
    followed.put(9)
    second = read_token(session, url).removeprefix("sync:")
    followed.put(11)
    path = url.removeprefix(followed.proxy.url)
    part = (
        f'<multistatus xmlns="DAV:"><response><href>{path}event-9.ics</href><propstat><prop><getetag>"1"</getetag>'
        f"</prop><status>HTTP/1.1 200 OK</status></propstat></response><response><href>{path}</href>"
        f"<status>HTTP/1.1 507 Insufficient Storage</status></response><sync-token>{second}</sync-token></multistatus>"
    ).encode()
    answers = iter([part])
    followed.proxy.fault = lambda method, _, answer: Passed(207, answer.headers, next(answers, answer.body))
    found = changed_since(session, url, first)
    assert sorted(each.rsplit("/", 1)[-1] for each in found.changed or ()) == ["event-11.ics", "event-9.ics"]
    assert changed_since(session, url, found.token) == ChangedHrefs(token=found.token)


@pytest.mark.parametrize("followed", ["radicale"], indirect=True)
@pytest.mark.parametrize("status", [400, 403, 409, 412])
def test_a_report_that_is_refused_reads_everything_anew(followed: Followed, status: int) -> None:
    followed.sync()
    followed.put(9)
    answers = iter([status])
    followed.proxy.fault = lambda _method, _path, answer: Passed(
        next(answers, answer.status), answer.headers, answer.body
    )
    assert (followed.sync(seconds=1), followed.indexed()) == (True, [9])


@pytest.mark.parametrize("followed", ["radicale"], indirect=True)
def test_a_server_that_has_a_token_but_not_the_report_is_asked_by_its_tag(
    followed: Followed, session: DavSession
) -> None:
    followed.proxy.fault = replacing(b"sync-collection", b"something")
    assert read_token(session, followed.seen_url).startswith("ctag:")


def event(followed: Followed) -> CalendarEvent:
    return CalendarEvent(
        uid=f"k7q2wd@{current_schema()}.holdfast",
        sequence=0,
        title="Intro call",
        description="",
        location="",
        starts_at=followed.at(15),
        ends_at=followed.at(16),
        time_zone="Europe/Lisbon",
        organiser=Person(name="Acme", email="bookings@acme.example"),
    )
