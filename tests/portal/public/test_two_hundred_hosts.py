"""A company of two hundred people: its front door and a month of "anyone who is free" cost what they cost of six."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from booking.api import EventType, EventTypeHost, Host, OutOfOffice, Resource, Schedule, WeeklyHours
from portal.public.views import home
from portal.public.words import moment_words
from providers.models import Calendar, CalendarConnection
from tests.booking.scene import LISBON, TODAY, now
from tests.database import World
from tests.portal.public.conftest import START, Visitor, text, words

MOST = 200
NEXT_MONTH = (TODAY.replace(day=1) + timedelta(days=32)).replace(day=1)
MONTH = f"/book/meet/?month={NEXT_MONTH:%Y-%m}"
WEEKDAYS = [
    day
    for day in (NEXT_MONTH + timedelta(days=number) for number in range(31))
    if day.month == NEXT_MONTH.month and day.weekday() < 5
]
CARD_BYTES = 400  # of one person on the front door: an address, initials, a name and a role


@pytest.fixture
def company(world: World, northwind: Visitor) -> Visitor:
    """Northwind with its six hosts, and a month ahead that can be booked to its end."""
    with world.enter("northwind"):
        EventType.objects.filter(slug="meet").update(window_days=90)
    return northwind


def grow(world: World) -> list[Host]:
    """Let Northwind have two hundred hosts, from nine to five in Lisbon, who all offer `meet`; return them in order."""
    with world.enter("northwind"):
        numbers = range(Host.objects.count(), MOST)
        resources = Resource.objects.bulk_create(Resource(kind="host", name=f"Host {n}") for n in numbers)
        hosts = Host.objects.bulk_create(
            Host(
                resource=resource, name=f"Host {n}", slug=f"host-{n}", email=f"host-{n}@northwind.example",
                role="Consultant", time_zone=LISBON.key, position=n,
            )
            for n, resource in zip(numbers, resources, strict=True)
        )  # fmt: skip
        schedules = Schedule.objects.bulk_create(
            Schedule(host=host, time_zone=LISBON.key, is_default=True) for host in hosts
        )
        WeeklyHours.objects.bulk_create(
            WeeklyHours(schedule=schedule, weekday=weekday, start_minute=9 * 60, end_minute=17 * 60)
            for schedule in schedules for weekday in range(5)
        )  # fmt: skip
        meet = EventType.objects.get(slug="meet")
        EventTypeHost.objects.bulk_create(EventTypeHost(event_type=meet, host=host) for host in hosts)
        assert EventTypeHost.objects.filter(event_type=meet).count() == MOST
        return list(Host.objects.order_by("position"))


def forget(world: World) -> None:
    """Change the catalog, so that nothing that is kept of it is right any more."""
    with world.enter("northwind"):
        EventType.objects.filter(slug="panel").update(description=str(now()))


def look(world: World, visitor: Visitor, path: str) -> tuple[list[int], HttpResponse]:
    """Return how many statements read data for a page after a change of the catalog and when asked again, and it."""
    visitor.get(path)  # reads what a change of the catalog does not concern
    forget(world)
    counted = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            page = visitor.get(path)
        assert page.status_code == 200
        counted.append(sum(each["sql"].lstrip().startswith("SELECT") for each in statements))
    return counted, page


def open_days(page: HttpResponse) -> list[date]:
    return [date.fromisoformat(day) for day in re.findall(r'id="day-([0-9-]+)"', text(page))]


@pytest.mark.parametrize(
    ("path", "reads", "a_person"),
    [
        ("/", [2, 1], CARD_BYTES),  # the stamps; the catalog
        ("/?next=1", [3, 1], CARD_BYTES),  # and what blocks time
        (MONTH, [3, 1], 0),
    ],
)
def test_a_page_asks_for_two_hundred_what_it_asks_for_six_and_grows_by_no_more_than_it_shows(
    world: World, company: Visitor, path: str, reads: list[int], a_person: int
) -> None:
    of_six, small = look(world, company, path)
    grow(world)
    of_all, large = look(world, company, path)
    assert (of_six, of_all) == (reads, reads)
    digits = len(str(MOST)) - len("6")  # "Whoever of 200 people is free"
    assert len(large.content) - len(small.content) <= (MOST - 6) * a_person + digits


def test_the_front_door_has_each_of_two_hundred_once_and_a_search(world: World, company: Visitor) -> None:
    hosts = grow(world)
    page = text(company.get("/?next=1"))
    assert re.findall(r'href="/with/([^"/]+)/"', page) == [host.slug for host in hosts]
    assert (page.count("Next: "), page.count('type="search"')) == (MOST, 1)


def test_what_takes_several_stands_below_a_few_people_and_above_many(world: World, company: Visitor) -> None:
    few = text(company.get("/"))
    grow(world)
    many = text(company.get("/"))
    below, above = (page.index('id="people"') < page.index('id="others"') for page in (few, many))
    assert (below, above) == (True, False)
    assert many.count('id="others"') == 1


def test_a_month_of_two_hundred_offers_all_its_days_and_is_open_where_one_of_them_is(
    world: World, company: Visitor
) -> None:
    hosts = grow(world)
    page = company.get(f"{MONTH}&date={WEEKDAYS[0]}")
    assert open_days(page) == WEEKDAYS
    starts = [datetime.fromisoformat(start).astimezone(LISBON) for start in START.findall(text(page))]
    assert [(start.date(), start.hour, start.minute) for start in starts] == [
        (WEEKDAYS[0], hour, minute) for hour in range(9, 17) for minute in (0, 30)
    ]
    assert f"Whoever of {MOST} people is free" in words(page)
    with world.enter("northwind"):
        away(hosts, WEEKDAYS[1])
        away(hosts[:-1], WEEKDAYS[2])
    assert open_days(company.get(MONTH)) == [day for day in WEEKDAYS if day != WEEKDAYS[1]]


def away(hosts: Sequence[Host], day: date) -> None:
    OutOfOffice.objects.bulk_create(OutOfOffice(host=host, first_date=day, last_date=day) for host in hosts)


def test_when_all_are_next_free_at_once_it_is_put_into_words_once(
    world: World, company: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred hosts have fifty thousand open starts in three weeks."""
    grow(world)
    said: list[datetime] = []

    def counted(instant: datetime, time_zone: str) -> str:
        said.append(instant)
        return moment_words(instant, time_zone)

    monkeypatch.setattr(home, "moment_words", counted)
    assert words(company.get("/?next=1")).count("Next: ") == MOST
    assert len(said) == 1


@pytest.mark.parametrize("most", [1, 3, MOST])
def test_calendars_that_cannot_be_read_are_named_while_they_are_few_and_counted_when_they_are_many(
    world: World, company: Visitor, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("providers.calendars.busy_index._REST_AFTER_FAILURE", timedelta(hours=1))
    hosts = grow(world)[:most]
    with world.enter("northwind"):
        unreadable(hosts)
    page = company.get(MONTH)
    said = [
        f"{each.name}’s calendar cannot be read right now, so {each.name}’s times are withheld."
        for each in hosts
    ]
    if most == MOST:
        said = ["The calendars of 200 people cannot be read right now, so their times are withheld."]
    assert re.findall(r'<p class="notice warn" dir="auto">([^<]+)</p>', text(page)) == said
    assert open_days(page) == ([] if most == MOST else WEEKDAYS)


def unreadable(hosts: Sequence[Host]) -> None:
    """Give hosts a connected calendar each, which could not be read a moment ago."""
    connections = CalendarConnection.objects.bulk_create(
        CalendarConnection(
            host_id=host.pk, url=f"https://calendar.example/{host.slug}", username=host.slug, sealed_password=b"-",
            time_zone=LISBON.key, connected_at=now(),
        )
        for host in hosts
    )  # fmt: skip
    Calendar.objects.bulk_create(
        Calendar(
            connection=each, host_id=each.host_id, url=each.url, name="Work", time_zone=LISBON.key, reads_busy=True,
            failed_at=now(), failed_words="It does not answer.",
        )
        for each in connections
    )  # fmt: skip
