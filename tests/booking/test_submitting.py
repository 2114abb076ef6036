"""Attaching the attendee to a hold: once, in time, and nothing happens otherwise."""

from collections.abc import Iterator

import pytest

from booking.api import (
    Attendee,
    Booking,
    HoldExpired,
    InvalidBooking,
    NotChangeable,
    get_event_type,
    hold,
    submit,
)
from jobs.api import Job
from tests.booking.clockwork import let_pass
from tests.booking.scene import BEN, CLIENT, now, workday
from tests.database import World


@pytest.fixture
def held(world: World) -> Iterator[Booking]:
    """A hold of Acme's in-person meeting, which confirms at once."""
    with world.enter("acme"):
        yield hold(
            get_event_type("site-visit"), start=workday(11), time_zone="Europe/Lisbon", now=now(),
            actor=CLIENT, visitor="v",
        )  # fmt: skip


def send(booking: Booking, attendee: Attendee = BEN) -> Booking:
    return submit(booking, attendee=attendee, guests=[], answers={"Topic": "Roof"}, now=now(), actor=CLIENT)


def test_a_submitted_hold_is_confirmed_with_its_attendee_and_its_run(held: Booking) -> None:
    done = send(held)
    assert (done.status, done.expires_at, done.attendee_name, done.attendee_email, done.answers) == (
        "confirmed", None, "Ben Ode", "ben@example.com", {"Topic": "Roof"},
    )  # fmt: skip
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["remind", "remind", "run"]


def test_a_hold_is_submitted_once(held: Booking) -> None:
    stale = Booking.objects.select_related("meeting__event_type").get(pk=held.pk)
    send(held)
    with pytest.raises(NotChangeable):
        send(stale, Attendee("Mallory", "mallory@example.com"))
    held.refresh_from_db()
    assert (held.attendee_email, Job.objects.filter(kind="run").count()) == ("ben@example.com", 1)


def test_after_the_deadline_nothing_is_submitted_and_the_nearest_times_are_named(held: Booking) -> None:
    let_pass(held)
    with pytest.raises(HoldExpired) as error:
        send(held)
    assert (error.value.code, len(error.value.alternatives)) == ("hold_expired", 3)
    assert error.value.alternatives[0].start <= workday(11)
    held.refresh_from_db()
    assert (held.status, held.attendee_email, Job.objects.count()) == ("held", "", 0)


def test_an_attendee_who_cannot_be_written_to_leaves_the_hold_as_it_is(held: Booking) -> None:
    with pytest.raises(InvalidBooking) as error:
        send(held, Attendee("Ben", "ben@example.com,eve@example.com"))
    assert error.value.field == "attendee.email"
    held.refresh_from_db()
    assert (held.status, Job.objects.count()) == ("held", 0)
