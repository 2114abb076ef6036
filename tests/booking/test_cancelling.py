"""Cancelling: free at once, once, whatever else is going on; what was confirmed is not announced afterwards."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.api import Actor, Run, latest_run
from booking.api import Attendee, Booking, NotChangeable, cancel, get_booking, move
from booking.models import Meeting, Move
from jobs.api import drain
from providers.api import Rejected, deliver_message
from providers.models import Message, Room
from tests.booking.clockwork import live_ranges, perform_all
from tests.booking.scene import CLIENT, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

KEY = Actor(type="api_key", id="1")


@pytest.fixture
def acme(world: World, web: str, mails: MailSink) -> Iterator[MailSink]:
    with world.enter("acme"):
        yield mails


def subjects(mails: MailSink, to: str = "ben@example.com") -> list[str]:
    """Return the first words of the mails to an address, in the order of their arrival."""
    return [
        str(each.mail["Subject"]).split(":")[0].strip() for each in mails.received if each.recipients == (to,)
    ]


def test_the_time_is_free_when_the_call_returns_and_everyone_is_told(acme: MailSink) -> None:
    booking = booked("site-visit", workday(11))
    perform_all()
    cancel(booking, reason="The roof is fine.", now=now(), actor=CLIENT)
    assert (booking.status, booking.cancelled_by, booking.cancel_reason) == (
        "cancelled", "client", "The roof is fine.",
    )  # fmt: skip
    assert (live_ranges(booking.meeting_id), booked("site-visit", workday(11)).status) == ([], "confirmed")
    perform_all()
    assert subjects(acme) == ["Confirmed", "Cancelled", "Confirmed"]


def test_the_reason_stands_with_the_booking_and_in_no_runs_payload(acme: MailSink) -> None:
    booking = booked("site-visit", workday(11))
    cancel(booking, reason="The roof is fine.", now=now(), actor=CLIENT)
    payloads = [str(run.payload) for run in Run.objects.all()]
    assert (len(payloads), [each for each in payloads if "roof" in each]) == (2, [])
    perform_all()
    assert any(b"The roof is fine." in mail.content for mail in acme.received)


def test_mail_that_had_not_left_when_the_booking_was_cancelled_is_withdrawn(
    acme: MailSink, settings: Settings
) -> None:
    there, settings.HOLDFAST_SMTP_URL = settings.HOLDFAST_SMTP_URL, "smtp://127.0.0.1:9"
    booking = booked("site-visit", workday(11))
    for _ in range(3):
        drain()
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    settings.HOLDFAST_SMTP_URL = there
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    states = set(Message.objects.values_list("kind", "state"))
    assert {state for kind, state in states if kind.startswith("confirmation")} == {"withdrawn"}
    assert {state for kind, state in states if kind.startswith("cancellation")} == {"sent"}
    with pytest.raises(Rejected, match="was cancelled before"):
        deliver_message(Message.objects.filter(state="withdrawn")[0].pk, now=now())


def test_a_second_click_finds_it_cancelled(acme: MailSink) -> None:
    booking = booked("site-visit", workday(11))
    stale = get_booking(booking.uid)
    cancel(booking, reason="first", now=now(), actor=CLIENT)
    with pytest.raises(NotChangeable, match="is cancelled"):
        cancel(stale, reason="second", now=now(), actor=OWNER)
    booking.refresh_from_db()
    assert (booking.cancel_reason, booking.cancelled_by) == ("first", "client")
    perform_all()
    assert subjects(acme).count("Cancelled") == 1


def test_what_is_not_confirmed_yet_cannot_be_cancelled(acme: MailSink) -> None:
    booking = booked("intro-call", workday(11))
    with pytest.raises(NotChangeable, match="is awaiting link"):
        cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_a_booking_cancelled_before_anyone_was_told_is_only_announced_as_cancelled(acme: MailSink) -> None:
    booking = booked("site-visit", workday(11))
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert subjects(acme) == ["Cancelled"]
    run = latest_run(f"meeting:{booking.meeting.uid}", workflow="new_booking")
    assert run is not None
    assert run.steps.get(action="send_confirmation").result == {"skipped": "cancelled"}


def test_a_seat_given_back_leaves_the_session_and_its_link_to_the_others(
    world: World, web: str, mails: MailSink
) -> None:
    with world.enter("northwind"):
        first = booked("workshop", workday(10))
        second = booked("workshop", workday(10), attendee=Attendee("Kim Roe", "kim@example.com"))
        perform_all()
        cancel(first, reason="", now=now(), actor=CLIENT)
        perform_all()
        meeting = Meeting.objects.get(pk=first.meeting_id)
        second.refresh_from_db()
        assert (meeting.seats_taken, meeting.released_at, second.status) == (1, None, "confirmed")
        assert Room.objects.get(key=meeting.link_key).cancelled_at is None
        cancel(get_booking(second.uid), reason="", now=now(), actor=CLIENT)
        perform_all()
        meeting.refresh_from_db()
        assert (meeting.seats_taken, live_ranges(meeting.pk)) == (0, [])
        assert Room.objects.get(key=meeting.link_key).cancelled_at is not None


def test_cancelling_during_a_move_frees_both_times_and_speaks_of_no_move(acme: MailSink) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    moving = move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    assert (moving.status, len(live_ranges(booking.meeting_id))) == ("held", 2)
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    assert live_ranges(booking.meeting_id) == []
    perform_all()
    moving.refresh_from_db()
    assert (moving.status, moving.failure_code) == (
        "failed",
        "",
    )  # no reason of the enumeration: it was cancelled
    assert subjects(acme) == ["Confirmed", "Cancelled"]
    assert list(Room.objects.filter(cancelled_at=None)) == []


def test_cancelling_with_what_was_read_before_a_move_cancels_the_link_that_it_has_now(acme: MailSink) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    stale = get_booking(booking.uid)
    move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    assert Move.objects.get().status == "confirmed"
    assert Room.objects.filter(cancelled_at=None).count() == 1
    cancel(stale, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert list(Room.objects.filter(cancelled_at=None)) == []


def test_cancelling_with_a_seat_read_before_its_move_cancels_it_where_it_is(
    world: World, web: str, mails: MailSink
) -> None:
    with world.enter("northwind"):
        seat = booked("workshop", workday(10))
        other = booked("workshop", workday(10), attendee=Attendee("Kim Roe", "kim@example.com"))
        perform_all()
        stale = get_booking(seat.uid)
        move(get_booking(seat.uid), start=workday(14), now=now(), actor=CLIENT)
        perform_all()
        left, there = get_booking(other.uid).meeting, get_booking(seat.uid).meeting
        assert (stale.meeting_id, there.starts_at) == (left.pk, workday(14))
        cancel(stale, reason="", now=now(), actor=CLIENT)
        perform_all()
        left.refresh_from_db()
        there.refresh_from_db()
        assert (left.seats_taken, there.seats_taken, get_booking(seat.uid).status) == (1, 0, "cancelled")
        assert list(Room.objects.filter(cancelled_at=None).values_list("key", flat=True)) == [left.link_key]
        run = latest_run(f"meeting:{there.uid}", workflow="cancellation")
        assert run is not None
        assert run.payload["starts_at"] == workday(14).isoformat()


@pytest.mark.parametrize(
    ("actor", "after", "why"),
    [
        (CLIENT, timedelta(0), "has started or is over"),
        (OWNER, timedelta(minutes=29), ""),
        (KEY, timedelta(minutes=29), ""),
        (OWNER, timedelta(minutes=30), "is over"),
        (KEY, timedelta(minutes=30), "is over"),
    ],
)
def test_a_client_cancels_until_the_start_and_the_business_until_the_end(
    acme: MailSink, actor: Actor, after: timedelta, why: str
) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    instant = workday(11) + after
    if why:
        with pytest.raises(NotChangeable, match=f"This meeting {why}, so it cannot be cancelled"):
            cancel(get_booking(booking.uid), reason="", now=instant, actor=actor)
        assert (get_booking(booking.uid).status, Run.objects.filter(workflow="cancellation").count()) == (
            "confirmed",
            0,
        )
        return
    assert cancel(get_booking(booking.uid), reason="", now=instant, actor=actor).status == "cancelled"


def test_a_cancelled_booking_blocks_nothing_after_every_job_ran_twice(acme: MailSink) -> None:
    booking: Booking = booked("site-visit", workday(11))
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert (drain(), live_ranges(booking.meeting_id)) == (0, [])
