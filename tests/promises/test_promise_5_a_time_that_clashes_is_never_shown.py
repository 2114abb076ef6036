"""Promise 5. What stands in a connected calendar is not offered; a calendar that cannot be read never counts as
empty; and what was added between page and click ends the booking before it is confirmed."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from booking.api import SlotRefused, get_event_type, get_host, hold, progress, submit
from kernel.clock import now as clock_now
from providers.api import connect_caldav
from providers.calendars import busy_index
from providers.models import Calendar as CalendarRow
from tests.booking.scene import BEN, CLIENT, booked, first_slots, now, workday
from tests.database import World
from tests.portal.api.asking import read
from tests.promises.conftest import Calendar
from tests.promises.scene import mails_to, perform_all, reread
from tests.simulators.radicale import Radicale, radicale
from tests.simulators.smtp import MailSink

START = workday(10)


def test_promise_5_a_time_that_clashes_is_never_shown(
    world: World, acme: Client, settings: Settings, tmp_path: Path
) -> None:
    with radicale(tmp_path / "radicale") as server:
        settings.HOLDFAST_HTTP_ALLOW = (server.address,)
        url = server.make_calendar("work")
        with world.enter("acme"):
            connect_caldav(
                get_host("ana").pk, url=url, username="ana", password=server.password, now=clock_now()
            )
        assert _shown(acme, START) == (True, None)
        _add_event(server, url, START + timedelta(minutes=15), START + timedelta(minutes=45))
        for half_hour, stands in [
            (-1, (True, None)),
            (0, (False, "calendar_busy")),
            (1, (False, "calendar_busy")),
        ]:
            assert _shown(acme, START + half_hour * timedelta(minutes=30)) == stands

    shown = _slots(acme)  # the server is stopped
    assert shown["slots"] == {}
    assert {each["reason"] for each in shown["withheld"]} <= {
        "calendar_stale",
        "notice_too_short",
        "host_busy",
    }
    assert _shown(acme, START) == (False, "calendar_stale")
    page = acme.get(f"/book/intro-call/?date={START:%Y-%m-%d}").content.decode()
    assert "calendar cannot be read right now, so Ana Martins’s times are withheld." in page


def test_a_slot_that_somebody_took_leaves_what_is_kept_in_memory(world: World) -> None:
    with world.enter("acme"):
        intro = get_event_type("intro-call")
        assert START in [slot.start for slot in first_slots(intro, START)]
        booked("intro-call", START)
        assert START not in [slot.start for slot in first_slots(intro, START)]


def test_hours_that_somebody_else_closed_are_closed_at_the_next_look(world: World) -> None:
    with world.enter("acme"):
        assert first_slots(get_event_type("intro-call"), START) != ()
        with world.app("acme") as other:
            other.execute("DELETE FROM booking_weeklyhours")
        assert first_slots(get_event_type("intro-call"), START) == ()


def test_a_meeting_added_between_page_and_click_ends_in_calendar_busy(
    world: World, settings: Settings, web: str, mails: MailSink, calendar: Calendar
) -> None:
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 60  # the page answers from its index
    with world.enter("acme"):
        intro = get_event_type("intro-call")
        assert START in [slot.start for slot in first_slots(intro, START)]
        held = hold(intro, start=START, time_zone="Europe/Lisbon", now=now(), actor=CLIENT, visitor="visitor")
        _add_event(calendar.server, calendar.url, START, START + timedelta(minutes=30))
        submit(held, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT)
        perform_all()
        after = reread(held)
        assert (after.status, after.failure_code) == ("failed", "calendar_busy")
        settings.HOLDFAST_CALENDAR_FRESH_SECONDS = 0
        offered = [slot.start for slot in first_slots(intro, START)]
        assert (START in offered, START + timedelta(minutes=30) in offered) == (False, True)
    assert len(mails_to(mails, BEN.email)) == 1
    assert len(calendar.texts()) == 1


def test_who_holds_waits_for_no_calendar_that_was_read_minutes_ago_and_the_saga_asks_it(
    world: World,
    settings: Settings,
    web: str,
    mails: MailSink,
    calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.HOLDFAST_CALENDAR_FRESH_SECONDS, settings.HOLDFAST_CALENDAR_HOLD_SECONDS = 20, 300
    asked: list[int] = []
    live = busy_index.read_live
    monkeypatch.setattr(busy_index, "read_live", lambda wanted: asked.append(len(wanted)) or live(wanted))
    with world.enter("acme"):
        intro = get_event_type("intro-call")
        assert START in [slot.start for slot in first_slots(intro, START)]
        assert asked == [1]
        _add_event(calendar.server, calendar.url, START, START + timedelta(minutes=30))
        CalendarRow.objects.update(read_at=now() - timedelta(minutes=4))
        made = booked("intro-call", START)
        assert (made.status, asked) == ("awaiting_link", [1])
        perform_all()
        failed = reread(made)
        assert (failed.failure_code, asked[:2]) == ("calendar_busy", [1, 1])
        assert START not in [slot.start for slot in progress(failed, now=now()).alternatives]
        before = len(asked)
        CalendarRow.objects.update(read_at=now() - timedelta(minutes=6))
        with pytest.raises(SlotRefused) as refused:
            booked("intro-call", START)
        assert (refused.value.code, len(asked) - before) == ("calendar_busy", 1)


def _slots(acme: Client) -> Any:
    day = f"{START:%Y-%m-%d}"
    return read(
        acme.get(
            f"/api/v1/slots?event_type=intro-call&start={day}&end={day}&time_zone=Europe/Lisbon&explain=1"
        )
    )


def _shown(acme: Client, start: datetime) -> tuple[bool, str | None]:
    """Say whether the API offers a start, and the reason that it gives where it does not."""
    answer = _slots(acme)
    offered = {datetime.fromisoformat(each["start"]) for day in answer["slots"].values() for each in day}
    why = {datetime.fromisoformat(each["start"]): each["reason"] for each in answer["withheld"]}
    return start in offered, why.get(start)


def _add_event(server: Radicale, url: str, start: datetime, end: datetime) -> None:
    """Add an event as another CalDAV client would."""
    server.put(
        url,
        "dentist",
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Another client//EN\nBEGIN:VEVENT\nUID:dentist\n"
        f"DTSTAMP:20260101T000000Z\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}\n"
        "SUMMARY:Dentist\nEND:VEVENT\nEND:VCALENDAR",
    )
