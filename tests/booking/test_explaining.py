"""Every withheld start names its cause; the words follow the core's reason and never decide anything themselves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from booking.api import (
    Explained,
    Place,
    Resource,
    SlotRefused,
    Span,
    add_absence,
    edit_resource,
    explain_dates,
    explain_start,
    get_event_type,
    get_host,
    make_resource,
    set_business_holidays,
    set_host_limits,
    slots,
)
from booking.core.limits import Limit
from booking.models import EventType, EventTypeResource
from providers.models.calendars import BusyTime, Calendar, CalendarConnection
from tenants.api import Tenant
from tests.booking.scene import LISBON, OWNER, booked, now, workday
from tests.booking.test_rules_of_hosts import christmas
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()
WORDS = f"{DAY:%a} {DAY.day} {DAY:%b} {DAY.year}"


@pytest.fixture(autouse=True)
def _index_is_fresh(settings: Settings) -> None:
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 600


def busy(name: str, start: datetime, minutes: int, *, failed: bool = False) -> None:
    """Give Ana a calendar that is busy then, by an index that was read just now, or one that cannot be read."""
    ana, read = get_host("ana"), now()
    account = CalendarConnection.objects.create(
        host_id=ana.pk, url="https://dav.example/", username=name, sealed_password=b"", time_zone="UTC",
        connected_at=read,
    )  # fmt: skip
    made = Calendar.objects.create(
        connection=account, host_id=ana.pk, url=f"https://dav.example/{name}/", name=name, time_zone="UTC",
        reads_busy=True, failed_at=read if failed else None,
        read_at=None if failed else read, covers_from=None if failed else read - timedelta(days=9),
        horizon=None if failed else read + timedelta(days=400),
    )  # fmt: skip
    BusyTime.objects.create(calendar=made, starts_at=start, ends_at=start + timedelta(minutes=minutes))


def told(slug: str = "consultation", day: date = DAY, **more: frozenset[int]) -> dict[str, Explained]:
    """What is said of each start of the day, by its time in Lisbon."""
    said = explain_dates(
        get_event_type(slug), first=day, last=day, time_zone="Europe/Lisbon", now=now(),
        open_hosts=more.get("open_hosts"),
    )  # fmt: skip
    return {f"{each.start.astimezone(LISBON):%H:%M}": each for each in said}


def said(slug: str = "consultation", at: str = "14:00", day: date = DAY) -> tuple[str, str]:
    """The reason code and the words of one start."""
    found = told(slug, day)[at]
    return str(found.reason), found.words


def asked(day: date, hour: int, minute: int = 0) -> tuple[str, str]:
    """The reason code and the words of any one start, offered or not."""
    found = explain_start(
        get_event_type("consultation"), start=datetime(day.year, day.month, day.day, hour, minute, tzinfo=LISBON),
        time_zone="Europe/Lisbon", now=now(),
    )  # fmt: skip
    return str(found.reason), found.words


def test_a_time_that_no_hours_give_is_explained_too(world: World) -> None:
    sunday = DAY + timedelta(days=6 - DAY.weekday())
    with world.enter("acme"):
        hours = f"Ana Martins’s hours on {WORDS} are 09:00–17:00: they do not hold the whole meeting."
        assert asked(DAY, 18) == asked(DAY, 8) == asked(DAY, 16, 45) == ("outside_hours", hours)
        assert asked(sunday, 10) == (
            "outside_hours",
            f"Ana Martins has no hours on {sunday:%a} {sunday.day} {sunday:%b} {sunday.year}.",
        )
        assert asked(DAY, 10, 5) == (
            "outside_hours",
            "No start falls on this time: they are 30 minutes apart in the hours of the day.",
        )
        assert asked(DAY, 10) == ("None", "Open.")
        busy("Private", workday(13, 30), 90)
        assert asked(DAY, 14) == asked(DAY, 14, 10) == said()


def test_a_busy_calendar_is_named_with_its_time(world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
        assert said() == ("calendar_busy", "Ana Martins’s calendar “Private” is busy 13:30–15:00.")
        assert said(at="10:00") == ("None", "Open.")
        others = told(open_hosts=frozenset({999}))["14:00"].words
        assert others == "Ana Martins is not free then."


def test_while_the_business_is_paused_or_suspended_nothing_is_said_to_be_open(world: World) -> None:
    Tenant.objects.filter(slug="acme").update(paused_at=now())
    with world.enter("acme"):
        assert said(at="10:00") == ("tenant_paused", "Bookings are paused in the settings.")
    Tenant.objects.filter(slug="acme").update(suspended_at=now())
    with world.enter("acme"):
        assert said(at="10:00") == ("tenant_suspended", "The platform has suspended this business.")


def test_a_calendar_that_cannot_be_read_is_said_so(world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90, failed=True)
        assert said() == (
            "calendar_stale",
            "A calendar of Ana Martins cannot be read right now, so nobody knows what is free.",
        )


def test_own_bookings_and_buffers_say_when(world: World) -> None:
    with world.enter("acme"):
        booked("site-visit", workday(11))  # 90 minutes, 30 before and after
        assert said(at="10:30") == ("host_busy", "Ana Martins is booked 10:30–13:00, with buffers.")
        assert said("site-visit", "13:00") == (
            "buffer",
            "The buffer would overlap what Ana Martins has booked, 10:30–13:00.",
        )


def test_absences_say_until_when(world: World) -> None:
    with world.enter("acme"):
        ana, last = get_host("ana"), DAY + timedelta(days=2)
        add_absence(ana, DAY - timedelta(days=1), last, part=None, redirect=None, now=now(), actor=OWNER)
        until = f"{last:%a} {last.day} {last:%b} {last.year}"
        assert said() == ("out_of_office", f"Ana Martins is out of office until {until}.")


def test_a_part_of_a_day_away_says_so(world: World) -> None:
    with world.enter("acme"):
        ana = get_host("ana")
        add_absence(ana, DAY, DAY, part=Span(840, 900), redirect=None, now=now(), actor=OWNER)
        assert said() == ("out_of_office", f"Ana Martins is out of office for a part of {WORDS}.")


def test_a_holiday_is_called_by_its_name(world: World) -> None:
    with world.enter("acme"):
        day = christmas()
        EventType.objects.update(window_first_date=day, window_last_date=day)
        set_business_holidays(Place("PT"), actor=OWNER)
        words = f"{day:%a} 25 Dec {day.year} is Christmas Day, a public holiday (Portugal)."
        assert said(day=day) == ("date_override", words)


def test_limits_are_told_with_their_number_and_whose_they_are(world: World) -> None:
    with world.enter("acme"):
        booked("site-visit", workday(9))
        EventType.objects.filter(slug="site-visit").update(limits=[["day", "meetings", 1]])
        assert said("site-visit", "14:00") == (
            "limit_reached",
            "The limit of 1 meeting a day of this meeting type is reached.",
        )
        set_host_limits(get_host("ana"), [Limit("week", "minutes", 120)], actor=OWNER)
        assert said(at="15:00") == (
            "limit_reached",
            "The limit of 120 minutes a week of Ana Martins is reached.",
        )


def test_notice_and_window_say_from_when_to_when(world: World) -> None:
    with world.enter("acme"):
        EventType.objects.filter(slug="consultation").update(minimum_notice_minutes=60 * 24 * 9)
        reason, words = said()
        assert (reason, words[:38]) == ("notice_too_short", "The minimum notice allows starts from ")
        EventType.objects.filter(slug="consultation").update(
            minimum_notice_minutes=0,
            window_first_date=DAY + timedelta(days=1),
            window_last_date=DAY + timedelta(days=1),
        )
        day = DAY + timedelta(days=1)
        there = f"{day:%a} {day.day} {day:%b} {day.year}"
        assert said() == ("outside_window", f"Bookings are taken from {there} to {there} only.")
        EventType.objects.filter(slug="consultation").update(
            window_first_date=None, window_last_date=None, window_days=0
        )
        today = now().astimezone(LISBON).date()
        until = f"{today:%a} {today.day} {today:%b} {today.year}"
        assert said() == ("outside_window", f"Bookings are taken 0 days ahead, until {until}.")


def test_the_reason_told_is_the_reason_of_the_refusal(world: World) -> None:
    with world.enter("acme"):
        busy("Private", workday(13, 30), 90)
        booked("site-visit", workday(10))
        add_absence(get_host("ana"), DAY, DAY, part=Span(960, 1020), redirect=None, now=now(), actor=OWNER)
        withheld = [each for each in told().values() if each.reason is not None]
        assert {str(each.reason) for each in withheld} == {"calendar_busy", "host_busy", "out_of_office"}
        page = slots(
            get_event_type("consultation"),
            first=DAY,
            last=DAY,
            time_zone="Europe/Lisbon",
            now=now(),
            explain=True,
        )
        assert [(each.start, each.reason) for each in page.withheld] == [
            (each.start, each.reason) for each in withheld
        ]
        for each in withheld:
            with pytest.raises(SlotRefused) as refused:
                booked("consultation", each.start.astimezone(UTC))
            assert refused.value.reason == each.reason


BOTH = "Blue is booked 10:00–10:30, with buffers; Green is booked 10:00–10:30, with buffers."


@pytest.fixture
def rooms(world: World) -> Iterator[tuple[Resource, Resource]]:
    """Northwind, where a half hour with anybody is in person; two rooms, and half an hour around each meeting."""
    with world.enter("northwind"):
        EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
        blue, green = (make_resource(name, kind="room", actor=OWNER) for name in ("Blue", "Green"))
        yield blue, green


def need(how: str, *resources: Resource) -> None:
    for resource in resources:
        EventTypeResource.objects.create(
            event_type=EventType.objects.get(slug="meet"), resource=resource, need=how
        )


def test_a_room_that_is_booked_is_named_with_its_time(rooms: tuple[Resource, Resource]) -> None:
    need("all", *rooms)
    booked("meet", workday(10))
    assert said("meet", "10:00") == (
        "host_busy",
        BOTH,
    )
    assert told("meet")["10:00"].host is None
    assert said("meet", "11:00") == ("None", "Open.")


def test_a_room_that_a_buffer_would_meet_is_named(rooms: tuple[Resource, Resource]) -> None:
    need("all", rooms[0])
    booked("meet", workday(10))
    EventType.objects.filter(slug="meet").update(buffer_before_minutes=20)
    assert said("meet", "10:00") == ("host_busy", "Blue is booked 10:00–10:30, with buffers.")
    assert said("meet", "10:30") == (
        "buffer",
        "Blue is booked 10:00–10:30, which the buffer would overlap.",
    )


def test_of_several_rooms_each_is_named(rooms: tuple[Resource, Resource]) -> None:
    need("any", *rooms)
    booked("meet", workday(10))
    assert said("meet", "10:00") == ("None", "Open.")
    booked("meet", workday(10))
    assert said("meet", "10:00") == (
        "host_busy",
        BOTH,
    )
    edit_resource(rooms[1].pk, name="Green", active=False, actor=OWNER)
    assert said("meet", "10:00") == (
        "host_busy",
        "Blue is booked 10:00–10:30, with buffers; Green is out of use.",
    )


def test_a_room_out_of_use_says_so(rooms: tuple[Resource, Resource]) -> None:
    need("all", rooms[0])
    edit_resource(rooms[0].pk, name="Blue", active=False, actor=OWNER)
    assert said("meet", "10:00") == ("host_busy", "Blue is out of use.")
