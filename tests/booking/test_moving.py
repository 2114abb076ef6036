"""Moving: both times blocked until the new one is proven; the old one stands when it fails, expires or is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pytest_django.fixtures import Settings

from audit.api import Entry, UndoRefused, get_run, latest_run, undo_preview, undo_run
from booking.api import Booking, NotChangeable, SlotRefused, get_booking, manage_token, move
from booking.deadlines import expire_due
from booking.guard import guarded
from booking.models import EventType, Move
from booking.moving import _move
from kernel.reasons import Reason
from providers.models import Room
from tests.booking.clockwork import let_pass, live_ranges, perform_all
from tests.booking.scene import CLIENT, OWNER, booked, first_slots, now, workday
from tests.database import World
from tests.simulators.http import Answer, http_site
from tests.simulators.smtp import MailSink


@pytest.fixture
def confirmed(world: World, web: str, mails: MailSink) -> Iterator[Booking]:
    """A confirmed intro call (30 minutes, in the built-in room) at 11:00 in Lisbon."""
    with world.enter("acme"):
        booking = booked("intro-call", workday(11))
        perform_all()
        yield get_booking(booking.uid)


def utc(hour: int, minute: int = 0) -> str:
    """Return "HH:MM" in UTC of a wall-clock time in Lisbon on the tests' day."""
    return f"{workday(hour, minute):%H:%M}"


def to(booking: Booking, hour: int, minute: int = 0) -> Move:
    return move(get_booking(booking.uid), start=workday(hour, minute), now=now(), actor=CLIENT)


def test_both_times_are_blocked_until_the_new_one_counts(confirmed: Booking) -> None:
    token = manage_token(confirmed)
    moving = to(confirmed, 14)
    assert live_ranges(confirmed.meeting_id) == [(utc(11), utc(11, 30)), (utc(14), utc(14, 30))]
    for hour in (11, 14):
        with pytest.raises(SlotRefused):
            booked("intro-call", workday(hour))
    perform_all()
    moving.refresh_from_db()
    after = get_booking(confirmed.uid)
    assert (moving.status, after.status, after.meeting.starts_at) == ("confirmed", "confirmed", workday(14))
    assert live_ranges(confirmed.meeting_id) == [(utc(14), utc(14, 30))]
    assert after.meeting.link_key == f"{after.meeting.uid}-m{moving.pk}"
    assert (manage_token(after) != token, after.meeting.sequence) == (True, 1)
    assert list(Room.objects.filter(cancelled_at=None).values_list("key", flat=True)) == [
        after.meeting.link_key
    ]
    assert booked("intro-call", workday(11)).status == "awaiting_link"


@pytest.mark.parametrize(("minute", "covering"), [(30, ((11, 0), (12, 0)))])
def test_times_that_touch_are_covered_by_one_row(
    confirmed: Booking, minute: int, covering: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    to(confirmed, 11, minute)
    assert live_ranges(confirmed.meeting_id) == [(utc(*covering[0]), utc(*covering[1]))]
    perform_all()
    assert live_ranges(confirmed.meeting_id) == [(utc(11, 30), utc(12))]


def test_times_that_overlap_are_covered_by_one_row_and_the_rest_is_free_afterwards(
    world: World, mails: MailSink
) -> None:
    with world.enter("acme"):
        booking = booked("site-visit", workday(11))  # 90 minutes with 30 before and after
        done = to(booking, 11, 30)
        assert (done.status, live_ranges(booking.meeting_id)) == ("confirmed", [(utc(11), utc(13, 30))])
        assert booked("intro-call", workday(10, 30)).status == "awaiting_link"


def test_a_link_that_cannot_be_proven_leaves_the_old_time_and_frees_the_new(
    confirmed: Booking, settings: Settings, mails: MailSink
) -> None:
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        moving = to(confirmed, 14)
        perform_all()
    moving.refresh_from_db()
    after = get_booking(confirmed.uid)
    assert (moving.status, moving.failure_code) == ("failed", "link_unverified")
    assert (after.status, after.meeting.starts_at, after.meeting.link_key) == (
        "confirmed", workday(11), confirmed.meeting.link_key,
    )  # fmt: skip
    assert live_ranges(confirmed.meeting_id) == [(utc(11), utc(11, 30))]
    assert list(Room.objects.filter(cancelled_at=None).values_list("key", flat=True)) == [
        after.meeting.link_key
    ]


def test_a_move_that_expired_unswept_gives_way_to_the_next_and_its_end_is_signed(confirmed: Booking) -> None:
    first = to(confirmed, 14)
    let_pass(first)
    second = to(confirmed, 15)
    first.refresh_from_db()
    assert (first.status, second.status) == ("expired", "held")
    assert Entry.objects.filter(action="expire_hold").count() == 1
    perform_all()
    first.refresh_from_db()
    assert (first.status, get_booking(confirmed.uid).meeting.starts_at) == ("expired", workday(15))


def test_an_expired_move_and_then_a_time_that_was_taken_is_a_plain_refusal(confirmed: Booking) -> None:
    first = to(confirmed, 14)
    let_pass(first)
    booked("intro-call", workday(15))

    def late() -> object:  # the check before the guard was right a moment ago
        return _move(get_booking(confirmed.uid), start=workday(15), now=now(), actor=CLIENT, choices=[])

    assert guarded(late) == "slot_taken"
    first.refresh_from_db()
    assert (first.status, live_ranges(confirmed.meeting_id)) == ("expired", [(utc(11), utc(11, 30))])
    assert Entry.objects.filter(action="expire_hold").count() == 1


def test_the_clock_ends_a_move_and_the_late_run_confirms_nothing(confirmed: Booking, mails: MailSink) -> None:
    moving = to(confirmed, 14)
    let_pass(moving)
    assert expire_due() == 1
    assert live_ranges(confirmed.meeting_id) == [(utc(11), utc(11, 30))]
    perform_all()
    moving.refresh_from_db()
    after = get_booking(confirmed.uid)
    assert (moving.status, after.status, after.meeting.starts_at) == ("expired", "confirmed", workday(11))
    assert live_ranges(confirmed.meeting_id) == [(utc(11), utc(11, 30))]
    assert list(Room.objects.values_list("key", flat=True)) == [confirmed.meeting.link_key]


@pytest.mark.parametrize(("hour", "minute", "also"), [(14, 0, 14), (11, 30, 12)])
def test_an_expired_move_that_nobody_swept_withholds_its_new_time_on_no_page(
    confirmed: Booking, hour: int, minute: int, also: int
) -> None:
    moving = to(confirmed, hour, minute)

    def offered() -> set[datetime]:
        return {slot.start for slot in first_slots(confirmed.meeting.event_type, workday(hour))}

    assert workday(hour, minute) not in offered()
    let_pass(moving)
    assert {workday(hour, minute), workday(also)} <= offered()
    assert workday(11) not in offered()


def test_a_booking_that_moves_cannot_be_moved_at_the_same_time(confirmed: Booking) -> None:
    to(confirmed, 14)
    with pytest.raises(NotChangeable, match="being moved right now"):
        to(confirmed, 15)


@pytest.mark.parametrize(("hour", "why"), [(11, "has already")])
def test_the_time_that_it_has_is_no_move(confirmed: Booking, hour: int, why: str) -> None:
    with pytest.raises(NotChangeable, match=why):
        to(confirmed, hour)


def test_a_taken_time_is_refused_with_others_and_the_booking_stays(confirmed: Booking) -> None:
    booked("intro-call", workday(14))
    with pytest.raises(SlotRefused) as refused:
        to(confirmed, 14)
    assert (refused.value.code, len(refused.value.alternatives)) == ("host_busy", 3)
    assert refused.value.message.endswith("Your booking stays as it is.")


def undo_last_move(booking: Booking) -> object:
    run = latest_run(f"meeting:{booking.meeting.uid}", workflow="new_booking")
    assert run is not None
    return undo_run(run.pk, actor=OWNER, now=now())


def test_undo_of_a_move_moves_back_through_the_guard(confirmed: Booking) -> None:
    to(confirmed, 14)
    perform_all()
    undo_last_move(confirmed)
    perform_all()
    after = get_booking(confirmed.uid)
    assert (after.meeting.starts_at, live_ranges(after.meeting_id)) == (workday(11), [(utc(11), utc(11, 30))])
    assert after.meeting.sequence == 2


def test_undo_of_a_move_that_failed_is_said_and_can_be_tried_again(
    confirmed: Booking, settings: Settings
) -> None:
    to(confirmed, 14)
    perform_all()
    run = latest_run(f"meeting:{confirmed.meeting.uid}", workflow="new_booking")
    assert run is not None
    there = settings.HOLDFAST_SELF_ADDRESS
    with http_site(lambda seen: Answer(status=500)) as broken:
        settings.HOLDFAST_SELF_ADDRESS = broken.address
        failed = undo_run(run.pk, actor=OWNER, now=now())
        perform_all()
    settings.HOLDFAST_SELF_ADDRESS = there
    assert get_booking(confirmed.uid).meeting.starts_at == workday(14)
    seen = get_run(run.pk)
    assert (seen.undone_by, seen.undo_failed, seen.reversible) == (None, failed.pk, True)
    assert seen.undo_failed_words == get_run(failed.pk).failure_words != ""
    again = undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    after = get_booking(confirmed.uid)
    assert (after.meeting.starts_at, live_ranges(after.meeting_id)) == (workday(11), [(utc(11), utc(11, 30))])
    assert get_run(run.pk).undone_by == again.pk


def test_undo_of_a_move_whose_old_time_was_taken_changes_nothing(confirmed: Booking) -> None:
    to(confirmed, 14)
    perform_all()
    booked("intro-call", workday(11))
    with pytest.raises(UndoRefused, match=r"^The time is gone: .* is taken. Nothing changed.$"):
        undo_last_move(confirmed)
    assert get_booking(confirmed.uid).meeting.starts_at == workday(14)


def test_undo_of_a_move_while_the_next_one_is_under_way_says_so(confirmed: Booking) -> None:
    to(confirmed, 14)
    perform_all()
    run = latest_run(f"meeting:{confirmed.meeting.uid}", workflow="new_booking")
    assert run is not None
    to(confirmed, 15)
    with pytest.raises(UndoRefused, match=r"being moved right now.*Nothing changed"):
        undo_run(run.pk, actor=OWNER, now=now())
    perform_all()
    assert undo_preview(run, now=now() + timedelta(0)).because == (
        "The booking was moved again since. Undo that first."
    )


@pytest.fixture
def visit(world: World, mails: MailSink) -> Iterator[Booking]:
    """A confirmed site visit of 90 minutes at 9:00 in Lisbon, of a type that has become one of 30."""
    with world.enter("acme"):
        booking = booked("site-visit", workday(9))
        EventType.objects.filter(slug="site-visit").update(duration_minutes=30, slot_interval_minutes=30)
        yield get_booking(booking.uid)


def test_a_meeting_moves_with_its_own_length_within_the_hours(visit: Booking) -> None:
    with pytest.raises(SlotRefused) as refused:
        to(visit, 16, 30)
    assert refused.value.reason == Reason.OUTSIDE_HOURS
    assert {slot.end - slot.start for slot in refused.value.alternatives} == {timedelta(minutes=90)}
    moving = to(visit, 15, 30)
    assert (moving.starts_at, moving.ends_at) == (workday(15, 30), workday(17))


def test_a_time_that_is_too_short_for_its_length_is_refused_before_the_guard_is_asked(visit: Booking) -> None:
    booked("site-visit", workday(14))
    with pytest.raises(SlotRefused) as refused:
        to(visit, 12, 30)
    assert refused.value.reason == Reason.HOST_BUSY  # the guard would say that it was taken
    assert workday(12, 30) not in [slot.start for slot in refused.value.alternatives]


def test_a_host_breaks_the_hours_but_does_not_move_into_the_past(confirmed: Booking) -> None:
    at = now().replace(microsecond=0)
    for start in (at - timedelta(days=30), at):
        with pytest.raises(SlotRefused) as refused:
            move(confirmed, start=start, now=now(), actor=OWNER, is_hosts_wish=True)
        assert refused.value.reason == Reason.NOTICE_TOO_SHORT
    assert move(confirmed, start=workday(3), now=now(), actor=OWNER, is_hosts_wish=True).status == "held"


def test_a_limit_is_not_the_hosts_to_break(confirmed: Booking) -> None:
    EventType.objects.filter(slug="intro-call").update(limits=[["day", "meetings", 1]])
    full = workday(11, days=8)
    booked("intro-call", full)
    with pytest.raises(SlotRefused) as refused:
        move(
            get_booking(confirmed.uid),
            start=full + timedelta(hours=2),
            now=now(),
            actor=OWNER,
            is_hosts_wish=True,
        )
    assert refused.value.reason == Reason.LIMIT_REACHED


@pytest.mark.parametrize("is_hosts_wish", [False, True])
@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (datetime(9999, 12, 31, 10, tzinfo=UTC), "outside_window"),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))), "outside_window"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "notice_too_short"),
        (datetime(2200, 1, 1, tzinfo=UTC), "outside_window"),
        (workday(14) + timedelta(microseconds=500), "outside_hours"),
        (
            (workday(14)).astimezone(timezone(timedelta(microseconds=500))).replace(microsecond=0),
            "outside_hours",
        ),
    ],
)
def test_what_is_no_start_of_any_calendar_is_refused(
    confirmed: Booking, start: datetime, reason: str, is_hosts_wish: bool
) -> None:
    with pytest.raises(SlotRefused) as refused:
        move(get_booking(confirmed.uid), start=start, now=now(), actor=OWNER, is_hosts_wish=is_hosts_wish)
    assert refused.value.code == reason
    assert refused.value.message.endswith("Your booking stays as it is.")
    assert Move.objects.count() == 0
