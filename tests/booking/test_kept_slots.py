"""What is open is kept in memory, and never a moment too long: not past a commit, a deadline or a notice."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from booking.api import SlotPage, cancel, get_event_type, get_host, hold, slots
from booking.models import EventType
from kernel.stamps import one_look
from kernel.tenancy import current_schema
from tenants.models import Tenant
from tests.booking.scene import CLIENT, LISBON, booked, now, workday
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()
STARTS = [workday(9 + number // 2, 30 * (number % 2)) for number in range(16)]
READERS, WRITERS = 2, 4


def _page(at: datetime | None = None) -> SlotPage:
    return slots(
        get_event_type("intro-call"), first=DAY, last=DAY, time_zone="Europe/Lisbon", now=at or now()
    )


def _starts(page: SlotPage) -> set[datetime]:
    return {slot.start for day in page.days.values() for slot in day}


def _brought(**changes: str) -> None:
    """Bring the tenant as a request does, as it was read at some time."""
    tenant = Tenant.objects.get(schema_name=current_schema())
    for name, value in changes.items():
        setattr(tenant, name, value)
    connection.set_tenant(tenant)  # type: ignore[attr-defined]  # django-tenants' backend


def test_what_was_asked_before_costs_only_the_look_at_the_stamps(world: World) -> None:
    with world.enter("acme"):
        _brought()
        _page()
        with one_look(), CaptureQueriesContext(connection) as asked:
            assert _page() is _page()
    assert [each["sql"].split()[0] for each in asked] == ["SELECT"]


def test_a_page_that_was_worked_out_in_the_zone_before_is_not_the_new_zones(world: World) -> None:
    """The request brought its tenant a moment before the zone changed, and asked for the stamps a moment after."""
    with world.enter("acme"):
        EventType.objects.update(window_first_date=DAY, window_last_date=DAY)
        _brought(time_zone="Pacific/Kiritimati")  # where the day ends while it is morning in Lisbon
        before = _starts(_page())
        _brought(time_zone="Europe/Lisbon")
        after = _starts(_page())
        assert (before < after, after) == (True, set(STARTS))


def test_no_reader_ever_sees_a_slot_that_was_taken_before_it_asked(world: World) -> None:
    """Writers book and cancel; each looks right after its own commit, while readers keep the page warm."""
    wrong: list[str] = []
    done = threading.Event()
    with world.enter("acme"):
        EventType.objects.update(
            location_kind="in_person"
        )  # confirmed at once, so it can be cancelled at once

    def write(mine: list[datetime]) -> None:
        with world.enter("acme"):
            for start in mine:
                booking = booked("intro-call", start)
                if start in _starts(_page()):
                    wrong.append(f"{start:%H:%M} is booked and shown")
                cancel(booking, reason="", actor=CLIENT, now=now())
                if start not in _starts(_page()):
                    wrong.append(f"{start:%H:%M} is free and not shown")
                booked("intro-call", start)
                if start in _starts(_page()):
                    wrong.append(f"{start:%H:%M} is booked again and shown")
        connections.close_all()

    def read() -> None:
        with world.enter("acme"):
            while not done.is_set():
                with one_look():
                    _page()
        connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    writers = [threading.Thread(target=write, args=(STARTS[number::WRITERS],)) for number in range(WRITERS)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join(120)
    done.set()
    for thread in readers:
        thread.join(20)
    assert wrong == []
    with world.enter("acme"):
        assert _starts(_page()) == set()


def test_a_start_leaves_when_it_comes_too_near_although_nobody_wrote_anything(world: World) -> None:
    with world.enter("acme"):
        event_type = get_event_type("intro-call")
        early = STARTS[0] - timedelta(hours=2)
        too_late = STARTS[0] - timedelta(minutes=event_type.minimum_notice_minutes) + timedelta(seconds=1)
        assert STARTS[0] in _starts(_page(early))
        assert STARTS[0] not in _starts(_page(too_late))
        assert STARTS[0] in _starts(_page(early))  # whoever asks about an earlier moment is told of that one


def test_a_hold_that_expires_gives_its_slot_back_although_nobody_wrote_anything(
    world: World, settings: Settings
) -> None:
    with world.enter("acme"):
        for seconds in (
            2,
            10,
            60,
        ):  # the longer ones for a machine on which looking takes longer than the hold
            settings.HOLDFAST_HOLD_SECONDS = seconds
            held = hold(
                get_event_type("intro-call"), start=STARTS[3], time_zone="Europe/Lisbon", now=now(), actor=CLIENT,
                visitor="visitor",
            )  # fmt: skip
            shown = _starts(_page())
            assert held.expires_at is not None
            if now() < held.expires_at:
                break
        assert STARTS[3] not in shown
        time.sleep(max(0.0, (held.expires_at - now()).total_seconds()) + 0.05)
        assert STARTS[3] in _starts(_page())


def test_what_a_preview_thinks_of_is_never_kept(world: World) -> None:
    with world.enter("acme"):
        event_type = get_event_type("intro-call")
        longer = type(event_type).objects.get(pk=event_type.pk)
        longer.duration_minutes = 480
        page = slots(longer, first=DAY, last=DAY, time_zone="Europe/Lisbon", now=now())
        assert _starts(page) == {STARTS[0]}
        assert _starts(_page()) == set(STARTS)


def test_a_type_that_is_only_thought_of_is_kept_under_its_own_numbers(world: World) -> None:
    """A form that is being filled in: its address is typed already, and the numbers change with each look."""

    def page(**numbers: Any) -> SlotPage:
        usual = {"duration_minutes": 30, "slot_interval_minutes": 30, "minimum_notice_minutes": 0}
        thought_of = EventType(slug="typed", **(usual | numbers))
        return slots(
            thought_of, first=DAY, last=DAY, time_zone="Europe/Lisbon", now=now(), hosts=[get_host("ana")]
        )

    with world.enter("acme"):
        kept = page()
        assert page() is kept
        assert {slot.end - slot.start for slot in kept.days[DAY]} == {timedelta(minutes=30)}
        longer = page(duration_minutes=240)
        assert {slot.end - slot.start for slot in longer.days[DAY]} == {timedelta(hours=4)}
        assert _starts(longer) < _starts(kept)
        for other in (
            {"slot_interval_minutes": 60},
            {"slot_offset_minutes": 15},
            {"buffer_before_minutes": 15},
            {"kind": "group", "capacity": 4},
            {"kind": "group", "capacity": 5},
            {"limits": [["day", "meetings", 1]]},
            {"window_first_date": DAY, "window_last_date": DAY},
        ):
            assert page(**other) is not kept, other
        assert {slot.seats_left for slot in page(kind="group", capacity=4).days[DAY]} == {4}
        assert {slot.seats_left for slot in page(kind="group", capacity=5).days[DAY]} == {5}
