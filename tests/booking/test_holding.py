"""Taking a place: holds that block and expire, sessions that are joined, keys that replay, caps and pauses."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from audit.api import Entry, latest_run
from booking.api import Attendee, Booking, IdempotencyMismatch, SlotRefused, book, get_event_type, hold
from booking.models import Meeting
from tenants.api import Tenant
from tests.booking.clockwork import let_pass, live_ranges
from tests.booking.scene import BEN, CLIENT, OWNER, booked, first_slots, now, workday
from tests.database import World

KIM = Attendee("Kim Roe", "kim@example.com")


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    with world.enter("acme"):
        yield world


@pytest.fixture
def northwind(world: World) -> Iterator[World]:
    with world.enter("northwind"):
        yield world


def held(slug: str, hour: int, *, visitor: str = "visitor") -> Booking:
    """Hold a start as the page does."""
    return hold(
        get_event_type(slug), start=workday(hour), time_zone="Europe/Lisbon", now=now(), actor=CLIENT,
        visitor=visitor,
    )  # fmt: skip


def refused(slug: str, hour: int, *, visitor: str = "another") -> str:
    """Return the reason with which a hold is refused."""
    with pytest.raises(SlotRefused) as error:
        held(slug, hour, visitor=visitor)
    return error.value.code


def test_a_hold_blocks_its_time_with_buffers_until_its_deadline(acme: World) -> None:
    booking = held("site-visit", 11)
    start = workday(11)
    assert (booking.status, booking.attendee_email) == ("held", "")
    assert 295 < (booking.expires_at - now()).total_seconds() <= 300  # type: ignore[operator]
    row = booking.meeting.occupancy.get()
    assert ((start - row.blocked.lower).seconds, (row.blocked.upper - start).seconds) == (1800, 7200)
    assert refused("intro-call", 11) == "host_busy"
    assert [e.action for e in Entry.objects.filter(subject=f"meeting:{booking.meeting.uid}")] == ["hold_slot"]


def test_an_expired_hold_that_nobody_swept_blocks_nobody_and_its_end_is_signed(acme: World) -> None:
    first = held("site-visit", 11)
    let_pass(first)
    assert workday(11) in [slot.start for slot in first_slots(get_event_type("site-visit"), workday(11))]
    second = held("site-visit", 11, visitor="another")
    first.refresh_from_db()
    assert (first.status, second.status, first.meeting_id != second.meeting_id) == ("expired", "held", True)
    assert live_ranges(first.meeting_id) == []
    actions = Entry.objects.filter(subject=f"meeting:{first.meeting.uid}").values_list("action", flat=True)
    assert sorted(actions) == ["expire_hold", "hold_slot", "time_passes"]


def test_a_session_whose_only_hold_expired_can_be_booked_by_the_next(northwind: World) -> None:
    first = held("workshop", 10)
    let_pass(first)
    second = held("workshop", 10, visitor="another")
    first.refresh_from_db()
    assert (first.status, second.status) == ("expired", "held")
    assert Entry.objects.filter(action="expire_hold", subject=f"meeting:{first.meeting.uid}").count() == 1
    second.meeting.refresh_from_db()
    assert second.meeting.seats_taken == 1


def test_the_seat_of_an_expired_hold_is_sold_again_while_the_others_stay(northwind: World) -> None:
    with transaction.atomic():
        get_event_type("workshop").__class__.objects.filter(slug="workshop").update(capacity=2)
    first, second = held("workshop", 10, visitor="1"), held("workshop", 10, visitor="2")
    assert (first.meeting_id, refused("workshop", 10)) == (second.meeting_id, "seats_full")
    let_pass(first)
    third = held("workshop", 10, visitor="3")
    meeting = Meeting.objects.get(pk=first.meeting_id)
    assert (third.meeting_id, meeting.seats_taken, meeting.released_at) == (meeting.pk, 2, None)
    assert refused("workshop", 10, visitor="4") == "seats_full"


def test_a_key_sent_again_returns_the_same_booking(acme: World) -> None:
    first = booked("site-visit", workday(11), key="k1")
    again = booked("site-visit", workday(11), key="k1")
    assert (again.pk, Booking.objects.count()) == (first.pk, 1)


@pytest.mark.parametrize(("start", "who"), [(workday(14), BEN), (workday(11), KIM)])
def test_a_key_sent_with_another_request_is_refused(acme: World, start: object, who: Attendee) -> None:
    booked("site-visit", workday(11), key="k1")
    with pytest.raises(IdempotencyMismatch):
        booked("site-visit", start, attendee=who, key="k1")  # type: ignore[arg-type]
    assert Booking.objects.count() == 1


def test_a_refused_request_does_not_use_up_its_key(acme: World) -> None:
    blocker = held("site-visit", 11)
    with pytest.raises(SlotRefused):
        booked("site-visit", workday(11), key="k1")
    let_pass(blocker)
    assert booked("site-visit", workday(11), key="k1").status == "confirmed"


def test_one_visitor_holds_at_most_so_many_at_once(acme: World, settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = True
    settings.HOLDFAST_HOLDS_PER_VISITOR = 2
    first = held("intro-call", 9)
    held("intro-call", 10)
    assert refused("intro-call", 11, visitor="visitor") == "too_many_holds"
    assert held("intro-call", 11, visitor="another").status == "held"
    let_pass(first)
    assert held("intro-call", 12).status == "held"


@pytest.mark.parametrize(
    ("column", "reason"), [("paused_at", "tenant_paused"), ("suspended_at", "tenant_suspended")]
)
def test_a_business_that_takes_no_bookings_says_so(acme: World, column: str, reason: str) -> None:
    Tenant.objects.filter(slug="acme").update(**{column: Now()})
    assert refused("intro-call", 9) == reason


def test_a_start_between_two_seconds_is_no_slot(acme: World) -> None:
    with pytest.raises(SlotRefused) as error:
        booked("site-visit", workday(11).replace(microsecond=1))
    assert error.value.code == "outside_hours"


def test_a_user_books_for_a_client_through_the_same_guard_and_without_the_publics_caps(
    acme: World, settings: Settings
) -> None:
    settings.HOLDFAST_HOLDS_PER_VISITOR = 0

    def for_a_client(hour: int) -> Booking:
        return book(
            get_event_type("site-visit"), start=workday(hour), time_zone="Europe/Lisbon", attendee=KIM, guests=[],
            answers={}, now=now(), actor=OWNER, visitor="user:1", source="portal",
        ).booking  # fmt: skip

    booking = for_a_client(11)
    assert (booking.status, booking.source) == ("confirmed", "portal")
    run = latest_run(f"meeting:{booking.meeting.uid}", workflow="new_booking")
    assert run is not None
    assert (run.actor_type, run.actor_id) == ("user", "1")
    with pytest.raises(SlotRefused) as error:
        for_a_client(11)
    assert error.value.code == "host_busy"
