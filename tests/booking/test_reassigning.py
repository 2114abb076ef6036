"""Reassigning: the meeting goes to another host at the same time, and stays with the old one until that counts."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from audit.api import Entry, UndoPreview, UndoRefused, get_run, latest_run, undo_preview, undo_run
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Host,
    Move,
    NotChangeable,
    Occupancy,
    SlotRefused,
    cancel,
    expire_due,
    get_booking,
    get_event_type,
    get_host,
    manage_token,
    move,
    progress,
    reassign,
    reassignable_hosts,
)
from booking.guard import call, guarded
from booking.reassigning import _reassign, reassign_back_within
from booking.signing import sign
from jobs.api import drain
from providers.models import Message
from tests.booking.clockwork import let_pass, perform_all
from tests.booking.scene import CLIENT, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

KIM = Attendee("Kim Roe", "kim@example.com")


@pytest.fixture
def confirmed(world: World, web: str, mails: MailSink) -> Iterator[Booking]:
    """A confirmed round robin meeting at Northwind at 11:00, with one of six hosts."""
    with world.enter("northwind"):
        booking = booked("meet", workday(11))
        perform_all()
        yield get_booking(booking.uid)


def host_of(booking: Booking) -> Host:
    return get_booking(booking.uid).meeting.hosts.get()


def other(booking: Booking, nth: int = 0) -> Host:
    return reassignable_hosts(get_booking(booking.uid), now())[nth]


def give(booking: Booking, host: Host) -> Move:
    return reassign(get_booking(booking.uid), host=host, now=now(), actor=OWNER)


def blocked_hosts(booking: Booking) -> set[int]:
    rows = Occupancy.objects.filter(meeting_id=booking.meeting_id, retired_at=None)
    return set(rows.values_list("resource_id", flat=True))


def busy(host: Host) -> None:
    """Give a host another meeting at the same time."""
    solo = EventType.objects.create(
        slug=f"solo-{host.slug}",
        title="Solo",
        duration_minutes=30,
        slot_interval_minutes=30,
        location_kind="in_person",
    )
    solo.event_type_hosts.create(host=host)
    assert booked(solo.slug, workday(11), attendee=KIM).status == "confirmed"


def test_both_hosts_are_blocked_until_the_new_one_counts(confirmed: Booking) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    token, link = manage_token(confirmed), confirmed.meeting.join_url
    done = give(confirmed, taker)
    assert done.status == "confirmed"  # nobody here has a calendar to be asked
    after = get_booking(confirmed.uid)
    assert (host_of(after), blocked_hosts(after)) == (taker, {taker.pk})
    assert (after.meeting.starts_at, after.meeting.join_url) == (workday(11), link)
    assert (manage_token(after), after.meeting.sequence) == (token, confirmed.meeting.sequence + 1)
    perform_all()
    kinds = Message.objects.order_by("pk").values_list("kind", "to_address", "ics_method")
    assert set(kinds) >= {
        ("reassigned_attendee", "ben@example.com", "REQUEST"),
        ("reassigned_host", taker.email, "REQUEST"),
        ("handed_over_host", before.email, "CANCEL"),
        ("team_reassigned", "owner@northwind.example", ""),
    }
    actions = Entry.objects.filter(subject=f"meeting:{after.meeting.uid}").values_list("action", flat=True)
    assert "hold_new_host" in actions


def test_who_is_busy_is_not_offered_and_is_refused(confirmed: Booking) -> None:
    taker = other(confirmed)
    busy(taker)
    assert taker not in reassignable_hosts(confirmed, now())
    with pytest.raises(SlotRefused) as refused:
        give(confirmed, taker)
    assert (refused.value.code, refused.value.message.startswith(f"{taker.name} is busy on")) == (
        "host_busy",
        True,
    )


def test_who_became_busy_after_the_look_is_refused_by_the_guard(confirmed: Booking) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    busy(taker)
    outcome = guarded(lambda: _reassign(confirmed, before, taker, now=now(), actor=OWNER))
    assert (outcome, host_of(confirmed), blocked_hosts(confirmed)) == ("slot_taken", before, {before.pk})


@pytest.fixture
def with_a_calendar(confirmed: Booking, monkeypatch: pytest.MonkeyPatch) -> Booking:
    """The same, where the new host's calendar has to be asked, so the run does not end at once."""
    monkeypatch.setattr("booking.workflows.new_booking.has_calendars", lambda hosts: True)
    return confirmed


def test_an_expired_reassignment_frees_the_new_host_swept_or_not(with_a_calendar: Booking) -> None:
    booking = with_a_calendar
    before, taker = host_of(booking), other(booking)
    handing = give(booking, taker)
    assert (handing.status, blocked_hosts(booking)) == ("held", {before.pk, taker.pk})
    assert taker not in reassignable_hosts(booking, now())
    shown = progress(get_booking(booking.uid), now=now())
    assert (shown.final, shown.move) == (True, None)
    let_pass(handing)
    assert taker in reassignable_hosts(booking, now())
    assert expire_due() == 1
    assert (host_of(booking), blocked_hosts(booking)) == (before, {before.pk})
    perform_all()
    handing.refresh_from_db()
    assert (handing.status, host_of(booking)) == ("expired", before)
    failed = Message.objects.exclude(kind__startswith="confirmation").exclude(kind="team_confirmed")
    assert set(failed.values_list("kind", flat=True)) == {"team_incident", "team_not_reassigned"}


def test_one_change_at_a_time(with_a_calendar: Booking) -> None:
    give(with_a_calendar, other(with_a_calendar))
    with pytest.raises(NotChangeable, match="being changed right now"):
        give(with_a_calendar, other(with_a_calendar, 1))
    with pytest.raises(NotChangeable, match="being moved right now"):
        move(get_booking(with_a_calendar.uid), start=workday(14), now=now(), actor=CLIENT)


def test_cancelling_meanwhile_frees_both_hosts(with_a_calendar: Booking) -> None:
    handing = give(with_a_calendar, other(with_a_calendar))
    cancel(get_booking(with_a_calendar.uid), reason="", now=now(), actor=CLIENT)
    assert blocked_hosts(with_a_calendar) == set()
    perform_all()
    handing.refresh_from_db()
    assert (handing.status, get_booking(with_a_calendar.uid).status) == ("failed", "cancelled")
    assert not Message.objects.filter(kind="team_not_reassigned").exists()


def kinds_by_state(*states: str) -> set[tuple[str, str, str]]:
    found = Message.objects.filter(state__in=states).exclude(kind__startswith="confirmation")
    return set(found.exclude(kind__startswith="team_").values_list("kind", "to_address", "ics_method"))


def test_cancelled_before_anybody_was_told_only_the_former_host_hears_of_the_handover(
    confirmed: Booking, mails: MailSink
) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    mails.turn_away()
    give(confirmed, taker)
    drain()
    mails.plan.clear()
    cancel(get_booking(confirmed.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    assert kinds_by_state("sent") == {
        ("handed_over_host", before.email, "CANCEL"),
        ("cancellation_attendee", "ben@example.com", "CANCEL"),
        ("cancellation_host", taker.email, "CANCEL"),
    }
    assert kinds_by_state("withdrawn") == {
        ("reassigned_attendee", "ben@example.com", "REQUEST"),
        ("reassigned_host", taker.email, "REQUEST"),
    }


def test_who_stays_in_a_session_is_told_of_its_new_host_though_who_asked_was_cancelled(
    world: World, web: str, mails: MailSink
) -> None:
    with world.enter("northwind"):
        first, _ = booked("workshop", workday(10)), booked("workshop", workday(10), attendee=KIM)
        perform_all()
        before = host_of(first)
        taker = Host.objects.exclude(pk=before.pk)[0]
        get_event_type("workshop").event_type_hosts.create(host=taker)
        mails.turn_away()
        give(first, taker)
        drain()
        mails.plan.clear()
        cancel(get_booking(first.uid), reason="", now=now(), actor=CLIENT)
        perform_all()
        told = {each for each in kinds_by_state("sent") if not each[0].startswith("cancellation")}
        assert told == {
            ("reassigned_attendee", KIM.email, "REQUEST"),
            ("reassigned_host", taker.email, "REQUEST"),
            ("handed_over_host", before.email, "CANCEL"),
        }


def test_the_database_refuses_a_reassignment_whose_new_host_is_not_blocked(with_a_calendar: Booking) -> None:
    taker = other(with_a_calendar)
    give(with_a_calendar, taker)

    def meddle() -> None:
        sign("meddle", meeting_uid=with_a_calendar.meeting.uid, actor=OWNER, payload={})
        Occupancy.objects.filter(resource_id=taker.pk, retired_at=None).update(retired_at=Now())

    with pytest.raises(DatabaseError, match="the host that it goes to is not blocked"):
        guarded(meddle)


def test_undo_reassigns_back_through_the_guard(confirmed: Booking) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    give(confirmed, taker)
    perform_all()
    run = latest_run(f"meeting:{confirmed.meeting.uid}", workflow="new_booking")
    assert run is not None
    assert undo_preview(run, now=now()).consequences[0].startswith(f"The meeting goes back to {before.name}")
    undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    assert (host_of(confirmed), blocked_hosts(confirmed)) == (before, {before.pk})


def test_undo_when_the_former_host_is_busy_changes_nothing(confirmed: Booking) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    give(confirmed, taker)
    perform_all()
    busy(before)
    run = latest_run(f"meeting:{confirmed.meeting.uid}", workflow="new_booking", reassignment=True)
    assert run is not None
    with pytest.raises(UndoRefused, match=r"is busy on .* by now. Nothing changed"):
        undo_run(run.pk, actor=OWNER, now=now())
    assert host_of(confirmed) == taker


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("deactivated", "takes no meetings any more"),
        ("left the type", "does not offer this meeting any more"),
    ],
)
def test_undo_gives_no_meeting_back_to_a_host_who_takes_none(
    confirmed: Booking, change: str, why: str
) -> None:
    before, taker = host_of(confirmed), other(confirmed)
    done = give(confirmed, taker)
    perform_all()
    if change == "deactivated":
        Host.objects.filter(pk=before.pk).update(active=False)
    else:
        confirmed.meeting.event_type.event_type_hosts.filter(host=before).delete()
    run = latest_run(f"meeting:{confirmed.meeting.uid}", workflow="new_booking")
    assert run is not None
    words = f"{before.name} {why}. Reassign it on the booking’s page instead."
    assert undo_preview(run, now=now()) == UndoPreview(possible=False, because=words)
    with pytest.raises(UndoRefused, match=why):
        undo_run(run.pk, actor=OWNER, now=now())
    done = Move.objects.select_related("from_host", "host").get(pk=done.pk)
    with pytest.raises(UndoRefused, match=f"{why}.* Nothing changed"), transaction.atomic():
        reassign_back_within(get_booking(confirmed.uid), done, actor=OWNER, now=now(), reverses=run)
    assert (host_of(confirmed), blocked_hosts(confirmed)) == (taker, {taker.pk})


def test_an_undo_that_failed_is_said_and_can_be_tried_again(
    with_a_calendar: Booking,
) -> None:
    before, taker = host_of(with_a_calendar), other(with_a_calendar)
    give(with_a_calendar, taker)
    perform_all()
    run = latest_run(f"meeting:{with_a_calendar.meeting.uid}", workflow="new_booking")
    assert run is not None
    failed = undo_run(run.pk, actor=OWNER, now=now())
    let_pass(Move.objects.get(status="held"))
    perform_all()
    assert host_of(with_a_calendar) == taker
    seen = get_run(run.pk)
    assert (seen.undone_by, seen.undo_failed, seen.reversible) == (None, failed.pk, True)
    undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    assert (host_of(with_a_calendar), blocked_hosts(with_a_calendar)) == (before, {before.pk})


def test_a_move_that_waited_while_a_reassignment_came_to_count_says_so(
    with_a_calendar: Booking, world: World
) -> None:
    booking, taker = with_a_calendar, other(with_a_calendar)
    handing = give(booking, taker)

    def attempt() -> str:
        try:
            with world.enter("northwind"):
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '60s'")
                move(get_booking(booking.uid), start=workday(14), now=now(), actor=OWNER, is_hosts_wish=True)
        except NotChangeable as refused:
            return refused.message
        finally:
            connection.close()
        return "moved"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), world.superuser() as raw:
            sign("confirm_booking", meeting_uid=booking.meeting.uid, actor=OWNER, payload={})
            assert call("confirm_reassign_v1", handing.pk)
            moving = pool.submit(attempt)
            asked, until = "SELECT count(*) FROM pg_locks WHERE NOT granted", time.monotonic() + 60
            while time.monotonic() < until and not raw.execute(asked).fetchone()[0]:
                time.sleep(0.02)
        words = moving.result(60)
    assert words == "This booking is being moved right now. Wait a moment and look again."
    assert (host_of(booking), blocked_hosts(booking)) == (taker, {taker.pk})
    move(get_booking(booking.uid), start=workday(14), now=now(), actor=OWNER, is_hosts_wish=True)
    assert blocked_hosts(booking) == {taker.pk}


def test_a_move_after_a_reassignment_keeps_the_new_host(confirmed: Booking) -> None:
    taker = other(confirmed)
    give(confirmed, taker)
    perform_all()
    move(get_booking(confirmed.uid), start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    after = get_booking(confirmed.uid)
    assert (host_of(after), after.meeting.starts_at, blocked_hosts(after)) == (taker, workday(14), {taker.pk})


def test_a_session_goes_to_another_host_for_everyone_in_it(world: World, web: str, mails: MailSink) -> None:
    with world.enter("northwind"):
        workshop = get_event_type("workshop")
        first, second = booked("workshop", workday(10)), booked("workshop", workday(10), attendee=KIM)
        perform_all()
        taker = Host.objects.exclude(pk=host_of(first).pk)[0]
        workshop.event_type_hosts.create(host=taker)
        give(first, taker)
        perform_all()
        assert (host_of(second), blocked_hosts(second)) == (taker, {taker.pk})
        told = Message.objects.filter(kind="reassigned_attendee").values_list("booking_uid", "to_address")
        assert set(told) == {(first.uid, "ben@example.com"), (second.uid, "kim@example.com")}


@pytest.mark.parametrize(("slug", "why"), [("panel", "needs all its hosts")])
def test_what_cannot_be_reassigned_says_why(
    world: World, web: str, mails: MailSink, slug: str, why: str
) -> None:
    with world.enter("northwind"):
        booking = booked(slug, workday(11))
        perform_all()
        assert reassignable_hosts(get_booking(booking.uid), now()) == ()
        with pytest.raises(NotChangeable, match=why):
            give(booking, get_host("bruno"))


def test_the_host_who_has_it_cannot_take_it(confirmed: Booking) -> None:
    with pytest.raises(NotChangeable, match="or has it already"):
        give(confirmed, host_of(confirmed))
