"""Limits by day, week, month and year: the page withholds, and the database refuses on every way to a time."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from booking import holding
from booking.api import Attendee, SlotRefused, book, cancel, get_event_type, get_host, move, reassign, slots
from booking.core.limits import Limit
from booking.core.slots import OpenStart
from booking.errors import HoldExpired
from booking.hosting import set_host_limits
from booking.limits import limits_in_force, limits_to_keep
from booking.models import Booking, EventType, Host, Meeting
from booking.places import limits_at
from kernel.errors import Busy
from kernel.reasons import Reason
from tests.booking.scene import BEN, CLIENT, LISBON, OWNER, TODAY, booked, now, workday
from tests.database import World

DAY = workday(9).astimezone(LISBON).date()


def limit(slug: str, *limits: Limit) -> None:
    """Limit an event type in the current tenant."""
    EventType.objects.filter(slug=slug).update(limits=[list(each) for each in limits])


def withheld(slug: str, day: date = DAY) -> Counter[str]:
    """How many starts of that day are withheld, by reason, and how many are "open"."""
    page = slots(
        get_event_type(slug), first=day, last=day, time_zone="Europe/Lisbon", now=now(), explain=True
    )
    counted = Counter(str(each.reason) for each in page.withheld)
    counted["open"] = sum(len(found) for found in page.days.values())
    return counted


def test_a_full_day_is_withheld_whole_and_the_next_day_is_not(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        booked("site-visit", workday(9))
        assert withheld("site-visit") == {"limit_reached": 14, "open": 0}
        assert withheld("site-visit", workday(9, days=(DAY - TODAY).days + 1).date())["open"] > 0
        with pytest.raises(SlotRefused) as refused:
            booked("site-visit", workday(14))
        assert refused.value.reason == Reason.LIMIT_REACHED
        assert refused.value.alternatives, "the nearest open slots lie on other days"
        assert {each.start.astimezone(LISBON).date() for each in refused.value.alternatives} - {DAY}


def test_minutes_count_the_meetings_without_their_buffers(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "minutes", 180))  # 90 minutes each
        booked("site-visit", workday(9))
        assert withheld("site-visit")["open"] > 0
        booked("site-visit", workday(14))
        assert withheld("site-visit")["open"] == 0


def test_a_hosts_limit_counts_every_meeting_type(world: World) -> None:
    with world.enter("acme"):
        set_host_limits(get_host("ana"), [Limit("week", "meetings", 2)], actor=OWNER)
        booked("site-visit", workday(9))
        booked("consultation", workday(15))
        assert withheld("consultation")["limit_reached"] == 15
        with pytest.raises(SlotRefused) as refused:
            booked("intro-call", workday(13))
        assert refused.value.reason == Reason.LIMIT_REACHED


def test_a_cancelled_meeting_gives_its_place_back_and_one_that_was_held_keeps_it(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        first = booked("site-visit", workday(9))
        cancel(first, reason="", now=now(), actor=OWNER)
        second = booked("site-visit", workday(9))
    with world.superuser("acme") as database:  # over, as the clock will have it
        database.execute("SET session_replication_role = replica")
        database.execute("UPDATE booking_booking SET status = 'completed' WHERE id = %s", [second.pk])
    with world.enter("acme"):
        assert withheld("site-visit")["open"] == 0


def test_a_hold_that_ran_out_does_not_count(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        made = on_hold("site-visit", workday(9))
        assert withheld("site-visit")["open"] == 0
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")
        database.execute("UPDATE booking_booking SET expires_at = now() WHERE id = %s", [made.pk])
    with world.enter("acme"):
        assert withheld("site-visit")["open"] > 0
        assert booked("site-visit", workday(14)).status != "expired"


def test_a_hold_that_is_renewed_as_its_deadline_passes_keeps_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        made = on_hold("site-visit", workday(9))
        clear_way(monkeypatch, "site-visit")
    with world.superuser("acme") as slow:
        slow.execute("SET session_replication_role = replica")
        slow.execute("UPDATE booking_booking SET expires_at = now() WHERE id = %s", [made.pk])
        with slow.transaction():  # it was in time, and is not done
            renewed = "status = 'pending', expires_at = now() + interval '1 day', attendee_name = 'Ben'"
            slow.execute(
                f"UPDATE booking_booking SET {renewed}, attendee_email = 'ben@example.com' WHERE id = %s",
                [made.pk],
            )
            with world.enter("acme"), pytest.raises(Busy):
                booked("site-visit", workday(14))
        with world.enter("acme"), pytest.raises(SlotRefused) as refused:
            booked("site-visit", workday(14))
    assert refused.value.reason == Reason.LIMIT_REACHED


def test_a_hold_that_somebody_counted_as_over_cannot_be_submitted_any_more(world: World) -> None:
    with world.enter("acme"):
        made = on_hold("site-visit", workday(9))
    with world.superuser("acme") as counting, ThreadPoolExecutor(1) as threads:
        counting.execute("SET session_replication_role = replica")
        soon = "UPDATE booking_booking SET expires_at = clock_timestamp() + interval '1 second' WHERE id = %s"
        counting.execute(soon, [made.pk])
        with counting.transaction():
            counting.execute("SELECT 1 FROM booking_booking WHERE id = %s FOR SHARE", [made.pk])
            late = threads.submit(submitted, world, made)  # begins in time, and waits
            counting.execute("SELECT pg_sleep(1.1)")
        with pytest.raises(HoldExpired):
            late.result(30)


def on_hold(slug: str, start: datetime) -> Booking:
    """Hold a start as a client's page does."""
    return holding.hold(
        get_event_type(slug), start=start, time_zone="Europe/Lisbon", now=now(), actor=CLIENT, visitor="v"
    )


def submitted(world: World, made: Booking) -> Booking:
    """Submit a hold at acme from this thread's own connection."""
    try:
        with world.enter("acme"):
            return holding.submit(made, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT)
    finally:
        connection.close()


def clear_way(monkeypatch: pytest.MonkeyPatch, slug: str) -> None:
    """Let every page have been loaded before anybody booked: only the database can refuse."""
    with_hosts = OpenStart(0, tuple(EventType.objects.get(slug=slug).hosts.values_list("pk", flat=True)))
    monkeypatch.setattr(holding, "shared_check", lambda *_, **__: with_hosts)


def at_once(world: World, tenant: str, slug: str, starts: list[datetime]) -> Counter[str]:
    """Book all starts at the same moment, each from a connection of its own; return what came of them."""
    gate = threading.Barrier(len(starts))

    def one(start: datetime) -> str:
        try:
            with world.enter(tenant):
                gate.wait(30)
                booked(slug, start)
        except SlotRefused as refused:
            return str(refused.reason)
        finally:
            connection.close()
        return "booked"

    with ThreadPoolExecutor(len(starts)) as threads:
        return Counter(threads.map(one, starts))


def test_twenty_clients_on_twenty_free_slots_of_a_day_with_a_limit_of_three_are_three(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = [workday(8) + timedelta(minutes=30 * n) for n in range(20)]
    with world.enter("acme"):
        limit("intro-call", Limit("day", "meetings", 3))
        clear_way(monkeypatch, "intro-call")
    assert at_once(world, "acme", "intro-call", starts) == {"booked": 3, "limit_reached": 17}
    with world.enter("acme"):
        assert Meeting.objects.filter(released_at=None).count() == 3


def test_minutes_are_kept_under_contention_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = [workday(8) + timedelta(minutes=30 * n) for n in range(20)]
    with world.enter("acme"):
        set_host_limits(get_host("ana"), [Limit("month", "minutes", 100)], actor=OWNER)
        clear_way(monkeypatch, "intro-call")
    assert at_once(world, "acme", "intro-call", starts) == {"booked": 3, "limit_reached": 17}


def test_a_round_robin_passes_a_full_host_by_and_takes_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six hosts, one meeting a day each: of twenty clients at ten starts exactly six are served."""
    starts = [workday(9) + timedelta(minutes=30 * (n % 10)) for n in range(20)]
    with world.enter("northwind"):
        for host in Host.objects.all():
            set_host_limits(host, [Limit("day", "meetings", 1)], actor=OWNER)
        clear_way(monkeypatch, "meet")
    came = at_once(world, "northwind", "meet", starts)
    assert came["booked"] == 6
    assert came.total() == 20
    assert set(came) <= {"booked", "limit_reached", "slot_taken"}


def test_two_limits_locked_in_opposite_order_never_deadlock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.enter("acme"):
        limit(
            "intro-call",
            Limit("day", "meetings", 4),
            Limit("week", "minutes", 120),
            Limit("year", "meetings", 4),
        )
        set_host_limits(
            get_host("ana"), [Limit("month", "meetings", 4), Limit("day", "minutes", 120)], actor=OWNER
        )
        clear_way(monkeypatch, "intro-call")
    starts = [workday(8) + timedelta(minutes=30 * n) for n in range(20)]
    assert at_once(world, "acme", "intro-call", starts)["booked"] == 4
    assert world.deadlocks() == 0


def test_a_move_into_a_full_day_is_refused_and_within_its_own_day_it_is_not(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        there = booked("site-visit", workday(9))
        other = booked("site-visit", workday(9, days=(DAY - TODAY).days + 1))
        with pytest.raises(SlotRefused) as refused:
            move(other, start=workday(14), now=now(), actor=OWNER)
        assert refused.value.reason == Reason.LIMIT_REACHED
        assert move(there, start=workday(14), now=now(), actor=OWNER).status in ("held", "confirmed")


def test_the_database_refuses_a_move_that_the_page_had_offered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("day", "meetings", 1))
        booked("site-visit", workday(9))
        other = booked("site-visit", workday(9, days=(DAY - TODAY).days + 1))
        monkeypatch.setattr("booking.moving.check", lambda *_, **__: OpenStart(0, (get_host("ana").pk,)))
        with pytest.raises(SlotRefused) as refused:
            move(other, start=workday(14), now=now(), actor=OWNER)
        assert refused.value.reason == Reason.LIMIT_REACHED
        other.refresh_from_db()
        assert other.status == "confirmed"


def test_who_takes_no_more_is_not_given_a_meeting(world: World) -> None:
    with world.enter("northwind"):
        bruno, chloe = get_host("bruno"), get_host("chloe")
        set_host_limits(chloe, [Limit("day", "meetings", 1)], actor=OWNER)
        meet = get_event_type("meet")
        EventType.objects.filter(pk=meet.pk).update(location_kind="in_person")
        made = [
            book(
                get_event_type("meet"), start=workday(9 + n), time_zone="Europe/Lisbon", attendee=BEN, guests=[],
                answers={}, now=now(), actor=CLIENT, visitor="v", host=host,
            ).booking
            for n, host in enumerate((bruno, chloe))
        ]  # fmt: skip
        with pytest.raises(SlotRefused) as refused:
            reassign(made[0], host=chloe, now=now(), actor=OWNER)
        assert refused.value.reason == Reason.LIMIT_REACHED
        assert refused.value.message == (
            f"{chloe.name} takes no more meetings in that period. Choose another host. The meeting stays as it is."
        )


def test_a_seat_in_a_session_that_stands_is_no_new_meeting(world: World) -> None:
    with world.enter("northwind"):
        limit("workshop", Limit("day", "meetings", 1))
        booked("workshop", workday(10))
        joined = booked("workshop", workday(10), attendee=Attendee("Cleo", "cleo@example.com"))
        assert joined.meeting.seats_taken == 2
        with pytest.raises(SlotRefused) as refused:
            booked("workshop", workday(14))
        assert refused.value.reason == Reason.LIMIT_REACHED


def test_the_session_that_a_seat_leaves_counts_on_the_page_as_it_does_in_the_guard(world: World) -> None:
    with world.enter("northwind"):
        limit("workshop", Limit("day", "meetings", 1))
        EventType.objects.filter(slug="workshop").update(location_kind="in_person")
        seat = booked("workshop", workday(10))
        page = slots(
            get_event_type("workshop"), first=DAY, last=DAY, time_zone="Europe/Lisbon", now=now(),
            leaving=seat.meeting_id,
        )  # fmt: skip
        assert [slot.start for slot in page.days.get(DAY, ())] == [workday(10)]
        with pytest.raises(SlotRefused) as refused:
            move(seat, start=workday(14), now=now(), actor=CLIENT)
        assert refused.value.reason == Reason.LIMIT_REACHED


def test_periods_are_those_of_the_business_and_a_series_adds_up(world: World) -> None:
    with world.enter("acme"):
        limit("site-visit", Limit("week", "minutes", 600))
        host_limit = limits_at(get_event_type("site-visit"), datetime(2026, 3, 29, 12, tzinfo=UTC), [])
        assert host_limit == [
            {
                "event_type": get_event_type("site-visit").pk, "host": None, "starts": "2026-03-23T00:00:00+00:00",
                "ends": "2026-03-29T23:00:00+00:00", "unit": "minutes", "most": 600, "adds": 90,
            }
        ]  # fmt: skip
        dates = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (23, 24, 30)]
        rows = limits_to_keep(
            limits_in_force(get_event_type("site-visit"), []), starts=dates, minutes=90, zone="Europe/Lisbon"
        )
        assert [row["adds"] for row in rows] == [180, 90]
