"""A calendar server that is broken, slow or lying: a named failure each time, never an empty calendar."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from providers.calendars.caldav import CalDavCalendar
from providers.calendars.dav_session import DavAccount
from providers.calendars.discovery import discover
from providers.protocols import ProviderError, RateLimited, Rejected, Unauthorised, Unreachable
from tests.providers.calendars.conftest import calendar_text, utc
from tests.simulators import caldav_proxy
from tests.simulators.caldav_proxy import Fault, Proxy, answering, only, replacing
from tests.simulators.dav_server import free_port
from tests.simulators.radicale import Radicale

BUSY = ((utc("2026-03-24 09:00"), utc("2026-03-24 10:00")),)
LOGIN_PAGE = b"<html><body>Please sign in to the hotel's network</body></html>"
EMPTY = b'<multistatus xmlns="DAV:"/>'
CUT_OFF = b"<status>HTTP/1.1 507 Insufficient Storage</status></response></multistatus>"
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    b'<multistatus xmlns="DAV:"><response><href>&b;</href></response></multistatus>'
)


@pytest.fixture
def proxy(calendar_server: Radicale, settings: Settings) -> Iterator[Proxy]:
    """A proxy before the Radicale, allowed as a private address."""
    with caldav_proxy.caldav_proxy(calendar_server.port) as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


@pytest.fixture
def calendar(
    proxy: Proxy,
    calendar_server: Radicale,
    calendar_url: str,
    open_calendar: Callable[..., CalDavCalendar],
) -> CalDavCalendar:
    """A calendar with one busy hour, read through the proxy."""
    text = calendar_text("DTSTART:20260324T090000Z\nDTEND:20260324T100000Z")
    calendar_server.put(calendar_url, "one", text)
    return open_calendar(calendar_url.replace(calendar_server.url, proxy.url), timeout_seconds=1.0)


def read(calendar: CalDavCalendar) -> tuple[object, ...]:
    return calendar.busy(start=utc("2026-03-23"), end=utc("2026-03-28"))


@pytest.mark.parametrize(
    ("fault", "failure", "words"),
    [
        (answering(500), Unreachable, "The calendar server has a fault of its own (HTTP 500)."),
        (answering(503, LOGIN_PAGE), Unreachable, "The calendar server has a fault of its own (HTTP 503)."),
        (caldav_proxy.after(3.0), Unreachable, "The calendar server did not answer in time."),
        (caldav_proxy.silent, Unreachable, "The calendar server cannot be reached."),
        (caldav_proxy.truncated, Unreachable, "The calendar server cannot be reached."),
        (caldav_proxy.halved, Unreachable, "The calendar server's answer makes no sense."),
        (answering(207, b"rubbish"), Unreachable, "The calendar server's answer makes no sense."),
        (answering(207, b""), Unreachable, "The calendar server's answer makes no sense."),
        (answering(207, LOGIN_PAGE), Unreachable, "The calendar server's answer makes no sense."),
        (answering(207, BOMB), Unreachable, "The calendar server's answer makes no sense."),
        (answering(200, LOGIN_PAGE), Unreachable, "The calendar server's answer makes no sense."),
        (answering(200, EMPTY), Unreachable, "The calendar server's answer makes no sense."),
        (answering(204), Unreachable, "The calendar server's answer makes no sense."),
        (answering(401), Unauthorised, "The calendar server refused the user name or password."),
        (answering(403), Rejected, "The calendar server refused the request (HTTP 403)."),
        (answering(404), Rejected, "The calendar is not there any more."),
        (answering(429), RateLimited, "The calendar server asks us to come back later."),
        (
            answering(302, Location="/elsewhere/"),
            Rejected,
            "The calendar server sends us to another address: connect the calendar with that one.",
        ),
        (
            replacing(b"</multistatus>", b"<response><href>/ana/</href>" + CUT_OFF),
            Unreachable,
            "The calendar server left events out of its answer.",
        ),
        (
            replacing(b"C:calendar-data", b"C:calendar-rumour"),
            Unreachable,
            "The calendar server left events out of its answer.",
        ),
        (
            replacing(b"DTSTART:20260324T090000Z", b"DTSTART:soon"),
            Rejected,
            "An event in the calendar cannot be read: its DTSTART cannot be read.",
        ),
    ],
)
def test_a_fault_is_named_and_never_reads_as_free(
    fault: Fault, failure: type[ProviderError], words: str, proxy: Proxy, calendar: CalDavCalendar
) -> None:
    assert read(calendar) == BUSY
    proxy.fault = fault
    with pytest.raises(ProviderError) as refused:
        read(calendar)
    assert (type(refused.value), refused.value.message) == (failure, words)
    proxy.fault = None
    assert read(calendar) == BUSY


def test_a_server_that_is_gone_is_unreachable(
    calendar_url: str, open_calendar: Callable[..., CalDavCalendar], settings: Settings
) -> None:
    port = free_port()
    settings.HOLDFAST_HTTP_ALLOW = (f"127.0.0.1:{port}",)
    with pytest.raises(Unreachable) as refused:
        read(open_calendar(f"http://127.0.0.1:{port}/ana/work/"))
    assert refused.value.message == "The calendar server cannot be reached."


def test_a_wrong_password_is_unauthorised(calendar_server: Radicale) -> None:
    with pytest.raises(Unauthorised):
        discover(DavAccount(url=calendar_server.url, username="ana", password="wrong"))


def test_the_password_is_not_sent_to_another_port_of_the_same_host(
    proxy: Proxy, calendar_server: Radicale, settings: Settings
) -> None:
    """Radicale names a principal at another port of loopback: discovery stops there, empty-handed."""
    with caldav_proxy.caldav_proxy(calendar_server.port) as other:
        settings.HOLDFAST_HTTP_ALLOW = (proxy.address, other.address)
        inside = f"<href>{other.url}/ana/</href>".encode()
        proxy.fault = replacing(b"<href>/ana/</href>", inside)
        with pytest.raises(Rejected) as refused:
            discover(DavAccount(url=proxy.url, username="ana", password=calendar_server.password))
        assert "never passed on" not in proxy.url
        assert refused.value.message.startswith("This account lives at another server (127.0.0.1).")
        assert other.seen == []
        assert all(authorisation.startswith("Basic ") for _, _, authorisation in proxy.seen)


def test_a_redirect_to_another_server_is_refused(
    proxy: Proxy, calendar_server: Radicale, settings: Settings
) -> None:
    with caldav_proxy.caldav_proxy(calendar_server.port) as other:
        settings.HOLDFAST_HTTP_ALLOW = (proxy.address, other.address)
        proxy.fault = answering(301, Location=f"{other.url}/ana/")
        with pytest.raises(Rejected):
            discover(DavAccount(url=f"{proxy.url}/dav/", username="ana", password=calendar_server.password))
        assert other.seen == []


def test_a_redirect_within_the_server_is_followed(proxy: Proxy, calendar_server: Radicale) -> None:
    """RFC 6764, section 5: the well-known address points to the real one."""

    def well_known(method: str, path: str, answer: caldav_proxy.Passed) -> caldav_proxy.Passed:
        if path == "/.well-known/caldav":
            return caldav_proxy.Passed(301, {"Location": "/ana/"}, b"")
        return answer

    calendar_server.make_calendar("redirected")
    proxy.fault = well_known
    found = discover(DavAccount(url=proxy.url, username="ana", password=calendar_server.password))
    assert f"{proxy.url}/ana/redirected/" in [each.url for each in found.calendars]


def test_a_password_never_travels_in_clear_to_a_public_server(settings: Settings) -> None:
    settings.HOLDFAST_HTTP_ALLOW = ()
    with pytest.raises(Rejected) as refused:
        discover(DavAccount(url="http://calendar.example.com/", username="ana", password="secret"))
    assert refused.value.message == (
        "A calendar password is only sent over a secure connection: use an https:// address."
    )


@pytest.mark.parametrize("url", ["ftp://x/", "https://", "nonsense", "https://ana:pw@x/", "https://x:port/"])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(Rejected):
        discover(DavAccount(url=url, username="ana", password="secret"))


def test_an_account_without_calendars_says_so(calendar_server: Radicale) -> None:
    with pytest.raises(Rejected) as refused:
        discover(DavAccount(url=calendar_server.url, username="mallory", password="other password"))
    assert refused.value.message == (
        "The calendar server answers, but this account has no calendar for events."
    )


def test_the_password_is_not_in_what_is_printed() -> None:
    assert "secret" not in repr(DavAccount(url="https://x/", username="ana", password="secret"))


def test_a_fault_may_meet_only_the_write(proxy: Proxy, calendar: CalDavCalendar) -> None:
    proxy.fault = only("PUT", answering(507))
    assert read(calendar) == BUSY
