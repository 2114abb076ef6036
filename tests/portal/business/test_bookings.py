"""The list of bookings: who sees what, what it can find, how it reads, what it costs."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils.html import escape

from accounts.api import User
from booking.api import Booking, Meeting
from portal.business.bookings import BookingQuery, by_day
from portal.business.viewer import Viewer
from tenants.api import Tenant
from tests.database import World
from tests.portal.business.conftest import ZONE, Office

TODAY = date(2026, 11, 23)


def names(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/portal/bookings/{query}").content.decode()
    return re.findall(r'<a href="/portal/bookings/\w+/"><bdi>(.*?)</bdi>', page)


def test_owner_sees_all_bookings(alice: Client, office: Office) -> None:
    office.book("Ben Carter")
    office.book("Carla Dias")
    assert names(alice) == ["Ben Carter", "Carla Dias"]


def test_host_sees_her_own_bookings(ana: Client, office: Office) -> None:
    office.book("Ben Carter")
    assert names(ana) == ["Ben Carter"]


def test_another_host_sees_none_of_them(bob: Client, office: Office) -> None:
    office.book("Ben Carter")
    assert names(bob, "?scope=all") == []


def test_stranger_is_asked_to_sign_in(stranger: Client, office: Office) -> None:
    office.book("Ben Carter")
    answer = stranger.get("/portal/bookings/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/portal/bookings/")


def test_host_filters_among_her_own_only(ana: Client, alice: Client, office: Office) -> None:
    office.book("Ben Carter")
    assert 'name="host"' not in ana.get("/portal/bookings/").content.decode()
    assert 'name="host"' in alice.get("/portal/bookings/").content.decode()
    assert names(ana, "?host=bob&scope=all") == []


def test_host_account_without_a_host_sees_nothing(ana: Client, world: World, office: Office) -> None:
    office.book("Ben Carter")
    with world.enter("acme"):
        User.objects.filter(email="ana@acme.example").update(host_id=None)
    answer = ana.get("/portal/bookings/")
    assert answer.status_code == 403
    assert "No host belongs to your account yet" in answer.content.decode()
    assert "Ben Carter" not in answer.content.decode()


def test_row_says_time_client_meeting_host_and_status(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    page = alice.get("/portal/bookings/").content.decode()
    start = booking.meeting.starts_at.astimezone(ZoneInfo(ZONE))
    row = re.search(r'<tr class="sheet-link">.*?</tr>', page, re.S)
    assert row is not None
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row.group())).strip()
    end = start + timedelta(minutes=90)
    assert words == (
        f"{start:%H:%M} –{end:%H:%M} Ben Carter ben@example.org Site visit Ana Martins Confirmed"
    )
    assert "Times in Europe/Lisbon (UTC+" in page
    assert f"{start:%a} {start.day} {start:%b}" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?search=carter", ["Ben Carter"]),
        ("?search=CARLA@example.org", ["Carla Dias"]),
        ("?search=nobody", []),
        ("?status=confirmed", ["Ben Carter", "Carla Dias"]),
        ("?status=cancelled", []),
        ("?scope=past", []),
        ("?scope=all&search=dias&status=confirmed", ["Carla Dias"]),
        ("?host=ana", ["Ben Carter", "Carla Dias"]),
        ("?host=bob", []),
        ("?event_type=site-visit", ["Ben Carter", "Carla Dias"]),
        ("?event_type=intro-call", []),
        ("?first=2026-01-01", ["Ben Carter", "Carla Dias"]),
        ("?first=2199-01-01", []),
        ("?last=2199-01-01", ["Ben Carter", "Carla Dias"]),
        ("?last=2026-01-01", []),
    ],
)
def test_search_and_filters(alice: Client, office: Office, query: str, found: list[str]) -> None:
    office.book("Ben Carter")
    office.book("Carla Dias")
    assert names(alice, query) == found


def test_reference_finds_its_booking(alice: Client, office: Office) -> None:
    booking = office.book("Ben Carter")
    office.book("Carla Dias")
    assert names(alice, f"?search={booking.uid}") == ["Ben Carter"]


def test_empty_list_says_what_to_do_first(alice: Client) -> None:
    page = alice.get("/portal/bookings/").content.decode()
    assert "No coming bookings" in page
    assert (
        '<a href="http://acme.localhost:8000/" data-copied rel="noreferrer">http://acme.localhost:8000/</a>'
        in page
    )


def test_nothing_found_offers_the_way_on(alice: Client) -> None:
    page = alice.get("/portal/bookings/?search=%3Cscript%3E").content.decode()
    assert escape("“<script>”") in page
    assert "<script>”" not in page
    assert '<a href="?scope=all&amp;search=%3Cscript%3E">Search all bookings</a>' in page


def test_list_costs_the_same_for_one_row_and_three(
    alice: Client, office: Office, django_assert_num_queries: Callable[[int], Any]
) -> None:
    office.book("Ben Carter")
    names(alice)  # the host is known to this process from now on
    with django_assert_num_queries(QUERIES):
        assert names(alice) == ["Ben Carter"]
    office.book("Carla Dias")
    office.book("Dora Esteves")
    with django_assert_num_queries(QUERIES):
        assert names(alice) == ["Ben Carter", "Carla Dias", "Dora Esteves"]


# domain and tenant, session, user; count, bookings with meetings, hosts; hosts and types to filter by; the address
QUERIES = 8


def parsed(query: str) -> BookingQuery:
    return BookingQuery.parse(QueryDict(query))


def test_query_reads_what_it_knows() -> None:
    assert parsed("search=%20ben%20&status=confirmed&scope=past&page=3") == BookingQuery(
        search="ben", status="confirmed", scope="past", page=3
    )
    assert parsed("host=ana&event_type=intro-call&first=2026-11-24&last=2026-11-25") == BookingQuery(
        host="ana", event_type="intro-call", first=date(2026, 11, 24), last=date(2026, 11, 25)
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=evil",
        "scope=evil",
        "page=0",
        "page=-1",
        "page=x",
        "page=1e9",
        "page=999999",
        "page=²",
        "host=a b",
        "event_type=%00",
        "first=x",
        "last=2026-02-30",
        "first=9999-01-01",
    ],
)
def test_query_falls_back_to_the_plain_list(query: str) -> None:
    assert parsed(query) == BookingQuery(search="", status="", scope="coming", page=1)


def test_query_strips_what_postgresql_refuses() -> None:
    assert parsed("search=b%00en").search == "ben"
    assert len(parsed("search=" + "x" * 999).search) == 200


def test_scopes_are_days_at_the_business() -> None:
    assert parsed("").days(TODAY) == (TODAY, None)
    assert parsed("scope=past").days(TODAY) == (None, date(2026, 11, 22))
    assert parsed("scope=all").days(TODAY) == (None, None)


def test_days_asked_for_narrow_the_scope() -> None:
    narrow = "first=2026-11-20&last=2026-11-30"
    assert parsed(narrow).days(TODAY) == (TODAY, date(2026, 11, 30))
    assert parsed(f"scope=past&{narrow}").days(TODAY) == (date(2026, 11, 20), date(2026, 11, 22))
    assert parsed(f"scope=all&{narrow}").days(TODAY) == (date(2026, 11, 20), date(2026, 11, 30))


def test_address_leaves_out_what_is_plain() -> None:
    assert parsed("search=ben&page=2").address() == "?search=ben&page=2"
    assert parsed("search=ben&page=2").address(page=1, scope="all") == "?search=ben&scope=all"
    assert parsed("host=ana&first=2026-11-24").address(page=2) == "?host=ana&first=2026-11-24&page=2"


def test_day_is_the_day_at_the_business_not_in_utc() -> None:
    late = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)  # already 2 July in Lisbon
    booking = Booking(meeting=Meeting(starts_at=late))
    viewer = Viewer(user=User(), tenant=Tenant(), zone=ZoneInfo(ZONE), now=late, only_host=None)
    assert [day.date for day in by_day([booking], viewer)] == [date(2027, 7, 2)]


def test_past_begins_with_the_latest(world: World, alice: Client, office: Office) -> None:
    for number, name in enumerate(["Ben Carter", "Carla Dias", "Dora Esteves"]):
        booking = office.book(name, perform=False)
        with world.superuser("acme") as database:
            database.execute("SET session_replication_role = replica")  # time goes by without an entry
            database.execute(
                "UPDATE booking_meeting SET starts_at = starts_at - interval '30 days' + %s * interval '1 day',"
                " ends_at = ends_at - interval '30 days' + %s * interval '1 day' WHERE id = %s",
                [number, number, booking.meeting_id],
            )
    assert names(alice, "?scope=past") == ["Dora Esteves", "Carla Dias", "Ben Carter"]
    assert names(alice, "?scope=all") == ["Ben Carter", "Carla Dias", "Dora Esteves"]
    assert names(alice) == []
