"""The clock finds deadlines at one place for all tenants; in its rounds it asks each tenant what there is to do."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.api import Booking, get_booking, get_event_type, hold
from holdfast.clock import FEW_TENANTS, Clock
from jobs.api import passed_deadlines
from jobs.models import Deadline
from kernel import chores as kernel_chores
from kernel.chores import chores, chores_due
from kernel.tenancy import current_schema
from tests.booking.clockwork import let_pass
from tests.booking.scene import CLIENT, booked, now, workday
from tests.booking.test_explaining import busy
from tests.database import World

OTHER_WORK = ("health", "round", "calendars")


@pytest.fixture
def clock() -> Clock:
    """A clock that has just done everything but look for deadlines and go on with its round."""
    clock = Clock()
    clock._done_at |= dict.fromkeys(OTHER_WORK, time.monotonic())
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


def go_round(clock: Clock, *schemas: str) -> None:
    """Have the clock visit these tenants, as many in a tick as it would of few."""
    clock._done_at |= dict.fromkeys(("deadlines", *OTHER_WORK), time.monotonic())
    clock._round.extend(schemas)
    clock._of_a_tick = FEW_TENANTS
    clock.tick()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was done for whom, in order: (schema, chore); the chores themselves are not performed."""
    seen: list[tuple[str, str]] = []

    def instead(name: str) -> Callable[[datetime], object]:
        return lambda _: seen.append((current_schema(), name))

    known = {each.name: replace(each, do=instead(each.name)) for each in chores()}
    monkeypatch.setattr("kernel.chores._chores", known)
    return seen


def test_a_tenant_is_asked_everything_in_one_statement(
    world: World, clock: Clock, done: list[tuple[str, str]]
) -> None:
    with CaptureQueriesContext(connection) as statements:
        go_round(clock, world.acme, world.northwind)
    assert len(statements) == 2, [each["sql"] for each in statements]
    assert done == [(world.acme, "checkpoint"), (world.northwind, "checkpoint")]


def test_what_a_tenant_has_is_done_there_and_nowhere_else(
    world: World, clock: Clock, done: list[tuple[str, str]]
) -> None:
    ours = held(world, "acme", "intro-call")
    with world.enter("acme"):
        let_pass(ours)
    go_round(clock, world.acme, world.northwind)
    assert done == [(world.acme, "checkpoint"), (world.acme, "deadlines"), (world.northwind, "checkpoint")]


def test_the_questions_are_answered_yes_where_there_is_something(world: World) -> None:
    def due() -> set[str]:
        return {each.name for each in chores_due()} - {"checkpoint"}

    with world.enter("acme"):
        assert due() == set()
        booked("intro-call", workday(10))
        assert due() == set()
        with world.superuser("acme") as raw:  # as if that meeting had been yesterday
            raw.execute("SET session_replication_role = replica")
            raw.execute("UPDATE booking_booking SET status = 'confirmed', expires_at = NULL")
            raw.execute(
                "UPDATE booking_meeting SET starts_at = now() - interval '1 day', ends_at = now() - interval '23 hours'"
            )
            raw.commit()
        assert due() == {"ended meetings"}
        busy("Private", workday(13), 30)
        assert due() == {"ended meetings", "calendars"}


def test_calendars_are_polled_between_rounds_where_there_are_some(
    world: World, clock: Clock, done: list[tuple[str, str]]
) -> None:
    with world.enter("acme"):
        busy("Private", workday(13), 30)
    go_round(clock, world.acme, world.northwind)
    done.clear()
    clock._done_at.pop("calendars")
    clock.tick()
    assert done == [(world.acme, "calendars")]


def test_one_chores_fault_keeps_neither_the_others_nor_the_next_tenant_waiting(
    world: World, clock: Clock, done: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: datetime) -> None:
        raise RuntimeError("of this chore")

    ours = held(world, "acme", "intro-call")
    with world.enter("acme"):
        let_pass(ours)
    first = next(each for each in chores() if each.name == "checkpoint")
    monkeypatch.setitem(kernel_chores._chores, "checkpoint", replace(first, do=fail))
    go_round(clock, world.acme, "t_that_is_gone", world.northwind)
    assert done == [(world.acme, "deadlines")]


def test_a_round_through_many_tenants_takes_many_ticks(
    world: World, clock: Clock, done: list[tuple[str, str]]
) -> None:
    go_round(clock, *[world.acme] * (FEW_TENANTS + 3))
    assert len(done) == FEW_TENANTS
    clock.tick()
    assert len(done) == FEW_TENANTS + 3
