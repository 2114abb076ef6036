"""The front door and the picker, over HTTP, as somebody without script sees them."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from booking.api import EventType, EventTypeHost, Host
from portal.public.zones import apart_words, zone_words
from tenants.api import Tenant
from tests.booking.scene import LISBON
from tests.database import World
from tests.portal.public.conftest import START, Visitor, entries, heading, text, words

OFFER = re.compile(r'class="offer" href="([^"]+)"')


def shown_at(page: HttpResponse) -> datetime:
    """Return the first start that a picker offers: the season of its words."""
    return datetime.fromisoformat(START.findall(text(page))[0])


def test_a_client_facing_business_shows_its_meeting_types(acme: Visitor) -> None:
    page = acme.get("/")
    assert (page.status_code, heading(page)) == (200, "Acme Advisory")
    assert OFFER.findall(text(page)) == ["/book/intro-call/", "/book/consultation/", "/book/site-visit/"]
    assert (
        "Site visit We come to you and look around together. 1 hour 30 minutes In person, Rua do Alecrim 26, Lisboa"
        in words(page)
    )


def test_a_company_shows_anyone_first_then_people_then_the_rest(northwind: Visitor) -> None:
    source = text(northwind.get("/"))
    assert re.findall(r'href="(/(?:book|with)/[^"]+)"', source) == [
        "/book/meet/",
        *(f"/with/{name}/" for name in ("bruno", "chloe", "daniel", "eva-maria", "fatima", "gustavo")),
        "/book/panel/",
        "/book/workshop/",
    ]
    assert "Next:" not in source


def test_next_open_times_come_on_request_as_a_page_and_as_a_fragment(northwind: Visitor) -> None:
    page = northwind.get("/?next=1")
    assert words(page).count("Next: ") == 6
    fragment = text(northwind.get("/?next=1", **{"HX-Request": "true"}))
    assert fragment.startswith('<div id="people">')
    assert fragment.count("Next: ") == 6


def test_a_business_with_nothing_to_book_says_so(world: World, acme: Visitor) -> None:
    with world.enter("acme"):
        EventType.objects.update(active=False)
    assert "Nothing can be booked here yet. Acme Advisory has not published a meeting." in words(
        acme.get("/")
    )


def test_a_person_offers_what_can_be_booked_with_them_alone(northwind: Visitor) -> None:
    page = northwind.get("/with/bruno/")
    assert heading(page) == "Bruno Almeida"
    assert OFFER.findall(text(page)) == ["/book/meet/?host=bruno"]
    assert northwind.get("/with/nobody/").status_code == 404


def test_the_picker_with_a_person_offers_that_person(northwind: Visitor) -> None:
    page = northwind.get("/book/meet/?host=gustavo")
    assert "Gustavo Lima" in words(page)
    assert '<input type="hidden" name="host" value="gustavo">' in text(page)
    assert northwind.get("/book/meet/?host=nobody").status_code == 404


def test_the_picker_chooses_the_first_open_day_and_says_whose_zone_it_shows(acme: Visitor) -> None:
    page = acme.get("/book/intro-call/")
    source = text(page)
    first_open = re.findall(r'id="day-([0-9-]+)"', source)[0]
    assert re.findall(r'id="day-([0-9-]+)"[^>]* aria-current="date"', source) == [first_open]
    assert START.findall(source)[0].startswith(first_open)
    assert f"Times are in {zone_words(LISBON.key, shown_at(page))} , the host’s own ." in words(page)


def test_the_picker_answers_htmx_with_its_card_alone_but_history_with_the_page(acme: Visitor) -> None:
    fragment = text(acme.get("/book/intro-call/", **{"HX-Request": "true"}))
    assert fragment.startswith('<div class="card picker" id="picker"')
    restored = acme.get("/book/intro-call/", **{"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert text(restored).startswith("<!doctype html>")
    assert restored["Vary"] == "HX-Request, Cookie"


def test_the_address_decides_the_zone_then_the_cookie_then_the_host(acme: Visitor) -> None:
    tokyo = acme.get("/book/intro-call/?time_zone=Asia/Tokyo")
    behind = apart_words("Asia/Tokyo", LISBON.key, shown_at(tokyo))  # eight or nine hours, by the season
    assert f"Times are in Tokyo time (UTC+9) . Hosted from Lisbon, {behind}." in words(tokyo)
    acme.client.cookies["holdfast_time_zone"] = "America/New_York"
    west = acme.get("/book/intro-call/")
    assert f"Times are in {zone_words('America/New_York', shown_at(west))}" in words(west)
    at_home = acme.get("/book/intro-call/?time_zone=Europe/Lisbon")
    lisbon = f"Times are in {zone_words(LISBON.key, shown_at(at_home))}"
    assert lisbon in words(at_home)
    acme.client.cookies["holdfast_time_zone"] = "../../etc/passwd"
    assert lisbon in words(acme.get("/book/intro-call/"))


@pytest.mark.parametrize(
    "query",
    [
        "?month=9999-12",
        "?month=x&date=y",
        "?date=2020-02-30",
        "?month=1900-01",
        "?time_zone=%00",
        "?month=2031-01",
    ],
)
def test_an_address_that_makes_no_sense_shows_the_first_open_month(acme: Visitor, query: str) -> None:
    page = acme.get(f"/book/intro-call/{query}")
    assert page.status_code == 200
    assert START.findall(text(page))


def test_a_month_without_openings_says_so_and_leads_to_the_next(world: World, acme: Visitor) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="intro-call").update(minimum_notice_minutes=40 * 24 * 60)
    today = datetime.now(LISBON)  # without a cookie the page is in the host's zone
    page = acme.get(f"/book/intro-call/?month={today:%Y-%m}")
    assert f"Nothing is open in {today:%B %Y}." in words(page)
    (onward,) = re.findall(r'<a class="button" href="([^"]+)">Next opening', text(page))
    assert START.findall(text(acme.get(onward)))
    assert START.findall(text(acme.get("/book/intro-call/")))  # without a wish it starts there


def test_group_sessions_show_their_seats(northwind: Visitor) -> None:
    assert "12 seats left" in words(northwind.get("/book/workshop/"))


def test_an_unknown_meeting_type_and_an_inactive_one_are_one_404(world: World, acme: Visitor) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="consultation").update(active=False)
    unknown, inactive = acme.get("/book/nothing/"), acme.get("/book/consultation/")
    assert (unknown.status_code, heading(unknown)) == (404, "There is nothing at this address")
    assert inactive.content == unknown.content


@pytest.mark.parametrize("hosts", [1, 3])
def test_the_picker_asks_the_same_questions_for_one_host_and_for_three(
    world: World, northwind: Visitor, hosts: int
) -> None:
    with world.enter("northwind"):
        keep = [host.pk for host in Host.objects.order_by("position")[:hosts]]
        EventTypeHost.objects.filter(event_type__slug="panel").exclude(host_id__in=keep).delete()
    northwind.starts("meet")  # reads the catalog
    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            assert northwind.starts("panel")
        asked.append(len(statements))
    assert asked == [3, 2]  # the stamps and the rate limit's counter; what blocks time only the first time


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("paused_at", "Acme Advisory has paused new bookings. Meetings that are already booked stand."),
        (
            "suspended_at",
            "Acme Advisory cannot take bookings at the moment. Meetings that are already booked stand.",
        ),
    ],
)
def test_a_paused_or_suspended_business_says_so(world: World, acme: Visitor, change: str, said: str) -> None:
    page_of_booking = acme.book("site-visit")
    with world.as_owner():
        Tenant.objects.filter(slug="acme").update(**{change: datetime.now(UTC)})
    for path in ("/", "/book/intro-call/"):
        page = acme.get(path)
        assert (page.status_code, heading(page)) == (503, "No bookings at the moment")
        assert said in words(page)
    assert acme.get(page_of_booking).status_code == 200


def test_looking_changes_nothing(world: World, acme: Visitor) -> None:
    before = entries(world)
    for path in ("/", "/book/intro-call/", "/book/intro-call/hold", "/with/ana/", "/brand.css"):
        acme.get(path)
    assert entries(world) == before
    assert acme.get("/book/intro-call/hold").status_code == 405
