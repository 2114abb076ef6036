"""The clock looks for deadlines at one place for all tenants, and goes where one has passed."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.api import Booking, get_booking, get_event_type, hold
from holdfast.clock import Clock
from jobs.api import passed_deadlines
from jobs.models import Deadline
from tests.booking.clockwork import let_pass
from tests.booking.scene import CLIENT, now, workday
from tests.database import World

OTHER_CHORES = (
    "every deadline", "ended", "health", "rooms", "tokens", "calendars", "channels", "checkpoints",
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    """A clock that has just done everything but look for deadlines."""
    clock = Clock()
    clock._done_at |= dict.fromkeys(OTHER_CHORES, time.monotonic())
    return clock


def held(world: World, tenant: str, slug: str) -> Booking:
    with world.enter(tenant):
        return hold(
            get_event_type(slug), start=workday(10), time_zone="UTC", now=now(), actor=CLIENT, visitor="v"
        )


def test_nothing_that_has_passed_is_one_statement_and_what_has_is_settled_and_forgotten(
    world: World, clock: Clock
) -> None:
    ours, theirs = held(world, "acme", "intro-call"), held(world, "northwind", "meet")
    assert Deadline.objects.count() == 2
    with CaptureQueriesContext(connection) as statements:
        clock.tick()
    assert len(statements) == 1, [each["sql"] for each in statements]
    with world.enter("acme"):
        let_pass(ours)
    clock._done_at.pop("deadlines")
    clock.tick()
    with world.enter("acme"):
        assert get_booking(ours.uid).status == "expired"
    with world.enter("northwind"):
        assert get_booking(theirs.uid).status == "held"
    assert passed_deadlines() == {}
    assert Deadline.objects.filter(schema=world.northwind).count() == 1


def test_a_deadline_is_kept_while_something_stands_in_the_way(
    world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = held(world, "acme", "intro-call")
    with world.enter("acme"):
        let_pass(ours)
    with monkeypatch.context() as broken:
        broken.setattr("booking.deadlines.expire_due", lambda: 0)
        clock.tick()
    assert list(passed_deadlines()) == [world.acme]
    clock._done_at.pop("deadlines")
    clock.tick()
    with world.enter("acme"):
        assert get_booking(ours.uid).status == "expired"
    assert passed_deadlines() == {}
