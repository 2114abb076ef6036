"""No-show: the host's word after the start, signed, and its inverse."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from audit.api import Entry
from booking.api import (
    Booking,
    NotChangeable,
    can_mark_no_show,
    complete_ended,
    get_booking,
    mark_no_show,
    undo_no_show,
)
from tests.booking.clockwork import live_ranges
from tests.booking.scene import OWNER, booked, now, workday
from tests.database import World


@pytest.fixture
def visit(world: World) -> Iterator[Booking]:
    """A confirmed site visit at Acme: no link, no calendar, so confirmed at once."""
    with world.enter("acme"):
        yield booked("site-visit", workday(11))


def actions(booking: Booking) -> list[str]:
    found = Entry.objects.filter(subject=f"meeting:{booking.meeting.uid}").order_by("seq")
    return [name for name in found.values_list("action", flat=True) if "no_show" in name]


def test_after_the_start_a_client_who_did_not_come_is_a_no_show_and_back(
    world: World, visit: Booking
) -> None:
    later = visit.meeting.starts_at + timedelta(minutes=10)
    assert (can_mark_no_show(visit, now()), can_mark_no_show(visit, later)) == (False, True)
    assert mark_no_show(visit, now=later, actor=OWNER).status == "no_show"
    assert (live_ranges(visit.meeting_id), can_mark_no_show(visit, later)) == ([], False)
    assert undo_no_show(visit, now=later, actor=OWNER).status == "completed"
    assert actions(visit) == ["mark_no_show", "undo_no_show"]


def test_a_completed_booking_becomes_a_no_show_too(visit: Booking) -> None:
    after = visit.meeting.ends_at + timedelta(hours=1)
    assert complete_ended(now=after) == 1
    assert mark_no_show(get_booking(visit.uid), now=after, actor=OWNER).status == "no_show"


def test_nobody_has_missed_what_has_not_begun(visit: Booking) -> None:
    with pytest.raises(NotChangeable, match="has not started yet"):
        mark_no_show(visit, now=now(), actor=OWNER)


def test_two_clicks_record_it_once(visit: Booking) -> None:
    later = visit.meeting.starts_at + timedelta(minutes=10)
    mark_no_show(get_booking(visit.uid), now=later, actor=OWNER)
    with pytest.raises(NotChangeable, match="is no show"):
        mark_no_show(visit, now=later, actor=OWNER)
    assert actions(visit) == ["mark_no_show"]


def test_what_is_no_no_show_cannot_be_taken_back(visit: Booking) -> None:
    with pytest.raises(NotChangeable, match="is confirmed"):
        undo_no_show(visit, now=now(), actor=OWNER)
