"""Whoever takes time gives back what stands there and is over: each function of the guard that claims a place meets
what nobody has swept yet, of another booking or an earlier move of its own; that ends, signed by whoever took its time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from audit.api import Entry, body_of_entry, latest_run, undo_run
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Meeting,
    Move,
    book_series,
    cancel,
    get_booking,
    get_event_type,
    get_host,
    hold,
    move,
    reassign,
)
from tests.booking.clockwork import let_pass, live_ranges, perform_all
from tests.booking.scene import BEN, CLIENT, KIM, OWNER, booked, now, workday
from tests.database import World
from tests.simulators.smtp import MailSink

VISIT = "site-visit"
LEE = Attendee("Lee Park", "lee@example.com")


@pytest.fixture
def acme(world: World, mails: MailSink) -> Iterator[World]:
    """Acme, where all is in person, so that nothing waits for a link; visits can be booked as a series."""
    with world.enter("acme"):
        EventType.objects.update(
            location_kind="in_person", location_detail="Here", series_most=6, window_days=90
        )
        yield world


@pytest.fixture
def northwind(world: World, mails: MailSink) -> Iterator[World]:
    """Northwind, in person too: six hosts, panels of three of them, workshops of two seats."""
    with world.enter("northwind"):
        EventType.objects.update(location_kind="in_person", location_detail="Here")
        EventType.objects.filter(slug="workshop").update(capacity=2)
        yield world


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calendars that have to be asked, so that nothing is confirmed before its run is performed."""
    monkeypatch.setattr("booking.workflows.new_booking.has_calendars", lambda hosts: True)


def left_behind(slug: str, start: datetime, *, host: str | None = None) -> Booking:
    """Another visitor's hold whose deadline has passed and that nobody has swept."""
    held = hold(
        get_event_type(slug), start=start, time_zone="Europe/Lisbon", now=now(), actor=CLIENT, visitor="another",
        host=get_host(host) if host else None,
    )  # fmt: skip
    let_pass(held)
    return held


def move_left_behind(booking: Booking, start: datetime) -> Move:
    """A move whose deadline has passed and that nobody has swept."""
    moving = move(get_booking(booking.uid), start=start, now=now(), actor=CLIENT)
    assert moving.status == "held"
    let_pass(moving)
    return moving


def series(starts: Sequence[datetime]) -> list[Booking]:
    """Book a series of visits on these dates."""
    made = book_series(
        get_event_type(VISIT), starts=list(starts), time_zone="Europe/Lisbon", attendee=BEN, guests=[], answers={},
        now=now(), actor=CLIENT, visitor="visitor",
    )  # fmt: skip
    return list(made.bookings)


End = tuple[str, list[dict[str, str]], bool]


def end_of(late: Booking | Move, taker: Meeting, by: str) -> End:
    """Return what `late` is by now, what was signed of its end, and whether that was in the transaction in which the
    meeting `taker` was given its place, which the entry `by` says."""
    late.refresh_from_db()
    ends = Entry.objects.filter(subject=f"meeting:{late.meeting.uid}", action="expire_hold").order_by("seq")
    taken = Entry.objects.filter(subject=f"meeting:{taker.uid}", action=by).order_by("seq").last()
    signed = [body_of_entry(each)["payload"] for each in ends]
    return late.status, signed, {each.xid for each in ends} == {taken and taken.xid}


def expired(late: Booking) -> End:
    """Return the end that a hold has to have: once, by whoever took its time."""
    return "expired", [{"booking": late.uid, "was": "held", "becomes": "expired"}], True


def moved_back(late: Move) -> End:
    """Return the end that a move has to have: the booking stays where it was."""
    return "expired", [{"booking": late.booking.uid, "was": "moving", "becomes": "confirmed"}], True


def test_a_hold_takes_what_a_move_that_is_over_still_blocks(acme: World, slow: None) -> None:
    stays = booked(VISIT, workday(9, 30))
    perform_all()
    late = move_left_behind(stays, workday(14))
    taken = booked(VISIT, workday(14))
    assert end_of(late, taken.meeting, "hold_slot") == moved_back(late)
    assert (get_booking(stays.uid).status, len(live_ranges(stays.meeting_id))) == ("confirmed", 1)


def test_a_collective_takes_the_time_of_each_of_its_hosts(northwind: World) -> None:
    late = [left_behind("meet", workday(11), host=host) for host in ("bruno", "chloe", "daniel")]
    taken = booked("panel", workday(11))
    for each in late:
        assert end_of(each, taken.meeting, "hold_slot") == expired(each)
        assert live_ranges(each.meeting_id) == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_series_takes_the_time_of_any_of_its_dates(acme: World, number: int) -> None:
    starts = [workday(11) + timedelta(weeks=week) for week in range(3)]
    late = left_behind("intro-call", starts[number])
    made = series(starts)
    assert [each.meeting.starts_at for each in made] == starts
    assert end_of(late, made[0].meeting, "hold_slot") == expired(late)
    assert live_ranges(late.meeting_id) == []


def test_a_series_takes_all_that_is_over_on_several_dates(acme: World, slow: None) -> None:
    starts = [workday(14) + timedelta(weeks=week) for week in range(3)]
    stays = booked(VISIT, workday(9, 30))
    perform_all()
    moving = move_left_behind(stays, starts[0])
    holds = [left_behind("intro-call", starts[2] + timedelta(minutes=minutes)) for minutes in (0, 30)]
    made = series(starts)
    assert end_of(moving, made[0].meeting, "hold_slot") == moved_back(moving)
    assert [end_of(each, made[0].meeting, "hold_slot") for each in holds] == [expired(each) for each in holds]


def test_a_move_takes_the_time_of_a_hold(acme: World) -> None:
    booking = booked("intro-call", workday(10))
    late = left_behind("consultation", workday(14))
    done = move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    assert (done.status, get_booking(booking.uid).meeting.starts_at) == ("confirmed", workday(14))
    assert end_of(late, booking.meeting, "hold_new_time") == expired(late)
    assert live_ranges(late.meeting_id) == []


def test_a_move_takes_the_time_of_another_bookings_move(acme: World, slow: None) -> None:
    booking, other = booked("intro-call", workday(10)), booked("intro-call", workday(11), attendee=KIM)
    perform_all()
    late = move_left_behind(other, workday(14))
    held = move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    assert (held.status, end_of(late, booking.meeting, "hold_new_time")) == ("held", moved_back(late))
    assert [len(live_ranges(each.meeting_id)) for each in (booking, other)] == [2, 1]


def test_the_new_host_of_a_meeting_is_taken_from_a_hold(northwind: World) -> None:
    booking = booked("meet", workday(11))
    taker = "chloe" if booking.meeting.hosts.get().slug == "bruno" else "bruno"
    late = left_behind("meet", workday(11), host=taker)
    done = reassign(get_booking(booking.uid), host=get_host(taker), now=now(), actor=OWNER)
    assert (done.status, get_booking(booking.uid).meeting.hosts.get().slug) == ("confirmed", taker)
    assert end_of(late, booking.meeting, "hold_new_host") == expired(late)


def test_a_reassignment_takes_the_place_of_an_earlier_one(northwind: World, slow: None) -> None:
    booking = booked("meet", workday(11))
    perform_all()
    taker = get_host("chloe" if booking.meeting.hosts.get().slug == "bruno" else "bruno")
    late = reassign(get_booking(booking.uid), host=taker, now=now(), actor=OWNER)
    let_pass(late)
    held = reassign(get_booking(booking.uid), host=taker, now=now(), actor=OWNER)
    assert (late.pk != held.pk, held.status) == (True, "held")
    assert end_of(late, booking.meeting, "hold_new_host") == moved_back(late)


def test_a_cancelled_meeting_is_taken_back_from_a_hold(acme: World) -> None:
    booking = booked("intro-call", workday(11))
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    run = latest_run(f"meeting:{booking.meeting.uid}", workflow="cancellation")
    assert run is not None
    late = left_behind("consultation", workday(11))
    undo_run(run.pk, actor=OWNER, now=now())
    assert get_booking(booking.uid).status == "confirmed"
    assert end_of(late, booking.meeting, "retake_slot") == expired(late)


def test_a_full_session_gives_the_seat_of_a_hold_to_who_joins(northwind: World) -> None:
    booked("workshop", workday(10))
    late = left_behind("workshop", workday(10))
    joined = booked("workshop", workday(10), attendee=LEE)
    assert (joined.meeting, end_of(late, joined.meeting, "hold_slot")) == (late.meeting, expired(late))
    assert seats(late.meeting) == 2


def test_a_full_session_gives_the_seat_of_a_hold_to_who_moves_there(northwind: World) -> None:
    there, booking = booked("workshop", workday(14), attendee=KIM), booked("workshop", workday(10))
    late = left_behind("workshop", workday(14))
    done = move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    assert (done.status, get_booking(booking.uid).meeting) == ("confirmed", there.meeting)
    assert end_of(late, there.meeting, "hold_new_time") == expired(late)
    assert seats(there.meeting) == 2


def test_a_session_that_a_moving_seat_opens_takes_its_hosts_time_from_a_hold(northwind: World) -> None:
    booking = booked("workshop", workday(9))
    late = left_behind("meet", workday(14), host="eva-maria")
    done = move(get_booking(booking.uid), start=workday(14), now=now(), actor=CLIENT)
    assert end_of(late, done.meeting, "hold_new_time") == expired(late)
    assert live_ranges(late.meeting_id) == []


def test_a_seat_takes_the_place_of_an_earlier_move_of_its_own(northwind: World, slow: None) -> None:
    there, booking = booked("workshop", workday(14), attendee=KIM), booked("workshop", workday(9))
    perform_all()
    late = move_left_behind(booking, workday(14))
    held = move(get_booking(booking.uid), start=workday(12), now=now(), actor=CLIENT)
    assert (late.meeting, held.status) == (there.meeting, "held")
    assert end_of(late, held.meeting, "hold_new_time") == moved_back(late)
    assert seats(there.meeting) == 1


def seats(meeting: Meeting) -> int:
    return Meeting.objects.get(pk=meeting.pk).seats_taken
