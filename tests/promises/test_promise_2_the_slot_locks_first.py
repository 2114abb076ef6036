"""Promise 2. A booking starts as a hold, before anything else runs. A hold expires by itself, by the database's
clock and whoever is running, and an expired one blocks nobody and is never confirmed."""

import time
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.api import Entry, Run
from booking.api import Booking, HoldExpired, SlotRefused, get_event_type, hold, submit
from jobs.api import Job
from providers.models import Message, Room
from tests.booking.scene import BEN, CLIENT, booked, first_slots, now, workday
from tests.database import World
from tests.promises.scene import perform_all, reread
from tests.simulators.smtp import MailSink

START = workday(10)


def test_promise_2_the_slot_locks_first(world: World, web: str, mails: MailSink) -> None:
    with world.enter("acme"):
        held = _hold()
        assert (held.status, _offers(START)) == ("held", False)
        with pytest.raises(SlotRefused):
            booked("intro-call", START)
        assert [each.objects.count() for each in (Booking, Run, Room, Message)] == [1, 0, 0, 0]
        assert not Job.objects.exists()

        submit(held, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT)
        assert (reread(held).status, Run.objects.count(), Room.objects.count()) == ("awaiting_link", 1, 0)
        perform_all()
        assert (reread(held).status, Room.objects.count()) == ("confirmed", 1)
        signed = Entry.objects.filter(subject=f"meeting:{held.meeting.uid}").order_by("seq")
        assert [each.action for each in signed][:2] == ["hold_slot", "submit_booking"]


def test_a_hold_expires_by_itself_and_then_blocks_nobody(world: World, settings: Settings) -> None:
    settings.HOLDFAST_HOLD_SECONDS = 3
    with world.enter("acme"):
        held = _hold(wrong_by=timedelta(hours=-2))  # a web process whose clock is wrong
        assert held.expires_at is not None
        assert abs(held.expires_at - held.created_at - timedelta(seconds=3)) < timedelta(seconds=0.5)
        assert not _offers(START)
        time.sleep(max(0.0, (held.expires_at - now()).total_seconds()) + 0.2)
        assert _offers(START)
        with pytest.raises(HoldExpired):
            submit(held, attendee=BEN, guests=[], answers={}, now=now(), actor=CLIENT)
        taken = booked("intro-call", START)
        assert (reread(held).status, reread(taken).status) == ("expired", "awaiting_link")
        swept = Entry.objects.get(subject=f"meeting:{held.meeting.uid}", action="expire_hold")
        assert swept.xid == Entry.objects.get(subject=f"meeting:{taken.meeting.uid}", action="hold_slot").xid


def test_a_confirmation_that_comes_too_late_is_none(
    world: World, settings: Settings, web: str, mails: MailSink
) -> None:
    settings.HOLDFAST_LINK_SECONDS = 1
    with world.enter("acme"):
        late = booked("intro-call", START)
        time.sleep(1.2)
        perform_all()
        assert reread(late).status == "failed"
        assert _offers(START)


def test_nobody_holds_more_than_a_few_times(world: World, settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = True
    with world.enter("acme"):
        for hour in (9, 10, 11):
            _hold(start=workday(hour))
        with pytest.raises(SlotRefused) as refused:
            _hold(start=workday(12))
    assert refused.value.code == "too_many_holds"


def _hold(*, start: datetime = START, wrong_by: timedelta = timedelta()) -> Booking:
    return hold(
        get_event_type("intro-call"),
        start=start,
        time_zone="Europe/Lisbon",
        now=now() + wrong_by,
        actor=CLIENT,
        visitor="visitor",
    )


def _offers(start: datetime) -> bool:
    return start in [slot.start for slot in first_slots(get_event_type("intro-call"), start)]
