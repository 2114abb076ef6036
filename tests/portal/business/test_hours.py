"""Hours in the portal: the week and the dates that differ, by whom, and what they do to open times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.api import body_of_entry, entries
from booking.api import DateOverride, Host, Hours, Span, WeeklyHours, hours_of, open_days
from booking.core.hours import week
from tests.database import World
from tests.portal.business.conftest import Office

WEEK = {
    f"{edge}_{day}": ["09:00" if edge == "opens" else "17:00"]
    for day in range(5)
    for edge in ("opens", "closes")
}


def host_id(world: World, slug: str = "ana") -> int:
    with world.enter("acme"):
        return Host.objects.get(slug=slug).pk


def address(world: World, rest: str = "", slug: str = "ana") -> str:
    return f"/portal/hours/{host_id(world, slug)}/{rest}"


def stored(world: World) -> list[tuple[int, int, int]]:
    with world.enter("acme"):
        rows = WeeklyHours.objects.filter(schedule__host__slug="ana")
        return sorted(rows.values_list("weekday", "start_minute", "end_minute"))


def monday() -> date:
    """A Monday that lies at least a week ahead."""
    ahead = datetime.now(UTC).date() + timedelta(days=8)
    return ahead + timedelta(days=-ahead.weekday() % 7)


def open_on(day: date) -> list[str]:
    """The consultation's open times on that day, in Lisbon."""
    query = {"event_type": "consultation", "start": str(day), "end": str(day), "time_zone": "Europe/Lisbon"}
    found = Client(headers={"host": "acme.localhost"}).get("/api/v1/slots", query).json()["slots"]
    return [slot["start"] for slots in found.values() for slot in slots]


def test_owner_and_the_host_herself_save_hours(alice: Client, ana: Client, world: World) -> None:
    noon = WEEK | {
        "opens_0": ["09:00", "14:00"],
        "closes_0": ["12:00", "18:30"],
        "opens_4": [],
        "closes_4": [],
    }
    assert alice.post(address(world), noon).status_code == 303
    assert stored(world)[:3] == [(0, 540, 720), (0, 840, 1110), (1, 540, 1020)]
    assert [row for row in stored(world) if row[0] == 4] == []
    assert ana.post(address(world), WEEK).status_code == 303
    assert stored(world) == [(day, 540, 1020) for day in range(5)]
    with world.enter("acme"):
        last = body_of_entry(entries(subject=f"host:{host_id(world)}")[-1])
    assert (last["action"], last["reversible"]) == ("change_weekly_hours", "full")
    assert last["payload"]["before"][0] == [[540, 720], [840, 1110]]
    assert last["payload"]["after"][0] == [[540, 1020]]


def test_hours_past_midnight_and_until_midnight(ana: Client, world: World) -> None:
    late = {"opens_4": ["22:00"], "closes_4": ["02:00"], "opens_5": ["20:00"], "closes_5": ["00:00"]}
    ana.post(address(world), late)
    assert stored(world) == [(4, 1320, 1560), (5, 1200, 1440)]
    hurried = {"opens_4": ["2200"], "closes_4": ["2"], "opens_5": ["20.00"], "closes_5": ["24:00"]}
    ana.post(address(world), hurried)
    assert stored(world) == [(4, 1320, 1560), (5, 1200, 1440)]
    assert 'value="02:00"' in ana.get(address(world)).content.decode()


def test_saving_what_is_stored_changes_nothing(ana: Client, world: World) -> None:
    page = ana.post(address(world), WEEK, follow=True).content.decode()
    assert "Nothing was changed." in page
    with world.enter("acme"):
        assert entries(subject=f"host:{host_id(world)}") == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"opens_2": ["09:00"], "closes_2": [""]}, "Write both times as 09:00"),
        ({"opens_2": ["late"], "closes_2": ["17:00"]}, "Write both times as 09:00"),
        ({"opens_2": ["24:00"], "closes_2": ["02:00"]}, "Write both times as 09:00"),
        ({"opens_2": ["09:00"], "closes_2": ["24:30"]}, "Write both times as 09:00"),
        ({"opens_2": ["25:00"], "closes_2": ["26:00"]}, "Write both times as 09:00"),
        (
            {"opens_2": ["09:00", "11:00"], "closes_2": ["12:00", "13:00"]},
            "Two stretches of this day overlap.",
        ),
        ({"opens_2": ["01:00"] * 9, "closes_2": ["02:00"] * 9}, "At most 6 stretches"),
    ],
)
def test_what_is_wrong_is_said_on_its_day_and_nothing_typed_is_lost(
    ana: Client, world: World, changed: dict[str, Any], words: str
) -> None:
    answer = ana.post(address(world), WEEK | {"opens_0": ["07:15"]} | changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert 'id="fault-2"' in page
    assert 'value="07:15"' in page
    assert stored(world) == [(day, 540, 1020) for day in range(5)]


def test_buttons_add_remove_and_copy_without_saving(ana: Client, world: World) -> None:
    page = ana.post(address(world), WEEK | {"act": "add_5"}).content.decode()
    assert page.count('name="opens_5"') == 1
    assert page.count("autofocus") == 2, "the new stretch, and the palette's field behind its dialog"
    assert ana.post(address(world), WEEK | {"act": "add_x_9"}).status_code == 200
    page = ana.post(address(world), WEEK | {"act": "remove_0_0"}).content.decode()
    assert 'name="opens_0"' not in page
    short = WEEK | {"opens_0": ["10:00"], "closes_0": ["11:00"], "to_0": ["1", "6"], "act": "copy_0"}
    page = ana.post(address(world), short).content.decode()
    assert page.count('value="10:00"') == 3
    assert "Not saved yet" in page
    assert stored(world) == [(day, 540, 1020) for day in range(5)]


@pytest.mark.parametrize(
    "act",
    [
        "add_²",
        "remove_0_²",
        "remove_0_00",
        "copy_0",
        "remove_²_0",
        "copy_²",
        pytest.param("add_" + "9" * 5000, id="huge"),
    ],
)
def test_a_button_that_is_none_changes_nothing(ana: Client, world: World, act: str) -> None:
    page = ana.post(address(world), WEEK | {"act": act, "to_0": ["²", "9"]})
    assert (page.status_code, page.content.decode().count('name="opens_0"')) == (200, 1)
    assert stored(world) == [(day, 540, 1020) for day in range(5)]


def test_preview_shows_typed_hours_on_the_coming_days(ana: Client, world: World) -> None:
    every = {
        f"{edge}_{day}": [clock]
        for day in range(7)
        for edge, clock in (("opens", "07:00"), ("closes", "08:00"))
    }
    fragment = ana.post(address(world, "preview/"), every).content.decode()
    assert fragment.lstrip().startswith('<section id="hours-preview"')
    assert fragment.count("07:00–08:00") == 14
    assert "Not saved yet" in fragment
    assert '<rect class="open" x="420" width="60" height="60"/>' in fragment


def test_closed_dates_take_the_open_times_away_and_deleting_brings_them_back(
    ana: Client, world: World
) -> None:
    first = monday()
    last = first + timedelta(days=1)
    before = open_on(first)
    assert before != []
    sent = {"first": str(first), "last": str(last), "kind": "closed"}
    assert ana.post(address(world, "dates/"), sent).status_code == 303
    assert (open_on(first), open_on(last)) == ([], [])
    page = ana.get(address(world)).content.decode()
    assert page.count("<li><span><strong") == 1, "days that follow each other are one line"
    assert ana.post(address(world, "dates/delete/"), sent).status_code == 303
    assert open_on(first) == before
    with world.enter("acme"):
        said = [body_of_entry(entry) for entry in entries(subject=f"host:{host_id(world)}")]
    assert [each["action"] for each in said] == ["set_date_override", "remove_date_override"]
    assert said[1]["payload"]["before"] == [[str(first), None, None], [str(last), None, None]]


def test_other_hours_replace_the_week_and_an_earlier_exception(ana: Client, world: World) -> None:
    day = monday()
    ana.post(address(world, "dates/"), {"first": str(day), "kind": "closed"})
    two = {"first": str(day), "kind": "open", "opens": ["18:00", "06:00"], "closes": ["19:00", "07:00"]}
    ana.post(address(world, "dates/"), two)
    with world.enter("acme"):
        rows = DateOverride.objects.order_by("start_minute").values_list("date", "start_minute", "end_minute")
        assert list(rows) == [(day, 360, 420), (day, 1080, 1140)]
    assert len(open_on(day)) == 2


def test_booked_meetings_stand_and_are_counted(alice: Client, world: World, office: Office) -> None:
    booking = office.book(perform=False)
    day = str(booking.meeting.starts_at.date())
    page = alice.post(
        address(world, "dates/"), {"first": day, "kind": "closed"}, follow=True
    ).content.decode()
    assert "1 booked meeting stands on these dates." in page
    assert office.read(booking).status == "confirmed"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"first": "", "kind": "closed"}, "Choose the date"),
        ({"first": "2026-02-30", "kind": "closed"}, "Choose the date"),
        ({"first": "1200-01-01", "kind": "closed"}, "Choose dates of this century."),
        (
            {"first": "2027-01-02", "last": "2027-01-01", "kind": "closed"},
            "The last day is not before the first",
        ),
        ({"first": "2027-01-01", "last": "2029-01-01", "kind": "closed"}, "at most 366 days"),
        (
            {"first": "2027-01-01", "kind": "open", "opens": [""], "closes": [""]},
            "Write the hours of these days",
        ),
        ({"first": "2027-01-01", "kind": "open", "opens": ["nine"], "closes": ["10:00"]}, "Write both times"),
    ],
)
def test_dates_that_cannot_be_kept_are_said_in_place(
    ana: Client, world: World, sent: dict[str, Any], words: str
) -> None:
    answer = ana.post(address(world, "dates/"), sent)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert f'value="{sent["first"]}"' in answer.content.decode()
    with world.enter("acme"):
        assert DateOverride.objects.count() == 0


def test_others_may_not(bob: Client, stranger: Client, world: World) -> None:
    for rest in ("", "preview/", "dates/", "dates/delete/"):
        path = address(world, rest)
        assert bob.post(path, WEEK).status_code == 404, rest
        for nobody in (stranger, Client(headers={"host": "acme.localhost"})):
            assert nobody.post(path, WEEK)["Location"].startswith("/accounts/login/"), rest
    assert bob.get(address(world)).status_code == 404
    assert stored(world) == [(day, 540, 1020) for day in range(5)]


def test_own_hours_lead_home(alice: Client, bob: Client, world: World) -> None:
    assert bob.get("/portal/hours/")["Location"] == address(world, slug="bob")
    assert alice.get("/portal/hours/")["Location"] == "/portal/people/"
    assert "Your hours" in bob.get(address(world, slug="bob")).content.decode()


def test_a_host_without_a_schedule_gets_one_with_the_first_save(bob: Client, world: World) -> None:
    assert (
        bob.post(address(world, slug="bob"), {"opens_0": ["09:00"], "closes_0": ["10:00"]}).status_code == 303
    )
    with world.enter("acme"):
        assert hours_of(Host.objects.get(slug="bob")).weekly[0] == (Span(540, 600),)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_however_many_dates_differ(ana: Client, world: World, rows: int) -> None:
    for number in range(rows):
        day = monday() + timedelta(days=2 * number)
        ana.post(address(world, "dates/"), {"first": str(day), "kind": "closed"})
    ana.get(address(world))  # the message is said once
    with CaptureQueriesContext(connection) as asked:
        assert ana.get(address(world)).content.decode().count("<li><span><strong") == rows
    assert len(asked) == 12


def test_preview_follows_the_clocks_and_midnight() -> None:
    hours = Hours("Europe/Lisbon", week([(5, 1380, 1560)]), {date(2027, 3, 29): (Span(0, 1440),)})
    days = open_days(hours, first=date(2027, 3, 27), count=3)
    assert [each.spans for each in days] == [(Span(1380, 1440),), (Span(0, 120),), (Span(0, 1440),)]
    assert [each.is_override for each in days] == [False, False, True]
