"""Schedules, time off, holidays and limits in the portal: stored by whoever may, and clients see it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from booking.api import EventType, EventTypeHost, Host, OutOfOffice, Schedule, WeeklyHours
from portal.public.words import day_words
from tests.booking.scene import workday
from tests.booking.test_rules_of_hosts import christmas
from tests.database import World
from tests.portal.business.test_hours import WEEK, address, host_id, monday, open_on, stored
from tests.portal.business.test_meeting_types import form


def post(client: Client, where: str, data: dict[str, object], *, status: int = 303) -> str:
    answer = client.post(where, data, follow=status == 303)
    assert (answer.redirect_chain[0][1] if status == 303 else answer.status_code) == status  # type: ignore[attr-defined]
    return answer.content.decode()


def test_another_schedule_is_made_changed_chosen_and_deleted(
    alice: Client, ana: Client, world: World
) -> None:
    here = address(world, "schedules/")
    page = post(ana, here, {"act": "create", "name": "Evenings", "schedule": ""})
    assert "Evenings" in page
    with world.enter("acme"):
        made = Schedule.objects.get(name="Evenings")
    evenings = {f"{edge}_0": ["18:00" if edge == "opens" else "02:00"] for edge in ("opens", "closes")}
    post(ana, address(world), {**evenings, "schedule": str(made.pk)})
    with world.enter("acme"):
        rows = WeeklyHours.objects.filter(schedule=made).values_list("weekday", "start_minute", "end_minute")
        assert list(rows) == [(0, 1080, 1560)]
    assert open_on(monday())[0].endswith("T09:00:00Z") or open_on(monday())[0].endswith("T08:00:00Z")
    with world.enter("acme"):
        kind = EventType.objects.get(slug="consultation").pk
    assert f'name="schedule_{host_id(world)}"' in alice.get(f"/portal/meeting-types/{kind}/").content.decode()
    with world.enter("acme"):
        EventTypeHost.objects.filter(event_type=kind).update(schedule=made)
    assert len(open_on(monday())) == 12, "18:00 to 23:30: what starts after midnight is the next date's"
    assert len(open_on(monday() + timedelta(days=1))) == 3
    refused = post(ana, here, {"act": "delete", "schedule": str(made.pk)})
    assert "asks for this schedule" in refused
    with world.enter("acme"):
        EventTypeHost.objects.filter(event_type=kind).update(schedule=None)
    renamed = {"act": "change", "schedule": str(made.pk), "name": "Nights", "time_zone": "Europe/Paris"}
    assert "Nights" in post(ana, here, renamed)
    assert "It is the default schedule now" in post(ana, here, {"act": "default", "schedule": str(made.pk)})
    assert "Make another one the default first" in post(
        ana, here, {"act": "delete", "schedule": str(made.pk)}
    )
    for wrong in ({"act": "create", "name": " "}, {"act": "delete", "schedule": "999999"}, {"act": "x"}):
        assert 'class="notice bad"' in post(ana, here, wrong)


def test_an_absence_is_stored_shown_and_deleted(ana: Client, world: World) -> None:
    here, day = address(world, "time-off/"), monday()
    page = post(ana, f"{here}add/", {"first": str(day), "last": "", "from": "13:00", "until": "18:00"})
    assert "13:00–18:00 each day" in page
    assert len(open_on(day)) == 7
    with world.enter("acme"):
        made = OutOfOffice.objects.get()
    assert "The hours count again" in post(ana, f"{here}{made.pk}/delete/", {})
    assert "deleted already" in post(ana, f"{here}{made.pk}/delete/", {})
    assert len(open_on(day)) == 15


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"first": "", "last": ""}, "Choose the date"),
        ({"first": "2031-01-02", "last": "2031-01-01"}, "The last day is not before the first"),
        ({"first": "2031-01-02", "last": "", "from": "13:00"}, "Write both times"),
    ],
)
def test_what_is_wrong_with_an_absence_is_said_in_place(
    ana: Client, world: World, typed: dict[str, object], words: str
) -> None:
    page = post(ana, address(world, "time-off/add/"), typed, status=422)
    assert words in page
    if typed["first"]:
        assert str(typed["first"]) in page


def test_holidays_of_the_business_and_of_a_host(alice: Client, ana: Client, world: World) -> None:
    day = christmas()
    with world.enter("acme"):
        EventType.objects.update(window_first_date=day, window_last_date=day)
    assert len(open_on(day)) == 15
    page = post(alice, "/portal/holidays/", {"country": "PT", "region": ""})
    assert "Christmas Day" in page
    assert open_on(day) == []
    assert "As the business: Portugal" in ana.get(address(world, "time-off/")).content.decode()
    post(ana, address(world, "holidays/"), {"country": "none"})
    assert len(open_on(day)) == 15
    assert "Choose a country" in post(ana, address(world, "holidays/"), {"country": "ZZ"})
    assert "Choose a country" in post(alice, "/portal/holidays/", {"country": "ZZ"}, status=422)
    assert ana.get("/portal/holidays/").status_code == 403


def test_limits_of_a_host_and_of_a_meeting_type(alice: Client, ana: Client, world: World) -> None:
    page = post(ana, address(world, "limits/"), {"limit_day_meetings": "3", "limit_week_minutes": "600"})
    assert 'value="600"' in page
    with world.enter("acme"):
        assert Host.objects.get(slug="ana").limits == [["day", "meetings", 3], ["week", "minutes", 600]]
    wrong = post(ana, address(world, "limits/"), {"limit_day_meetings": "many"}, status=422)
    assert "Write the limit of meetings a day as a whole number" in wrong
    assert 'value="many"' in wrong
    with world.enter("acme"):
        kind = EventType.objects.get(slug="consultation").pk
    here = f"/portal/meeting-types/{kind}/"
    wish = form(world) | {
        "limit_month_meetings": "5", "slot_interval_minutes": "30", "slot_offset_minutes": "5",
        "window_first_date": "2031-01-01", "window_last_date": "2031-02-01",
    }  # fmt: skip
    assert alice.post(here, wish).status_code == 303
    with world.enter("acme"):
        made = EventType.objects.get(pk=kind)
    assert made.limits == [["month", "meetings", 5]]
    assert (made.slot_offset_minutes, str(made.window_first_date), str(made.window_last_date)) == (
        5, "2031-01-01", "2031-02-01",
    )  # fmt: skip
    page = alice.get(here).content.decode()
    assert 'value="2031-01-01"' in page
    for wrong_field, words in (
        ({"slot_offset_minutes": "30"}, "The offset is shorter"),
        ({"window_last_date": ""}, "A fixed window has both dates"),
        ({"window_last_date": "2030-01-01"}, "The last date is not before the first"),
        ({"limit_month_meetings": "0"}, "A limit is a whole number of meetings"),
    ):
        answer = alice.post(here, wish | wrong_field)
        assert answer.status_code == 422
        assert words in answer.content.decode()


def test_a_client_is_led_to_whoever_stands_in(world: World, client_for: object) -> None:
    with world.enter("northwind"):
        bruno, chloe = Host.objects.get(slug="bruno"), Host.objects.get(slug="chloe")
        today = datetime.now(UTC).date()
        OutOfOffice.objects.create(
            host=bruno, first_date=today, last_date=today + timedelta(days=40), redirect=chloe
        )
    client = Client(headers={"host": "northwind.localhost"})
    page = client.get("/book/meet/", {"host": "bruno"}).content.decode()
    assert f"{bruno.name} is out of office until" in page
    assert "host=chloe" in page
    assert "is out of office" not in client.get("/book/meet/").content.decode(), "somebody else is free"


def test_a_stand_in_for_a_part_of_the_day_and_for_each_absence_is_named(world: World) -> None:
    day = workday(9).date().replace(day=1) + timedelta(days=62)  # wholly ahead
    first, later = day.replace(day=3), day.replace(day=20)
    with world.enter("northwind"):
        bruno, chloe = Host.objects.get(slug="bruno"), Host.objects.get(slug="chloe")
        afternoon = {"start_minute": 780, "end_minute": 1020}
        OutOfOffice.objects.create(
            host=bruno, first_date=later, last_date=later + timedelta(days=2), redirect=chloe
        )
        OutOfOffice.objects.create(host=bruno, first_date=first, last_date=first, redirect=chloe, **afternoon)
        OutOfOffice.objects.create(
            host=bruno, first_date=day.replace(day=10), last_date=day.replace(day=10), **afternoon
        )
        EventType.objects.filter(slug="meet").update(window_days=200)
    client = Client(headers={"host": "northwind.localhost"})
    page = client.get("/book/meet/", {"host": "bruno", "month": f"{day:%Y-%m}"}).content.decode()
    assert re.findall(rf"{bruno.name} is out of office ([^<]*[.])", page) == [
        f"for a part of {day_words(first)}.",
        f"from {day_words(later)} until {day_words(later + timedelta(days=2))}.",
    ]
    assert page.count("See the times of") == 2


def test_saving_the_week_of_the_default_schedule_needs_no_name(ana: Client, world: World) -> None:
    assert ana.post(address(world), WEEK | {"opens_0": ["10:00"]}).status_code == 303
    assert stored(world)[0] == (0, 600, 1020)
