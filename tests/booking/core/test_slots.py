"""Slots by example: every reason, buffers to the second, round robin, collective, group sessions."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from booking.core.hours import HostHours, Span, date_range, week
from booking.core.policy import EventRules
from booking.core.slots import (
    Busy,
    OpenStart,
    Session,
    SlotRequest,
    Withheld,
    check_start,
    nearest,
    open_slots,
)
from kernel.reasons import Reason

OFFICE = week((weekday, 540, 720) for weekday in range(5))  # 09:00 to 12:00
RULES = EventRules(duration_seconds=1800, interval_seconds=1800, window_days=30)
MONDAY = date_range(date(2026, 1, 5), date(2026, 1, 5), zone="UTC")


def at(clock: str, day: int = 5) -> int:
    """Seconds of a time of day in January 2026, UTC."""
    return int(datetime.fromisoformat(f"2026-01-{day:02} {clock}").replace(tzinfo=UTC).timestamp())


ANA = HostHours(1, "UTC", OFFICE)
BEN = HostHours(2, "UTC", week((weekday, 600, 780) for weekday in range(5)))  # 10:00 to 13:00
ONE = SlotRequest(RULES, "UTC", (ANA,))
NOW = at("08:00")


def clocks(request: SlotRequest, now: int = NOW) -> list[str]:
    return [
        f"{datetime.fromtimestamp(s.start, UTC):%H:%M}"
        for s in open_slots(request, between=MONDAY, now=now).open
    ]


def reason(request: SlotRequest, clock: str, *, day: int = 5, now: int = NOW) -> Reason | None:
    answer = check_start(request, start=at(clock, day), now=now)
    return answer.reason if isinstance(answer, Withheld) else None


def test_an_empty_morning_is_all_open() -> None:
    assert clocks(ONE) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def test_every_reason_of_the_core_is_reached() -> None:
    hours = replace(ANA, overrides={date(2026, 1, 6): (), date(2026, 1, 7): (Span(540, 600),)})
    rules = replace(RULES, buffer_before_seconds=300, minimum_notice_seconds=3600, window_days=7)
    busy = Busy(own=((at("10:00"), at("10:30")),), calendar=((at("11:30"), at("11:40")),))
    request = SlotRequest(rules, "UTC", (hours,), busy={1: busy})
    group = replace(request, capacity=5, sessions={at("10:00"): Session((1,), 0)})
    stale = replace(request, busy={1: replace(busy, stale=True)})
    assert reason(request, "09:00", now=at("08:00")) is None
    assert reason(request, "09:00", now=at("08:00") + 1) == Reason.NOTICE_TOO_SHORT
    assert reason(request, "09:00", day=12) is None
    assert reason(request, "09:00", day=13) == Reason.OUTSIDE_WINDOW
    assert reason(request, "12:00") == Reason.OUTSIDE_HOURS
    assert reason(request, "11:30") == Reason.CALENDAR_BUSY
    assert reason(request, "09:01") == Reason.OUTSIDE_HOURS  # not on the grid
    assert reason(request, "11:45") == Reason.OUTSIDE_HOURS  # would end after hours
    assert reason(request, "09:00", day=6) == Reason.DATE_OVERRIDE
    assert reason(request, "13:00", day=6) == Reason.OUTSIDE_HOURS  # the override changed nothing about it
    assert reason(request, "09:30", day=7) is None
    assert reason(request, "10:00", day=7) == Reason.DATE_OVERRIDE
    assert reason(request, "10:00") == Reason.HOST_BUSY
    assert reason(request, "10:30") == Reason.BUFFER
    assert reason(stale, "09:00") == Reason.CALENDAR_STALE
    assert reason(stale, "10:00") == Reason.HOST_BUSY
    assert reason(group, "10:00") == Reason.SEATS_FULL


def test_the_explained_list_names_each_grid_start_once() -> None:
    hours = replace(
        ANA, overrides={date(2026, 1, 6): (Span(555, 615),)}
    )  # 09:15 to 10:15 in place of 09:00 to 12:00
    request = replace(ONE, hosts=(hours,), busy={1: Busy(own=((at("09:30", 6), at("09:40", 6)),))})
    answer = open_slots(
        request, between=date_range(date(2026, 1, 6), date(2026, 1, 6), zone="UTC"), now=NOW, explain=True
    )
    assert answer.open == (OpenStart(at("09:45", 6), (1,)),)
    assert answer.withheld == (
        Withheld(at("09:00", 6), Reason.DATE_OVERRIDE, 1),
        Withheld(at("09:15", 6), Reason.HOST_BUSY, 1),
        Withheld(at("10:00", 6), Reason.DATE_OVERRIDE, 1),
        Withheld(at("10:30", 6), Reason.DATE_OVERRIDE, 1),
        Withheld(at("11:00", 6), Reason.DATE_OVERRIDE, 1),
        Withheld(at("11:30", 6), Reason.DATE_OVERRIDE, 1),
    )


def test_buffers_are_half_open_to_the_second() -> None:
    rules = replace(RULES, buffer_before_seconds=600, buffer_after_seconds=300)
    for own, expected in [
        ((at("09:35"), at("09:50")), None),  # our buffer ends where it begins, and begins where it ends
        ((at("09:35") - 1, at("09:50")), ("09:00", Reason.BUFFER)),
        ((at("09:35"), at("09:50") + 1), ("10:00", Reason.BUFFER)),
        ((at("09:30") - 1, at("09:30")), ("09:00", Reason.HOST_BUSY)),
    ]:
        request = SlotRequest(rules, "UTC", (ANA,), busy={1: Busy(own=(own,))})
        found = {c: r for c in ("09:00", "10:00") if (r := reason(request, c))}
        assert found == (dict([expected]) if expected else {})


def test_buffers_may_lie_outside_the_hours_but_the_meeting_may_not() -> None:
    rules = replace(RULES, buffer_before_seconds=3600, buffer_after_seconds=3600)
    assert clocks(SlotRequest(rules, "UTC", (ANA,))) == clocks(ONE)


def test_calendar_time_is_kept_clear_of_buffers_too() -> None:
    rules = replace(RULES, buffer_after_seconds=300)
    request = SlotRequest(rules, "UTC", (ANA,), busy={1: Busy(calendar=((at("09:34"), at("09:36")),))})
    assert reason(request, "09:00") == Reason.CALENDAR_BUSY


def test_busy_of_no_length_and_busy_out_of_order_are_understood() -> None:
    own = (
        (at("11:00"), at("11:30")),
        (at("10:00"), at("10:00")),
        (at("09:00"), at("09:30")),
        (at("09:10"), at("09:20")),
    )
    assert clocks(replace(ONE, busy={1: Busy(own=own)})) == ["09:30", "10:00", "10:30", "11:30"]


def test_a_meeting_may_run_across_midnight_where_hours_continue() -> None:
    hours = HostHours(1, "UTC", week([(0, 1320, 1440), (1, 0, 60)]))
    request = SlotRequest(replace(RULES, duration_seconds=3600), "UTC", (hours,))
    assert clocks(request) == ["22:00", "22:30", "23:00", "23:30"]


def test_a_meeting_keeps_its_real_length_across_the_change_of_clocks() -> None:
    hours = HostHours(
        1, "Europe/Lisbon", week([(6, 0, 240)])
    )  # on 29 March midnight to 04:00 lasts three hours
    request = SlotRequest(replace(RULES, duration_seconds=7200, window_days=90), "Europe/Lisbon", (hours,))
    day = date_range(date(2026, 3, 29), date(2026, 3, 29), zone="Europe/Lisbon")
    starts = [item.start - day[0] for item in open_slots(request, between=day, now=NOW).open]
    assert starts == [0, 1800, 3600]


def test_round_robin_offers_each_start_with_everyone_who_is_free() -> None:
    request = SlotRequest(RULES, "UTC", (BEN, ANA), busy={1: Busy(own=((at("11:00"), at("11:30")),))})
    answer = open_slots(request, between=MONDAY, now=NOW).open
    assert {f"{datetime.fromtimestamp(s.start, UTC):%H:%M}": s.host_ids for s in answer} == {
        "09:00": (1,),
        "09:30": (1,),
        "10:00": (2, 1),
        "10:30": (2, 1),
        "11:00": (2,),
        "11:30": (2, 1),
        "12:00": (2,),
        "12:30": (2,),
    }


def test_collective_offers_only_what_everyone_can_take() -> None:
    request = SlotRequest(RULES, "UTC", (BEN, ANA), "all", busy={1: Busy(own=((at("11:00"), at("11:30")),))})
    assert clocks(request) == ["10:00", "10:30", "11:30"]
    assert check_start(request, start=at("10:00"), now=NOW) == OpenStart(at("10:00"), (2, 1))
    assert check_start(request, start=at("11:00"), now=NOW) == Withheld(at("11:00"), Reason.HOST_BUSY, 1)
    assert check_start(request, start=at("09:00"), now=NOW) == Withheld(at("09:00"), Reason.OUTSIDE_HOURS, 2)


def test_collective_with_one_stale_calendar_offers_nothing_and_round_robin_the_others() -> None:
    busy = {1: Busy(stale=True)}
    assert clocks(SlotRequest(RULES, "UTC", (ANA, BEN), "all", busy=busy)) == []
    assert clocks(SlotRequest(RULES, "UTC", (ANA, BEN), busy=busy)) == [
        "10:00",
        "10:30",
        "11:00",
        "11:30",
        "12:00",
        "12:30",
    ]


def test_the_reason_told_for_several_is_that_of_the_host_who_came_nearest() -> None:
    busy = {2: Busy(calendar=((at("09:00"), at("13:00")),)), 1: Busy(own=((at("09:00"), at("12:00")),))}
    any_of_them = SlotRequest(RULES, "UTC", (ANA, BEN), busy=busy)
    assert check_start(any_of_them, start=at("10:00"), now=NOW) == Withheld(
        at("10:00"), Reason.CALENDAR_BUSY, 2
    )
    assert check_start(any_of_them, start=at("09:00"), now=NOW) == Withheld(at("09:00"), Reason.HOST_BUSY, 1)
    all_of_them = replace(any_of_them, hosts_needed="all")
    assert check_start(all_of_them, start=at("10:00"), now=NOW) == Withheld(at("10:00"), Reason.HOST_BUSY, 1)


def test_no_hosts_offer_nothing_whoever_is_needed() -> None:
    nobody = SlotRequest(RULES, "UTC", ())
    assert clocks(nobody) == []
    assert clocks(replace(nobody, hosts_needed="all")) == []
    assert check_start(nobody, start=at("10:00"), now=NOW) == Withheld(at("10:00"), Reason.OUTSIDE_HOURS)


def test_a_session_is_joined_in_its_own_occupancy_until_it_is_full() -> None:
    own = Busy(own=((at("09:30"), at("10:00")),))
    group = replace(ONE, capacity=12, busy={1: own}, sessions={at("09:30"): Session((1,), 3)})
    answer = open_slots(group, between=MONDAY, now=NOW).open
    assert [(item.start, item.seats_left) for item in answer[:3]] == [
        (at("09:00"), 12),
        (at("09:30"), 3),
        (at("10:00"), 12),
    ]
    full = replace(group, sessions={at("09:30"): Session((1,), 0)})
    assert check_start(full, start=at("09:30"), now=NOW) == Withheld(at("09:30"), Reason.SEATS_FULL)


def test_a_full_session_is_named_once_and_no_second_one_is_offered_by_a_host_who_is_free() -> None:
    group = SlotRequest(RULES, "UTC", (ANA, BEN), capacity=12, sessions={at("10:00"): Session((2,), 0)})
    answer = open_slots(group, between=MONDAY, now=NOW, explain=True)
    assert at("10:00") not in [item.start for item in answer.open]
    assert [item for item in answer.withheld if item.start == at("10:00")] == [
        Withheld(at("10:00"), Reason.SEATS_FULL)
    ]


def test_a_session_at_the_end_of_the_range_belongs_to_the_next_range() -> None:
    group = replace(ONE, capacity=12, sessions={at("10:00"): Session((1,), 3)})
    answer = open_slots(group, between=(at("09:00"), at("10:00")), now=NOW, explain=True)
    assert [item.start for item in answer.open] == [at("09:00"), at("09:30")]
    assert answer.withheld == ()


def test_a_session_outside_hours_and_grid_can_be_joined_but_not_against_policy_or_calendar() -> None:
    start = at("18:10")
    group = replace(ONE, capacity=12, sessions={start: Session((1, 2), 3)})
    assert check_start(group, start=start, now=NOW) == OpenStart(start, (1, 2), 3)
    assert check_start(group, start=start, now=start + 1) == Withheld(start, Reason.NOTICE_TOO_SHORT)
    assert check_start(group, start=start, now=start - 40 * 86400) == Withheld(start, Reason.OUTSIDE_WINDOW)
    away = replace(group, busy={2: Busy(calendar=((start - 60, start + 60),))})
    assert check_start(away, start=start, now=NOW) == Withheld(start, Reason.CALENDAR_BUSY, 2)
    unread = replace(group, busy={2: Busy(stale=True)})
    assert check_start(unread, start=start, now=NOW) == Withheld(start, Reason.CALENDAR_STALE, 2)


def test_the_nearest_open_starts_are_offered_in_order() -> None:
    answer = open_slots(ONE, between=MONDAY, now=NOW).open
    assert [item.start for item in nearest(answer, to=at("10:00"), limit=3)] == [
        at("09:30"),
        at("10:00"),
        at("10:30"),
    ]
    assert nearest(answer, to=at("10:15"), limit=0) == ()
    assert [item.start for item in nearest(answer, to=at("10:15"), limit=1)] == [at("10:00")]


def test_the_core_imports_neither_django_nor_the_clock() -> None:
    root = Path(__file__).parents[3]
    code = (
        "import sys; sys.path[:0] = ['platform', '.']; import booking.core.slots, booking.core.states;"
        "sys.exit(any(name.split('.')[0] == 'django' or name == 'kernel.clock' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
