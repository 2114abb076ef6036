"""What the clock does: deadlines that passed give their time back, signed; meetings that ended are completed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError

from audit.api import Entry
from booking import deadlines
from booking.api import Booking, get_booking, get_event_type, hold
from booking.deadlines import complete_ended, expire_due
from providers.models import Room
from tests.booking.clockwork import let_pass, live_ranges, perform_all
from tests.booking.scene import CLIENT, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    with world.enter("acme"):
        yield world


def entries_of(booking: Booking) -> list[str]:
    found = Entry.objects.filter(subject=f"meeting:{booking.meeting.uid}").order_by("seq")
    return list(found.values_list("action", flat=True))


def test_a_hold_whose_deadline_passed_expires_once_and_is_signed(acme: World) -> None:
    due, other = (
        hold(
            get_event_type("intro-call"), start=workday(hour), time_zone="UTC", now=now(), actor=CLIENT,
            visitor="v",
        )
        for hour in (9, 10)
    )  # fmt: skip
    let_pass(due)
    assert (expire_due(), expire_due()) == (1, 0)
    assert (get_booking(due.uid).status, get_booking(other.uid).status) == ("expired", "held")
    assert (live_ranges(due.meeting_id), len(live_ranges(other.meeting_id))) == ([], 1)
    assert entries_of(due) == ["hold_slot", "time_passes", "expire_hold"]


def test_a_booking_that_got_no_link_in_time_fails_and_its_late_run_tells_the_client(
    acme: World, web: str, mails: MailSink
) -> None:
    booking = booked("intro-call", workday(11))
    let_pass(booking)
    assert expire_due() == 1
    assert (get_booking(booking.uid).status, live_ranges(booking.meeting_id)) == ("failed", [])
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, after.failure_words != "") == ("failed", True)
    assert Room.objects.count() == 0, "a run that comes too late makes nothing"
    told = [each.mail["Subject"] for each in mails.received if each.recipients == ("ben@example.com",)]
    assert len(told) == 1


def test_a_meeting_that_ended_is_completed_once_and_blocks_nothing(acme: World) -> None:
    booking = booked("site-visit", workday(11))
    assert complete_ended(now=workday(12, 29)) == 0
    end = workday(12, 30)
    assert (complete_ended(now=end), complete_ended(now=end + timedelta(hours=1))) == (1, 0)
    assert (get_booking(booking.uid).status, live_ranges(booking.meeting_id)) == ("completed", [])
    assert entries_of(booking)[-1] == "complete_booking"


def test_a_meeting_that_cannot_be_settled_keeps_no_other_waiting(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = booked("intro-call", workday(9)), booked("intro-call", workday(10))
    let_pass(first)
    let_pass(second)
    settle = deadlines.expire_meeting

    def broken(meeting_id: int) -> int:
        if meeting_id == first.meeting_id:
            raise DatabaseError("this one is stuck")
        return settle(meeting_id)

    monkeypatch.setattr(deadlines, "expire_meeting", broken)
    assert expire_due() == 1
    assert (get_booking(first.uid).status, get_booking(second.uid).status) == ("awaiting_link", "failed")
