"""A seat goes to another session: taken there at once, kept here until that session's link is proven."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from audit.api import Entry, UndoRefused, latest_run, undo_run
from booking.api import (
    Attendee,
    Booking,
    EventType,
    Meeting,
    Move,
    NotChangeable,
    SlotRefused,
    cancel,
    expire_due,
    get_booking,
    get_event_type,
    manage_token,
    move,
    progress,
    subjects_of,
)
from jobs.api import drain
from providers.models import Room
from tests.booking.clockwork import let_pass, live_ranges, perform_all
from tests.booking.scene import BEN, CLIENT, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.http import Answer, http_site
from tests.simulators.smtp import MailSink

KIM = Attendee("Kim Roe", "kim@example.com")
LEE = Attendee("Lee Park", "lee@example.com")


@pytest.fixture
def northwind(world: World, web: str, mails: MailSink) -> Iterator[MailSink]:
    """Northwind with its workshops of two hours and twelve seats, one host; a web server that proves rooms."""
    with world.enter("northwind"):
        yield mails


def seat(hour: int, attendee: Attendee = BEN) -> Booking:
    """A confirmed seat in the workshop of that hour."""
    booking = booked("workshop", workday(hour), attendee=attendee)
    perform_all()
    return get_booking(booking.uid)


def to(booking: Booking, hour: int) -> Move:
    return move(get_booking(booking.uid), start=workday(hour), now=now(), actor=CLIENT)


def counted(meeting: Meeting) -> tuple[int, bool]:
    """Seats taken, and whether the session still lives."""
    meeting.refresh_from_db()
    return meeting.seats_taken, meeting.released_at is None


def invites(sink: MailSink, address: str) -> list[tuple[str, str, int]]:
    """Return (METHOD, UID, SEQUENCE) of each invite that came to an address, in order."""
    found = []
    for mail in sink.received:
        parsed = message_from_bytes(mail.content, policy=default)
        part = next((each for each in parsed.walk() if each.get_content_type() == "text/calendar"), None)
        if address in mail.recipients and part is not None:
            lines = dict(line.split(":", 1) for line in part.get_content().splitlines() if ":" in line)
            found.append((lines["METHOD"], lines["UID"].split("@")[0], int(lines["SEQUENCE"])))
    return found


def test_a_seat_is_taken_in_the_other_session_and_kept_in_this_one_until_it_counts(
    northwind: MailSink,
) -> None:
    booking, other = seat(10), seat(10, KIM)
    left = booking.meeting
    token = manage_token(booking)
    moving = to(booking, 14)
    assert (counted(left), counted(moving.meeting)) == ((2, True), (1, True))
    assert (moving.status, moving.from_meeting, get_booking(booking.uid).meeting) == ("held", left, left)
    perform_all()
    after = get_booking(booking.uid)
    assert (after.status, after.meeting, after.meeting.starts_at) == (
        "confirmed",
        moving.meeting,
        workday(14),
    )
    assert (counted(left), counted(after.meeting)) == ((1, True), (1, True))
    assert (after.meeting.link_proved_at is not None, manage_token(after) != token) == (True, True)
    assert get_booking(other.uid).meeting == left
    rooms = Room.objects.filter(cancelled_at=None).values_list("key", flat=True)
    assert set(rooms) == {left.link_key, after.meeting.link_key}
    assert ("leave_session" in actions(left), "confirm_booking" in actions(after.meeting)) == (True, True)


def actions(meeting: Meeting) -> list[str]:
    found = Entry.objects.filter(subject=f"meeting:{meeting.uid}").order_by("seq")
    return list(found.values_list("action", flat=True))


def test_the_last_seat_takes_its_session_with_it(northwind: MailSink) -> None:
    booking = seat(10)
    left = booking.meeting
    to(booking, 14)
    perform_all()
    assert (counted(left), live_ranges(left.pk)) == ((0, False), [])
    assert Room.objects.get(key=left.link_key).cancelled_at is not None
    assert workday(10) in {slot.start for slot in first_slots(left.event_type, workday(10))}


def test_the_old_event_is_cancelled_and_the_new_one_requested_by_uid(northwind: MailSink) -> None:
    booking = seat(10)
    left = booking.meeting
    northwind.received.clear()
    to(booking, 14)
    perform_all()
    after = get_booking(booking.uid).meeting
    left.refresh_from_db()
    assert invites(northwind, BEN.email) == [
        ("REQUEST", after.uid, after.sequence),
        ("CANCEL", left.uid, left.sequence),
    ]
    host = left.hosts.get().email
    assert invites(northwind, host) == [
        ("REQUEST", after.uid, after.sequence),
        ("CANCEL", left.uid, left.sequence),
    ]


def test_a_host_whose_session_goes_on_keeps_their_event(northwind: MailSink) -> None:
    booking = seat(10)
    seat(10, KIM)
    northwind.received.clear()
    to(booking, 14)
    perform_all()
    host = booking.meeting.hosts.get().email
    assert [method for method, _, _ in invites(northwind, host)] == ["REQUEST"]
    assert [method for method, _, _ in invites(northwind, BEN.email)] == ["REQUEST", "CANCEL"]


def test_a_session_that_has_its_link_is_joined_with_it(northwind: MailSink) -> None:
    booking, there = seat(10), seat(14, KIM)
    to(booking, 14)
    perform_all()
    after = get_booking(booking.uid)
    assert (after.meeting, counted(there.meeting)) == (there.meeting, (2, True))
    assert after.meeting.join_url == there.meeting.join_url


def test_a_link_that_cannot_be_proven_gives_the_new_seat_back(
    northwind: MailSink, settings: Settings
) -> None:
    booking = seat(10)
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        moving = to(booking, 14)
        perform_all()
    moving.refresh_from_db()
    after = get_booking(booking.uid)
    assert (moving.status, moving.failure_code) == ("failed", "link_unverified")
    assert (after.status, after.meeting, counted(booking.meeting)) == (
        "confirmed",
        booking.meeting,
        (1, True),
    )
    assert (counted(moving.meeting), live_ranges(moving.meeting_id)) == ((0, False), [])
    shown = progress(after, now=now())
    assert (shown.move, shown.failure_code) == (moving, "link_unverified")
    rooms = Room.objects.filter(cancelled_at=None).values_list("key", flat=True)
    assert list(rooms) == [booking.meeting.link_key]


def test_an_expired_move_gives_the_seat_back_and_the_late_run_confirms_nothing(northwind: MailSink) -> None:
    booking, there = seat(10), seat(14, KIM)
    moving = to(booking, 14)
    let_pass(moving)
    assert expire_due() == 1
    assert counted(there.meeting) == (1, True)
    perform_all()
    moving.refresh_from_db()
    assert (moving.status, get_booking(booking.uid).meeting) == ("expired", booking.meeting)
    assert counted(there.meeting) == (1, True)


def test_an_expired_move_that_nobody_swept_withholds_no_seat(northwind: MailSink) -> None:
    with transaction.atomic():
        EventType.objects.filter(slug="workshop").update(capacity=2)
    booking, _ = seat(10), seat(14, KIM)
    moving = to(booking, 14)
    workshop = get_event_type("workshop")
    assert seats_at(workshop, 14) is None
    let_pass(moving)
    assert seats_at(workshop, 14) == 1
    assert booked("workshop", workday(14), attendee=LEE).meeting == moving.meeting


def seats_at(event_type: EventType, hour: int) -> int | None:
    found = {slot.start: slot.seats_left for slot in first_slots(event_type, workday(hour))}
    return found.get(workday(hour))


def test_a_session_that_only_a_moving_seat_opened_can_be_joined(northwind: MailSink) -> None:
    moving = to(seat(10), 14)
    assert seats_at(get_event_type("workshop"), 14) == 11
    assert booked("workshop", workday(14), attendee=KIM).meeting == moving.meeting


def test_a_full_session_is_refused_and_the_seat_stays(northwind: MailSink) -> None:
    with transaction.atomic():
        EventType.objects.filter(slug="workshop").update(capacity=1)
    booking, there = seat(10), seat(14, KIM)
    with pytest.raises(SlotRefused) as refused:
        to(booking, 14)
    assert refused.value.code == "seats_full"
    assert refused.value.message.endswith("Your booking stays as it is.")
    assert (counted(booking.meeting), counted(there.meeting)) == ((1, True), (1, True))


def test_a_time_that_overlaps_the_session_it_leaves_is_refused(northwind: MailSink) -> None:
    with pytest.raises(SlotRefused) as refused:
        to(seat(10), 11)
    assert refused.value.code == "host_busy"


def test_a_seat_that_moves_cannot_move_at_the_same_time(northwind: MailSink) -> None:
    booking = seat(10)
    to(booking, 14)
    for hour in (12, 14):
        with pytest.raises(NotChangeable, match="being moved right now"):
            to(booking, hour)


def test_the_last_seat_of_the_other_session_goes_to_one_of_those_who_move(
    northwind: MailSink, world: World
) -> None:
    with transaction.atomic():
        EventType.objects.filter(slug="workshop").update(capacity=3)
    there = seat(14, LEE).meeting
    moving = [seat(10, Attendee(f"Client {n}", f"client{n}@example.com")) for n in range(3)]

    def attempt(booking: Booking) -> str:
        try:
            with world.enter("northwind"):
                to(booking, 14)
                return "held"
        except SlotRefused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(attempt, moving))
    assert (outcomes, counted(there)) == (["held", "held", "seats_full"], (3, True))


def test_cancelling_a_seat_that_moves_gives_both_seats_back(northwind: MailSink) -> None:
    booking = seat(10)
    moving = to(booking, 14)
    northwind.received.clear()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    assert counted(booking.meeting) == (0, False)
    perform_all()
    assert (counted(moving.meeting), live_ranges(moving.meeting_id)) == ((0, False), [])
    assert invites(northwind, BEN.email) == [("CANCEL", booking.meeting.uid, 2)]
    assert not [mail for mail in northwind.received if b"Not moved" in mail.content]
    assert list(Room.objects.filter(cancelled_at=None)) == []


def test_cancelled_before_anybody_was_told_that_it_moved_the_seat_leaves_both_sessions(
    northwind: MailSink,
) -> None:
    booking = seat(10)
    left, host = booking.meeting, booking.meeting.hosts.get().email
    northwind.received.clear()
    northwind.turn_away()
    moving = to(booking, 14)
    drain()
    northwind.plan.clear()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    there = moving.meeting
    assert get_booking(booking.uid).meeting == there
    for address in (BEN.email, host):
        assert {(method, uid) for method, uid, _ in invites(northwind, address)} == {
            ("CANCEL", left.uid),
            ("CANCEL", there.uid),
        }


def test_undo_moves_the_seat_back_into_its_session(northwind: MailSink) -> None:
    booking, other = seat(10), seat(10, KIM)
    moving = to(booking, 14)
    perform_all()
    run = latest_run(*subjects_of(get_booking(booking.uid)), workflow="new_booking", move=moving.pk)
    assert run is not None
    undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    assert get_booking(booking.uid).meeting == other.meeting
    assert (counted(other.meeting), counted(moving.meeting)) == ((2, True), (0, False))


def test_undo_of_a_move_whose_seat_was_taken_changes_nothing(northwind: MailSink) -> None:
    with transaction.atomic():
        EventType.objects.filter(slug="workshop").update(capacity=1)
    booking = seat(10)
    moving = to(booking, 14)
    perform_all()
    seat(10, KIM)
    run = latest_run(*subjects_of(get_booking(booking.uid)), workflow="new_booking", move=moving.pk)
    assert run is not None
    with pytest.raises(UndoRefused, match="Nothing changed"):
        undo_run(run.pk, actor=OWNER, now=now())
    assert get_booking(booking.uid).meeting == moving.meeting


def test_a_seat_is_one_whatever_became_of_its_type(northwind: MailSink) -> None:
    """The form refuses such a change of the type; should it come another way, nobody moves anybody else."""
    EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
    booking, other = seat(10), seat(10, KIM)
    EventType.objects.filter(slug="workshop").update(kind="one_on_one", capacity=1)
    told = len(northwind.received)
    moving = to(booking, 14)
    perform_all()
    moving.refresh_from_db()
    mine, others = get_booking(booking.uid).meeting, get_booking(other.uid).meeting
    assert (moving.status, mine.starts_at, others.starts_at) == ("confirmed", workday(14), workday(10))
    assert (others.pk, counted(others)) == (booking.meeting_id, (1, True))
    assert KIM.email not in {address for mail in northwind.received[told:] for address in mail.recipients}


def test_a_host_moves_no_session_whatever_became_of_its_type(northwind: MailSink) -> None:
    """Their calendar moves a meeting without asking for its hours, but not a session with seats."""
    EventType.objects.update(location_kind="in_person", location_detail="12 Quay Street")
    booking, other = seat(10), seat(10, KIM)
    EventType.objects.filter(slug="workshop").update(kind="one_on_one", capacity=1)
    with pytest.raises(SlotRefused):
        move(get_booking(booking.uid), start=workday(3), now=now(), actor=OWNER, is_hosts_wish=True)
    assert get_booking(other.uid).meeting.starts_at == workday(10)
