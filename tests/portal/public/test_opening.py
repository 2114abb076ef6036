"""Which month a client sees: the booking window's last evening is a day later further east."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from booking.api import EventType, Slot, SlotPage
from portal.public import opening
from portal.public.opening import Opening, find_opening

SYDNEY = "Australia/Sydney"
# 30 September, 17:00 in Los Angeles; 1 October, 10:00 in Sydney
EVENING = datetime(2026, 10, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_los_angeles(monkeypatch: pytest.MonkeyPatch) -> None:
    def slots(_event_type: EventType, *, first: date, last: date, time_zone: str, **_: Any) -> SlotPage:
        day = date(2026, 10, 1) if time_zone == SYDNEY else date(2026, 9, 30)
        slot = Slot(EVENING, EVENING, (1,))
        return SlotPage(time_zone, {day: (slot,)} if first <= day <= last else {}, (), ())

    monkeypatch.setattr(opening, "current_tenant", lambda: SimpleNamespace(time_zone="America/Los_Angeles"))
    monkeypatch.setattr(opening, "slots", slots)


def seen(event_type: EventType, time_zone: str, now: datetime, month: date | None = None) -> Opening:
    return find_opening(event_type, month=month, time_zone=time_zone, now=now, host=None)


FIXED = EventType(window_first_date=date(2026, 9, 30), window_last_date=date(2026, 9, 30))
ROLLING = EventType(window_days=60)
# 1 August at 02:00 in Los Angeles, 60 days before its 30 September
IN_AUGUST = datetime(2026, 8, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("event_type", [FIXED, ROLLING])
def test_the_windows_last_evening_is_shown_where_it_is_the_next_month(event_type: EventType) -> None:
    there = seen(event_type, SYDNEY, IN_AUGUST, month=date(2026, 10, 1))
    assert (there.first, there.last_bookable) == (date(2026, 10, 1), date(2026, 10, 1))
    assert list(there.page.days) == [date(2026, 10, 1)]
    here = seen(event_type, "America/Los_Angeles", IN_AUGUST, month=date(2026, 9, 1))
    assert (here.last_bookable, list(here.page.days)) == (date(2026, 9, 30), [date(2026, 9, 30)])


def test_without_a_wish_the_first_open_day_is_found_in_its_month() -> None:
    found = seen(FIXED, SYDNEY, IN_AUGUST)
    assert (found.first, list(found.page.days)) == (date(2026, 10, 1), [date(2026, 10, 1)])


def test_a_window_that_is_over_shows_this_month_and_nothing_later() -> None:
    found = seen(FIXED, SYDNEY, datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert (found.page.days, found.next_open) == ({}, None)
