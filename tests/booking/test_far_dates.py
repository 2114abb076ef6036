"""Dates far ahead: calendars are asked about what may be booked and no more, so no request can make one fail."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from booking.api import (
    EventType,
    SlotPage,
    SlotRefused,
    book_series,
    get_event_type,
    get_host,
    hold,
    recurring_starts,
    slots,
)
from booking.models import Host
from kernel.reasons import Reason
from kernel.stamps import one_look
from providers.calendars import busy_index
from providers.models.calendars import Calendar, CalendarConnection
from tests.booking.scene import BEN, CLIENT, LISBON, TODAY, now, workday
from tests.database import World
from tests.providers.conftest import connect_google
from tests.providers.conftest import google as google
from tests.simulators.google import GoogleSimulator
from tests.simulators.vendor import Reply, Request

CALL = "intro-call"
FAR = date(2099, 12, 7)  # a Monday
DAY = timedelta(days=1)
Spans = list[tuple[datetime, datetime]]


@pytest.fixture
def asked(world: World, google: GoogleSimulator, settings: Settings) -> Iterator[Spans]:
    """The times about which Ana's Google calendar is asked, one request after the other; inside Acme."""
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 600
    seen: Spans = []
    answer = google.answer

    def noted(request: Request) -> Reply | None:
        if request.path.endswith("/events") and "timeMin" in request.query:
            seen.append((_at(request.query["timeMin"]), _at(request.query["timeMax"])))
        return answer(request)

    google.answer = noted  # type: ignore[method-assign]
    with world.enter("acme"):
        connect_google(google, Host.objects.get(slug="ana").pk)
        seen.clear()
        yield seen


def _at(said: str) -> datetime:
    return datetime.fromisoformat(said)


def page(first: date, last: date, **more: Any) -> SlotPage:
    return slots(get_event_type(CALL), first=first, last=last, time_zone="Europe/Lisbon", now=now(), **more)


def local(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=LISBON).astimezone(UTC)


def nothing_fails() -> bool:
    working = CalendarConnection.objects.values_list("status", flat=True)
    return list(working) == ["working"] and not Calendar.objects.exclude(failed_at=None).exists()


def test_dates_beyond_the_window_ask_no_calendar_and_have_their_reason(asked: Spans) -> None:
    far = page(FAR, FAR + 30 * DAY, explain=True)
    assert (far.days, far.notices) == ({}, ())
    assert {each.reason for each in far.withheld} == {Reason.OUTSIDE_WINDOW}
    with pytest.raises(SlotRefused) as refused:
        hold(
            get_event_type(CALL), start=local(FAR, 11), time_zone="Europe/Lisbon", now=now(), actor=CLIENT,
            visitor="v",
        )  # fmt: skip
    assert (refused.value.reason, asked) == (Reason.OUTSIDE_WINDOW, [])
    assert page(TODAY, TODAY + 7 * DAY).days, "what is near is offered as ever"
    assert (len(asked), nothing_fails()) == (1, True)


def test_a_page_that_leaves_the_window_is_read_to_the_windows_end(asked: Spans) -> None:
    EventType.objects.update(window_days=90)
    today = now().astimezone(LISBON).date()
    page(today + 60 * DAY, today + 121 * DAY)
    ((start, end),) = asked
    assert end == local(today + 91 * DAY) + 2 * DAY  # and as far beyond as a meeting may reach
    assert start < now()


def test_a_window_without_a_near_end_is_read_where_it_is_asked(asked: Spans, google: GoogleSimulator) -> None:
    EventType.objects.update(window_first_date=TODAY, window_last_date=date(2199, 12, 31))
    google.put("ana@gmail.example", start=local(FAR, 11).isoformat(), end=local(FAR, 12).isoformat())
    assert page(TODAY, TODAY + 7 * DAY).days
    asked.clear()
    far = page(FAR, FAR + 30 * DAY, explain=True)
    assert asked == [(local(FAR) - 2 * DAY, local(FAR + 31 * DAY) + 2 * DAY)]
    why = {each.start: each.reason for each in far.withheld}
    assert (why.get(local(FAR, 10)), why.get(local(FAR, 11))) == (None, Reason.CALENDAR_BUSY)
    asked.clear()
    assert page(TODAY, TODAY + 7 * DAY).days
    assert (asked, nothing_fails()) == ([], True), "the index of what is near stands"


def test_a_far_page_that_says_what_it_said_is_kept(asked: Spans) -> None:
    """A far reading that brings nothing new writes nothing, so it makes no kept page old."""
    EventType.objects.update(window_first_date=TODAY, window_last_date=date(2199, 12, 31))
    pages = []
    for _ in range(3):
        with one_look():
            pages.append(page(FAR, FAR + 6 * DAY))
    assert (len(asked), pages[1] is pages[2]) == (1, True)


def test_the_dates_of_a_series_are_asked_all_at_once_and_each_by_itself(
    asked: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    EventType.objects.update(
        series_most=12, window_days=900, location_kind="in_person", location_detail="12 Quay Street"
    )
    looks: list[int] = []
    read = busy_index.read_live

    def counted(wanted: Any) -> Any:
        looks.append(len(wanted))
        return read(wanted)

    monkeypatch.setattr(busy_index, "read_live", counted)
    far = workday(11) + timedelta(weeks=54)
    starts = [
        workday(11), *recurring_starts(far, every="week", interval=9, count=5, zone="Europe/Lisbon"),
    ]  # fmt: skip
    book_series(
        get_event_type(CALL), starts=starts, time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="v", host=get_host("ana"),
    )  # fmt: skip
    assert looks == [len(asked)] == [6]
    (start, end), *far = sorted(asked)
    assert end - start < 66 * DAY, "the index, no longer than it is"
    assert far == [(each - 2 * DAY, each + timedelta(days=2, seconds=1)) for each in starts[1:]]
    assert nothing_fails()
