"""Schedules, out of office and holidays as the slots see them, each kept in the catalog."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.api import (
    InvalidAbsence,
    InvalidSchedule,
    Place,
    Span,
    UnknownPlace,
    add_absence,
    change_schedule,
    create_schedule,
    delete_schedule,
    end_absence,
    get_event_type,
    get_host,
    holidays_between,
    make_default_schedule,
    schedules_of,
    set_business_holidays,
    set_host_holidays,
    set_override,
    set_weekly_hours,
    slots,
)
from booking.core.hours import week
from booking.models import EventType, EventTypeHost, Host
from tests.booking.scene import LISBON, OWNER, TODAY, now, workday
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()
MORNINGS = week((day, 540, 720) for day in range(5))


def day_of(slug: str = "consultation", day: date = DAY) -> tuple[list[str], set[str]]:
    """The open times of that day in Lisbon, and the reasons of what is withheld."""
    page = slots(
        get_event_type(slug), first=day, last=day, time_zone="Europe/Lisbon", now=now(), explain=True
    )
    opened = [f"{each.start.astimezone(LISBON):%H:%M}" for found in page.days.values() for each in found]
    return opened, {str(each.reason) for each in page.withheld}


def test_the_default_schedule_counts_and_a_meeting_type_may_choose_another(world: World) -> None:
    with world.enter("acme"):
        ana = get_host("ana")
        usual, _ = day_of()
        made = create_schedule(ana, "Mornings", like=None, actor=OWNER)
        set_weekly_hours(ana, MORNINGS, actor=OWNER, schedule_id=made.pk)
        assert day_of()[0] == usual
        EventTypeHost.objects.filter(event_type__slug="consultation").update(schedule=made)
        assert day_of()[0] == ["09:00", "09:30", "10:00", "10:30", "11:00"]
        assert day_of("intro-call")[0][-1] == "16:30"
        make_default_schedule(ana, made.pk, actor=OWNER)
        assert day_of("intro-call")[0][-1] == "11:30"
        assert [(each.name, each.is_default, each.chosen_by) for each in schedules_of(ana)] == [
            ("Mornings", True, ("Consultation",)),
            ("Working hours", False, ()),
        ]


def test_what_is_asked_for_is_not_deleted_and_nobody_chooses_anothers_schedule(world: World) -> None:
    with world.enter("northwind"):
        bruno, chloe = get_host("bruno"), get_host("chloe")
        made = create_schedule(bruno, "Evenings", like=schedules_of(bruno)[0].id, actor=OWNER)
        with pytest.raises(InvalidSchedule, match="default schedule"):
            delete_schedule(bruno, schedules_of(bruno)[0].id, actor=OWNER)
        with pytest.raises(InvalidSchedule, match="no such schedule"):
            delete_schedule(chloe, made.pk, actor=OWNER)
        with pytest.raises(InvalidSchedule, match="of this name already"):
            create_schedule(bruno, " Evenings ", like=None, actor=OWNER)
        with pytest.raises(InvalidSchedule, match="time zone"):
            change_schedule(bruno, made.pk, name="Late", time_zone="Europe/Nowhere", actor=OWNER)
        rows = EventTypeHost.objects.filter(event_type__slug="meet")
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012  the deferred constraint speaks at the end
            rows.filter(host=chloe).update(schedule=made)
            connection.check_constraints()
        rows.filter(host=bruno).update(schedule=made)
        with pytest.raises(InvalidSchedule, match="asks for this schedule"):
            delete_schedule(bruno, made.pk, actor=OWNER)
        rows.filter(host=bruno).update(schedule=None)
        delete_schedule(bruno, made.pk, actor=OWNER)
        assert len(schedules_of(bruno)) == 1


def test_out_of_office_withholds_and_its_end_gives_back(world: World) -> None:
    with world.enter("acme"):
        ana, usual = get_host("ana"), day_of()
        whole = add_absence(ana, DAY, DAY, part=None, redirect=None, now=now(), actor=OWNER)
        assert day_of() == ([], {"out_of_office"})
        assert end_absence(ana, whole.id, actor=OWNER)
        assert not end_absence(ana, whole.id, actor=OWNER)
        assert day_of() == usual
        add_absence(
            ana, DAY - timedelta(days=1), DAY, part=Span(780, 1440), redirect=None, now=now(), actor=OWNER
        )
        assert day_of()[0] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]
        for wrong in ({"part": Span(60, 60)}, {"redirect": ana}):
            with pytest.raises(InvalidAbsence):
                add_absence(
                    ana, DAY, DAY, **{"part": None, "redirect": None, **wrong}, now=now(), actor=OWNER
                )  # type: ignore[arg-type]
        with pytest.raises(InvalidAbsence):
            add_absence(ana, DAY, DAY - timedelta(days=1), part=None, redirect=None, now=now(), actor=OWNER)


def christmas() -> date:
    """The next Christmas Day that is a working day, within the years to come."""
    year = DAY.year if date(DAY.year, 12, 20) > DAY else DAY.year + 1
    return next(day for day in (date(year + n, 12, 25) for n in range(9)) if day.weekday() < 5)


def test_a_holiday_closes_the_day_unless_an_override_opens_it_or_the_host_keeps_none(world: World) -> None:
    with world.enter("acme"):
        ana, day = get_host("ana"), christmas()
        EventType.objects.update(window_first_date=day, window_last_date=day)
        assert len(day_of(day=day)[0]) == 15
        assert set_business_holidays(Place("PT"), actor=OWNER)
        assert not set_business_holidays(Place("PT"), actor=OWNER)
        assert day_of(day=day) == ([], {"date_override"})
        set_override(ana, day, day, (Span(600, 720),), actor=OWNER)
        assert day_of(day=day)[0] == ["10:00", "10:30", "11:00"]
        set_override(ana, day, day, (), actor=OWNER)
        Host.objects.get(pk=ana.pk).schedules.get().date_overrides.all().delete()
        assert set_host_holidays(ana, "none", "", actor=OWNER)
        assert len(day_of(day=day)[0]) == 15
        assert set_host_holidays(ana, "US", "", actor=OWNER)
        assert day_of(day=day) == ([], {"date_override"})
        for country, region in (("XX", ""), ("PT", "99"), ("pt", "")):
            with pytest.raises(UnknownPlace):
                set_host_holidays(ana, country, region, actor=OWNER)


def test_a_region_keeps_days_of_its_own() -> None:
    day = date(2026, 1, 6)
    assert holidays_between(Place("DE"), day, day) == {}
    assert holidays_between(Place("DE", "BY"), day, day) == {day: "Epiphany"}
    assert holidays_between(Place("ZZ"), day, day) == {}
    assert list(holidays_between(Place("PT"), date(2025, 12, 25), date(2026, 1, 1))) == [
        date(2025, 12, 25),
        date(2026, 1, 1),
    ]


def test_a_fixed_window_and_an_offset_shape_the_day(world: World) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="consultation").update(
            window_first_date=DAY, window_last_date=DAY, slot_offset_minutes=15
        )
        assert day_of()[0][:2] == ["09:15", "09:45"]
        assert day_of()[0][-1] == "15:45"
        following = workday(9, days=(DAY - TODAY).days + 1).date()
        assert day_of(day=following) == ([], {"outside_window"})


def test_rules_cost_no_statement_and_limits_one(world: World) -> None:
    with world.enter("acme"):
        ana = get_host("ana")
        set_business_holidays(Place("PT"), actor=OWNER)
        add_absence(ana, DAY, DAY, part=Span(780, 840), redirect=None, now=now(), actor=OWNER)

        def cost() -> int:
            event_type = get_event_type("consultation")
            with CaptureQueriesContext(connection) as asked:
                slots(event_type, first=DAY, last=DAY, time_zone="Europe/Lisbon", now=now(), explain=True)
            return len(asked)

        cost()
        before = cost()
        EventType.objects.filter(slug="consultation").update(
            limits=[["day", "meetings", 9], ["year", "minutes", 999]]
        )
        get_event_type("consultation")
        assert cost() == before + 1
