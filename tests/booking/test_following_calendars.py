"""What Ana does in her Google calendar reaches the booking: moved, cancelled, or put back; echoes do nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db.models.functions import Now

from audit.models import Entry
from booking.api import Booking, Host, Incident, cancel, get_booking, move
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from providers.api import busy_times, sync_calendar
from providers.calendars.following import OwnEvent
from providers.calendars.syncing import note_owners_changes
from providers.models import Calendar, CalendarChange, CalendarEntry
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World
from tests.providers.conftest import connect_google
from tests.providers.conftest import google as google
from tests.simulators.google import GoogleSimulator
from tests.simulators.smtp import MailSink
from tests.simulators.vendor import Reply

ANA = "ana@gmail.example"


class Desk:
    """Ana's booking at Acme, her Google calendar, and what the automation does when time passes."""

    def __init__(self, google: GoogleSimulator) -> None:
        self.google = google
        self.host = Host.objects.get(slug="ana")
        connect_google(google, self.host.pk)
        self.calendar = Calendar.objects.get(is_destination=True, host_id=self.host.pk)
        self.sync()
        self.booking = booked("site-visit", workday(10))
        self.perform()
        self.booking = self.read()
        assert self.booking.status == "confirmed"

    def perform(self) -> None:
        """Do what is due, and what waits to be looked at again, until nothing does."""
        for _ in range(6):
            drain()
            with entered(PUBLIC):
                waiting = Job.objects.filter(state=Job.State.QUEUED, kind="calendar_changed")
                if not waiting.update(due_at=Now()):
                    return

    def sync(self) -> bool:
        return sync_calendar(self.calendar.pk, now=now())

    def follow(self) -> str:
        """Sync, answer what was noted, and return the last answer."""
        self.sync()
        self.perform()
        change = CalendarChange.objects.order_by("pk").last()
        return change.answer if change else ""

    def event(self) -> str:
        return CalendarEntry.objects.get().remote_id

    def drag(self, start: datetime, end: datetime) -> None:
        self.google.change(ANA, self.event(), start=start.isoformat(), end=end.isoformat())

    def shown(self) -> datetime:
        (held,) = self.google.events(ANA)
        return datetime.fromisoformat(held["start"]["dateTime"])

    def read(self) -> Booking:
        return get_booking(self.booking.uid)


@pytest.fixture
def desk(world: World, google: GoogleSimulator, mails: MailSink) -> Iterator[Desk]:
    with world.enter("acme"):
        yield Desk(google)


def test_our_own_event_comes_back_as_nothing(desk: Desk) -> None:
    assert desk.shown() == desk.booking.meeting.starts_at
    assert (desk.follow(), desk.sync()) == ("", False)
    answer = busy_times(
        [desk.host.pk], start=workday(9), end=workday(17), now=now(), max_age=timedelta(minutes=1)
    )
    assert (answer.busy, answer.stale) == ({desk.host.pk: ()}, {})


def test_an_event_that_ana_moves_moves_the_booking_through_the_guard(desk: Desk) -> None:
    start = workday(14, 10)  # between two starts of the page: it is her time
    length = desk.booking.meeting.ends_at - desk.booking.meeting.starts_at
    desk.drag(start, start + length)
    assert desk.follow() == "moved"
    meeting = desk.read().meeting
    assert (meeting.starts_at, meeting.sequence, desk.shown()) == (start, 1, start)
    actions = list(Entry.objects.order_by("seq").values_list("action", flat=True))
    assert "hold_new_time" in actions
    assert len(desk.google.events(ANA)) == 1
    assert desk.follow() == "moved"  # nothing new: what we wrote afterwards is an echo
    assert CalendarChange.objects.count() == 1


def test_an_event_that_ana_deletes_cancels_the_booking_once(desk: Desk) -> None:
    desk.google.remove(ANA, desk.event())
    assert desk.follow() == "cancelled"
    booking = desk.read()
    assert (booking.status, booking.cancel_reason) == ("cancelled", "The host took it out of the calendar.")
    assert desk.google.events(ANA) == []
    desk.follow()
    assert CalendarChange.objects.count() == 1


def test_a_time_that_is_taken_is_refused_and_the_event_is_put_back(desk: Desk) -> None:
    other = booked("site-visit", workday(15))
    desk.perform()
    start = desk.booking.meeting.starts_at
    first = next(
        each for each in CalendarEntry.objects.all() if each.uid.startswith(desk.booking.meeting.uid)
    )
    there = get_booking(other.uid).meeting
    desk.google.change(ANA, first.remote_id, start=there.starts_at.isoformat(), end=there.ends_at.isoformat())
    assert desk.follow() == "put_back"
    assert desk.read().meeting.starts_at == start
    held = {event["id"]: event for event in desk.google.events(ANA)}[first.remote_id]
    assert datetime.fromisoformat(held["start"]["dateTime"]) == start
    incident = Incident.objects.get(kind="calendar_change_refused")
    assert "put back" in incident.title
    assert "put_event_back" in Entry.objects.values_list("action", flat=True)


def test_a_longer_event_is_put_back(desk: Desk) -> None:
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    desk.drag(start, end + timedelta(minutes=30))
    assert desk.follow() == "put_back"
    (held,) = desk.google.events(ANA)
    assert datetime.fromisoformat(held["end"]["dateTime"]) == end


def test_what_ana_took_back_before_we_looked_does_nothing(desk: Desk) -> None:
    start, end = desk.booking.meeting.starts_at, desk.booking.meeting.ends_at
    desk.drag(workday(14), workday(15))
    desk.sync()
    desk.drag(start, end)
    desk.perform()
    assert CalendarChange.objects.get().answer == "as_booked"
    assert desk.read().meeting.sequence == 0


def test_words_that_ana_changes_are_hers(desk: Desk) -> None:
    desk.google.change(ANA, desk.event(), summary="My own words")
    assert desk.follow() == ""


def test_what_we_move_and_cancel_ourselves_is_no_change_of_anas(desk: Desk) -> None:
    move(desk.booking, start=workday(12), now=now(), actor=OWNER)
    desk.perform()
    assert (desk.follow(), desk.shown()) == ("", workday(12))
    cancel(desk.read(), reason="", now=now(), actor=OWNER)
    desk.perform()
    assert (desk.follow(), desk.google.events(ANA)) == ("", [])


def test_a_deletion_that_an_expired_token_hid_is_found(desk: Desk) -> None:
    desk.google.remove(ANA, desk.event())
    desk.google.store.calendars[ANA].forget_changes()
    assert desk.follow() == "cancelled"


def test_a_vendor_that_is_silent_is_asked_again(desk: Desk) -> None:
    desk.google.remove(ANA, desk.event())
    desk.sync()
    fault = desk.google.fail("GET /calendar/v3/calendars/", reply=Reply(status=503), times=3)
    drain()
    assert (fault.times, desk.read().status) == (0, "confirmed")
    desk.perform()
    assert desk.read().status == "cancelled"


def test_an_echo_is_known_by_its_etag_alone(desk: Desk) -> None:
    entry = CalendarEntry.objects.get()
    later = entry.starts_at + timedelta(minutes=1)  # as a vendor that rounds might give it back
    echo = OwnEvent(
        remote_id=entry.remote_id, uid=entry.uid, etag=entry.etag, is_deleted=False,
        starts_at=later, ends_at=entry.ends_at,
    )  # fmt: skip
    assert note_owners_changes(desk.calendar, [echo], now=now()) == 0
    assert note_owners_changes(desk.calendar, [replace(echo, etag="another")], now=now()) == 1
