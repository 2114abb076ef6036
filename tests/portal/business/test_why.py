"""Why is this time not offered? The page says it of each start; a host asks about themselves."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from booking.api import Explained, Host, Schedule, WeeklyHours, bookable_hosts, get_event_type
from kernel.reasons import Reason
from portal.business.why import _answer
from tests.booking.scene import LISBON, booked, workday
from tests.booking.test_explaining import busy
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()
HERE = "/portal/why/"


@pytest.fixture(autouse=True)
def _index_is_fresh(settings: Settings) -> None:
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 600


def page(client: Client, **query: str) -> str:
    answer = client.get(HERE, {"event_type": "consultation", "date": str(DAY), **query})
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_start_is_open_or_says_what_stands_in_its_way(alice: Client, ana: Client, world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
        booked("site-visit", workday(10))
    for client in (alice, ana):
        said = page(client)
        assert "Ana Martins’s calendar “Private” is busy 13:30–15:00." in said
        assert "Ana Martins is booked 09:30–12:00, with buffers." in said
        assert "<code" in said
        assert "calendar_busy" in said
        assert "5 open, 10 not offered" in said


def test_a_time_that_is_asked_for_is_answered_first_offered_or_not(ana: Client, world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
    said = page(ana, time="14:00")
    answer = said[
        said.index('<div class="notice warn" role="status">') : said.index('aria-labelledby="why-day"')
    ]
    assert "14:00 is not offered" in answer
    assert "Ana Martins’s calendar “Private” is busy 13:30–15:00." in answer
    assert 'name="time" value="14:00"' in said
    assert "&amp;time=14:00" in said
    assert "hours on" in page(ana, time="18:00")
    assert "09:30 is open" in page(ana, time="09:30")
    assert "Ana Martins’s calendar" in page(ana, time="at noon")


def test_hosts_who_are_needed_together_and_share_no_hours_are_told_so(stranger: Client, world: World) -> None:
    with world.enter("northwind"):
        hosts = bookable_hosts(get_event_type("panel"))
        schedule = Schedule.objects.get(host=hosts[0])
        WeeklyHours.objects.filter(schedule=schedule).update(start_minute=60, end_minute=120)
    asked = {"event_type": "panel", "date": str(DAY)}
    told = stranger.get(HERE, asked, headers={"host": "northwind.localhost"}).content.decode()
    names = f"{hosts[0].name}, {hosts[1].name} and {hosts[2].name}"
    assert f"{names} have no hours in common on this day that hold a whole meeting." in told


def test_of_another_host_a_code_says_no_more_than_the_words() -> None:
    ana, rui = Host(pk=1, name="Ana"), Host(pk=2, name="Rui")
    away = Explained(workday(9), Reason.OUT_OF_OFFICE, "Rui is not free then.", rui)
    assert _answer(away, frozenset({ana.pk})) == ("Rui is not free then.", "", False)
    assert _answer(away, frozenset({rui.pk}))[1] == _answer(away, None)[1] == "out_of_office"
    late = Explained(workday(9), Reason.NOTICE_TOO_SHORT, "Too late.")
    assert _answer(late, frozenset({ana.pk}))[1] == "notice_too_short"


def test_a_day_without_hours_says_whose(alice: Client, world: World) -> None:
    sunday = DAY
    while sunday.weekday() != 6:
        sunday = sunday.fromordinal(sunday.toordinal() + 1)
    said = page(alice, date=str(sunday))
    assert "No start falls on this day" in said
    assert "Look at the hours" in said


def test_what_is_typed_wrong_shows_tomorrow_and_nothing_breaks(alice: Client, world: World) -> None:
    assert "Why is this time not offered?" in page(
        alice, date="9999-99-99", event_type="nothing", host="nobody"
    )


def test_a_host_without_meeting_types_is_told_whom_to_ask(bob: Client, world: World) -> None:
    assert "You host no meeting type yet" in page(bob)


def test_another_business_sees_nothing(stranger: Client) -> None:
    assert stranger.get(HERE).status_code == 302
