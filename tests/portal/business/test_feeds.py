"""Subscribing to a published calendar: kept sealed, read, tested and left; what is wrong stands at the address."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from audit.api import body_of_entry
from audit.models import Entry
from booking.api import get_host
from kernel.clock import now
from providers.api import busy_times, calendar_connections, sync_calendar
from providers.protocols import Rejected
from tests.database import World
from tests.portal.business.test_booking import words
from tests.providers.calendars.conftest import calendar_text
from tests.simulators.http import Answer, Seen, Site, http_site

SECRET = "/private-a1b2c3d4/basic.ics"
DAY = now() + timedelta(days=3)
FEED = calendar_text(f"DTSTART:{DAY:%Y%m%d}T090000Z\nDTEND:{DAY:%Y%m%d}T100000Z").replace(
    "VERSION:2.0", "VERSION:2.0\r\nX-WR-CALNAME:Ana\\, outside\r\nX-WR-TIMEZONE:Europe/Lisbon"
)


def published(seen: Seen) -> Answer:
    if seen.path != SECRET:
        return Answer(status=404)
    return Answer(body=FEED.encode(), headers={"Content-Type": "text/calendar"})


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with http_site(published) as running:
        settings.HOLDFAST_HTTP_ALLOW = (running.address,)
        yield running


def at(world: World) -> str:
    with world.enter("acme"):
        return f"/portal/connections/calendars/published/of/{get_host('ana').pk}/"


def subscribe(client: Client, world: World, site: Site) -> str:
    answer = client.post(at(world), {"url": site.url(SECRET)})
    assert answer.status_code == 303, words(answer.content)
    return str(answer["Location"])


def test_an_owner_subscribes_tests_and_leaves_and_the_address_is_shown_nowhere(
    alice: Client, world: World, site: Site
) -> None:
    page = subscribe(alice, world, site)
    shown = alice.get(page)
    said = words(shown.content)
    assert re.search(r"Ana, outside ?, published at 127.0.0.1, read only", said)
    assert "Write meetings to" not in said
    tested = words(alice.post(f"{page}test/", follow=True).content)
    assert (
        "The connection works. The address answers with a calendar. Read just now: 1 busy time in the next"
        in tested
    )
    overview = words(alice.get("/portal/connections/").content)
    assert re.search(r"Read \d s ago", overview)
    with world.enter("acme"):
        (kept,) = calendar_connections()
        rows = f"{vars(kept)}{[vars(each) for each in kept.calendars.all()]}"
        signed = str([body_of_entry(entry) for entry in Entry.objects.all()])
    for text in (shown.content.decode(), rows, signed, overview, tested):
        assert "a1b2c3d4" not in text
        assert quote(SECRET) not in text
    assert "The address and everything that was read" in words(alice.get(f"{page}disconnect/").content)
    assert alice.post(f"{page}disconnect/").status_code == 303
    with world.enter("acme"):
        assert calendar_connections() == []


def test_a_feed_is_never_a_destination(alice: Client, world: World, site: Site) -> None:
    page = subscribe(alice, world, site)
    with world.enter("acme"):
        (kept,) = calendar_connections()
        calendar = kept.calendars.get()
    alice.post(page, {"reads": [str(calendar.pk)], "writes": str(calendar.pk)})
    with world.enter("acme"):
        (kept,) = calendar_connections()
        assert [(each.reads_busy, each.is_destination) for each in kept.calendars.all()] == [(True, False)]


def test_a_dead_feed_says_what_it_costs_and_its_host_has_no_slots(
    alice: Client, world: World, site: Site
) -> None:
    page = subscribe(alice, world, site)
    site.answer = lambda seen: Answer(status=404)
    with world.enter("acme"):
        host = get_host("ana").pk
        (kept,) = calendar_connections()
        with pytest.raises(Rejected):
            sync_calendar(kept.calendars.get().pk, now=now())
        soon = now()
        answer = busy_times([host], start=soon, end=soon + timedelta(days=1), now=soon, max_age=None)
        assert answer.stale == {host: "There is no calendar at this address (any more)."}
    said = words(alice.get(page).content)
    assert "clients see no slots of Ana" in said
    assert "There is no calendar at this address (any more)." in said


def test_what_is_wrong_stands_at_the_address(alice: Client, world: World, site: Site) -> None:
    for address, fault in (
        ("", "Paste the calendar’s address."),
        (site.url("/nothing"), "There is no calendar at this address"),
        ("http://calendars.example/a.ics", "only asked for over a secure connection"),
        ("webcal://127.0.0.1/a.ics", "leads to a private address"),
        ("webcal://calendars.invalid/a.ics", "The name calendars.invalid could not be found"),
    ):
        answer = alice.post(at(world), {"url": address})
        assert (answer.status_code, fault in words(answer.content)) == (422, True), words(answer.content)
    with world.enter("acme"):
        assert calendar_connections() == []
