"""Slots as pages and the API ask for them: what is on offer, in whose dates, at what cost in statements."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.api import InvalidRange, alternatives, get_event_type, get_host, slots
from booking.models import DateOverride, EventType, EventTypeHost, Schedule
from kernel.reasons import Reason
from kernel.stamps import one_look
from tenants.api import current_tenant
from tests.booking.scene import LISBON, booked, first_slots, now, workday
from tests.database import World

START = workday(11)
DAY = START.astimezone(LISBON).date()


def _starts(event_type: EventType) -> list[str]:
    return [slot.start.astimezone(LISBON).strftime("%H:%M") for slot in first_slots(event_type, START)]


def test_a_booked_time_and_its_buffers_leave_the_page(world: World) -> None:
    with world.enter("acme"):
        visit = get_event_type("site-visit")  # 90 minutes, 30 before and after, every 30 minutes
        before = _starts(visit)
        booked("site-visit", START)
        gone = [start for start in before if start not in _starts(visit)]
    assert gone == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00"]


def test_each_withheld_start_has_its_reason(world: World) -> None:
    with world.enter("acme"):
        booked("site-visit", START)
        page = slots(
            get_event_type("consultation"),
            first=DAY,
            last=DAY,
            time_zone="Europe/Lisbon",
            now=now(),
            explain=True,
        )
        why = {each.start.astimezone(LISBON).strftime("%H:%M"): each.reason for each in page.withheld}
    blocked = ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30")  # the visit with its own buffers
    assert why == dict.fromkeys(blocked, Reason.HOST_BUSY)


def test_a_closed_date_override_closes_the_day(world: World) -> None:
    with world.enter("acme"):
        DateOverride.objects.create(schedule=Schedule.objects.get(), date=DAY)
        assert first_slots(get_event_type("intro-call"), START) == ()


def test_days_are_those_of_the_zone_that_is_shown(world: World) -> None:
    with world.enter("acme"):
        page = slots(
            get_event_type("intro-call"), first=DAY, last=DAY, time_zone="Pacific/Auckland", now=now()
        )
        shown = {slot.start for day in page.days.values() for slot in day}
    assert list(page.days) in ([DAY], [])
    assert all(DAY - timedelta(days=1) <= start.astimezone(LISBON).date() <= DAY for start in shown)


@pytest.mark.parametrize(
    ("first", "last", "zone"),
    [
        (DAY, DAY - timedelta(days=1), "Europe/Lisbon"),
        (DAY, DAY + timedelta(days=62), "Europe/Lisbon"),
        (DAY, DAY, "Europe/Nowhere"),
        (DAY, DAY, "../etc/passwd"),
        (date.max, date.max, "Europe/Lisbon"),
        (date.min, date.min, "Pacific/Auckland"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    lasting_world: World, first: date, last: date, zone: str
) -> None:
    with lasting_world.enter("acme"), pytest.raises(InvalidRange) as refused:
        slots(get_event_type("intro-call"), first=first, last=last, time_zone=zone, now=now())
    assert refused.value.code == "invalid_request"


def test_the_statements_are_the_same_for_one_host_and_six_a_day_and_two_months(lasting_world: World) -> None:
    def count(event_type: EventType, days: int, **more: Any) -> int:
        last = DAY + timedelta(days=days)
        with one_look(), CaptureQueriesContext(connection) as statements:
            slots(event_type, first=DAY, last=last, time_zone="Europe/Lisbon", now=now(), **more)
        return len(statements)

    with lasting_world.enter("northwind"):
        connection.set_tenant(current_tenant())  # type: ignore[attr-defined]  # as a request brings it
        meet, bruno = get_event_type("meet"), get_host("bruno")
        assert EventTypeHost.objects.filter(event_type=meet).count() == 6
        count(meet, 1)  # reads the catalog, and who has calendars
        assert {
            count(meet, 0),
            count(meet, 61),
            count(meet, 0, host=bruno),
            count(meet, 61, explain=True),
        } == {2}  # stamps, what blocks time


def test_what_lies_beyond_the_window_by_more_than_a_week_has_no_alternatives_and_asks_nothing(
    lasting_world: World,
) -> None:
    with lasting_world.enter("acme"):
        call = get_event_type("intro-call")
        alternatives(call, start=START, now=now())  # reads the catalog
        for start in (START + timedelta(days=3650), datetime(9999, 12, 31, 23, tzinfo=UTC)):
            with one_look(), CaptureQueriesContext(connection) as statements:
                assert alternatives(call, start=start, now=now()) == ()
            assert [each["sql"] for each in statements if "booking_occupancy" in each["sql"]] == []
        assert len(alternatives(call, start=datetime(1, 1, 1, tzinfo=UTC), now=now())) == 3
