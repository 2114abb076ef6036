"""Undo of a cancellation: the old place, the same booking, or a clear no and nothing changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.api import Entry, Run, UndoRefused, get_run, latest_run, undo_preview, undo_run
from booking.api import Booking, Host, Incident, cancel, expire_due, get_booking, move, progress
from providers.models import Message, Room
from tests.booking.clockwork import let_pass, live_ranges, perform_all
from tests.booking.scene import CLIENT, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.http import Answer, http_site
from tests.simulators.smtp import MailSink


@pytest.fixture
def acme(world: World, web: str, mails: MailSink) -> Iterator[World]:
    with world.enter("acme"):
        yield world


def cancelled(booking: Booking, *, reason: str = "") -> Run:
    """Cancel it, let everything run, and return the cancellation's run."""
    cancel(get_booking(booking.uid), reason=reason, now=now(), actor=CLIENT)
    perform_all()
    run = latest_run(f"meeting:{booking.meeting.uid}", workflow="cancellation")
    assert run is not None
    return run


def test_the_same_booking_takes_its_place_back_with_a_new_link(acme: World) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    before = get_booking(booking.uid).meeting
    undo_run(cancelled(booking).pk, actor=OWNER, now=now())
    assert get_booking(booking.uid).status == "awaiting_link"
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, after.cancelled_at, after.cancelled_by) == ("confirmed", None, "")
    assert (after.meeting_id, after.meeting.starts_at, after.meeting.seats_taken) == (
        before.pk,
        workday(11),
        1,
    )
    assert (after.meeting.sequence, after.meeting.link_key != before.link_key) == (before.sequence + 2, True)
    live = Room.objects.filter(cancelled_at=None).values_list("key", flat=True)
    assert list(live) == [after.meeting.link_key]


def test_a_time_that_was_taken_meanwhile_is_refused_and_nothing_changes(acme: World) -> None:
    booking = booked("site-visit", workday(11))
    run = cancelled(booking)
    taker = booked("intro-call", workday(12))
    with pytest.raises(UndoRefused, match=r"^The time is gone: .* was taken meanwhile. Nothing changed"):
        undo_run(run.pk, actor=OWNER, now=now())
    assert (get_booking(booking.uid).status, live_ranges(booking.meeting_id)) == ("cancelled", [])
    assert (get_booking(taker.uid).status, Run.objects.filter(reverses=run).count()) == ("awaiting_link", 0)


@pytest.mark.parametrize("change", ["deactivated", "left the type"])
def test_a_meeting_is_not_given_back_to_a_host_who_takes_none(acme: World, change: str) -> None:
    booking = booked("site-visit", workday(11))
    run = cancelled(booking)
    host = booking.meeting.hosts.get()
    if change == "deactivated":
        Host.objects.filter(pk=host.pk).update(active=False)
    else:
        booking.meeting.event_type.event_type_hosts.filter(host=host).delete()
    words = f"{host.name} does not take this meeting any more. Book the client anew from the booking’s page."
    assert undo_preview(run, now=now()).because == words
    with pytest.raises(UndoRefused) as refused:
        undo_run(run.pk, actor=OWNER, now=now())
    assert (str(refused.value), get_booking(booking.uid).status) == (words, "cancelled")


def test_a_cancellation_is_undone_once_and_the_next_one_again(acme: World) -> None:
    booking = booked("site-visit", workday(11))
    first = cancelled(booking)
    undo_run(first.pk, actor=OWNER, now=now())
    perform_all()
    with pytest.raises(UndoRefused, match="It was undone already"):
        undo_run(first.pk, actor=OWNER, now=now())
    second = cancelled(booking)
    assert second.pk != first.pk
    undo_run(second.pk, actor=OWNER, now=now())
    perform_all()
    assert get_booking(booking.uid).status == "confirmed"


def test_a_time_that_has_passed_is_not_offered(acme: World) -> None:
    run = cancelled(booked("site-visit", workday(11)))
    preview = undo_preview(run, now=workday(11) + timedelta(seconds=1))
    assert (preview.possible, preview.because) == (False, "The time of the meeting has passed.")


def test_the_progress_of_a_moved_booking_taken_back_is_that_of_the_taking_back(acme: World) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    undo_run(cancelled(booking).pk, actor=OWNER, now=now())
    seen = progress(get_booking(booking.uid), now=now())
    assert (seen.final, [line.state for line in seen.lines]) == (False, ["done", "done", "doing", "doing"])
    perform_all()
    seen = progress(get_booking(booking.uid), now=now())
    assert (seen.status, seen.final, {line.state for line in seen.lines}) == ("confirmed", True, {"done"})


def test_a_link_that_cannot_be_made_leaves_it_cancelled_as_it_was_and_undo_can_be_tried_again(
    acme: World, settings: Settings, mails: MailSink
) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    run = cancelled(booking, reason="The roof is fine.")
    before, heard = as_cancelled(booking), len(to_client(mails))
    there = settings.HOLDFAST_SELF_ADDRESS
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        failed = undo_run(run.pk, actor=OWNER, now=now())
        perform_all()
    settings.HOLDFAST_SELF_ADDRESS = there
    assert as_cancelled(booking) == before
    assert (get_booking(booking.uid).status, live_ranges(booking.meeting_id)) == ("cancelled", [])
    assert len(to_client(mails)) == heard  # the client knows it as cancelled, and it is
    assert Message.objects.filter(kind="team_not_taken_back").exists()
    assert not Message.objects.filter(kind__in=["team_failed", "failed_attendee"]).exists()
    assert "was not taken back: it stays cancelled" in Incident.objects.get().consequence
    seen = get_run(run.pk)
    assert (seen.undone_by, seen.undo_failed, seen.reversible) == (None, failed.pk, True)
    assert seen.undo_failed_words == get_run(failed.pk).failure_words != ""
    undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, as_cancelled(booking)) == ("confirmed", (None, "", ""))
    assert list(Room.objects.filter(cancelled_at=None).values_list("key", flat=True)) == [
        after.meeting.link_key
    ]


@pytest.mark.parametrize("swept", [True, False])
def test_a_taking_back_that_is_too_late_leaves_it_cancelled_as_it_was(acme: World, swept: bool) -> None:
    booking = booked("intro-call", workday(11))
    perform_all()
    run = cancelled(booking, reason="The roof is fine.")
    before = as_cancelled(booking)
    undo_run(run.pk, actor=OWNER, now=now())
    let_pass(get_booking(booking.uid))
    if swept:
        assert expire_due() == 1
        assert Entry.objects.filter(action="expire_hold").count() == 1
        assert (get_booking(booking.uid).status, live_ranges(booking.meeting_id)) == ("cancelled", [])
    perform_all()
    assert (get_booking(booking.uid).status, as_cancelled(booking)) == ("cancelled", before)
    undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    assert get_booking(booking.uid).status == "confirmed"


def as_cancelled(booking: Booking) -> tuple[datetime | None, str, str]:
    """When it was cancelled, by whom and why, as the database has it."""
    fresh = get_booking(booking.uid)
    return fresh.cancelled_at, fresh.cancelled_by, fresh.cancel_reason


def to_client(mails: MailSink) -> list[str]:
    return [str(each.mail["Subject"]) for each in mails.received if each.recipients == ("ben@example.com",)]


def test_undo_of_a_confirmation_cancels_and_its_undo_takes_back(acme: World) -> None:
    booking = booked("site-visit", workday(11))
    perform_all()
    confirmation = latest_run(f"meeting:{booking.meeting.uid}", workflow="new_booking")
    assert confirmation is not None
    cancelling = undo_run(confirmation.pk, actor=OWNER, now=now())
    assert (get_booking(booking.uid).status, get_booking(booking.uid).cancelled_by) == ("cancelled", "undo")
    perform_all()
    undo_run(cancelling.pk, actor=OWNER, now=now())
    perform_all()
    assert get_booking(booking.uid).status == "confirmed"
