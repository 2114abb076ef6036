"""Public rate limits in PostgreSQL: exact, per tenant, address and action, and never a reason to fail."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from kernel.tenancy import entered
from portal.rates import LIMITS, RateLimited, check_rate, visitor_of
from tests.database import World

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REQUEST = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
OTHER = RequestFactory().get("/", REMOTE_ADDR="203.0.113.8")


def _allowed(times: int, *, action: str = "bookings", now: datetime = NOW, who: str | None = None) -> int:
    allowed = 0
    for _ in range(times):
        try:
            check_rate(REQUEST, action, now=now, who=who)
        except RateLimited:
            continue
        allowed += 1
    return allowed


def test_the_limits_are_those_of_the_documentation() -> None:
    assert {limit.action: (limit.attempts, limit.window) for limit in LIMITS.values()} == {
        "slots": (120, timedelta(minutes=1)),
        "hold": (20, timedelta(minutes=1)),
        "submit": (10, timedelta(minutes=1)),
        "bookings": (10, timedelta(minutes=1)),
        "manage": (60, timedelta(minutes=1)),
        "api_key": (600, timedelta(minutes=1)),
        "room_join": (30, timedelta(minutes=1)),
        "test": (10, timedelta(minutes=1)),
    }


def test_refuses_the_eleventh_and_says_when_the_next_one_counts(world: World) -> None:
    with world.enter("acme"):
        assert _allowed(10) == 10
        with pytest.raises(RateLimited) as refused:
            check_rate(REQUEST, "bookings", now=NOW + timedelta(seconds=18))
        assert refused.value.retry_after_seconds == 42
        assert refused.value.message == (
            "More than 10 requests of this kind in a minute. Try again in 42 seconds."
        )
        assert _allowed(1, now=NOW + timedelta(seconds=60)) == 1


def test_counts_addresses_actions_and_tenants_apart(world: World) -> None:
    with world.enter("acme"):
        assert _allowed(11) == 10
        check_rate(OTHER, "bookings", now=NOW)
        check_rate(REQUEST, "hold", now=NOW)
        check_rate(REQUEST, "bookings", now=NOW, who="api_key:1")
    with world.enter("northwind"):
        check_rate(REQUEST, "bookings", now=NOW)


def test_a_visitor_is_the_same_in_one_tenant_only_and_its_name_does_not_tell_the_address(
    world: World,
) -> None:
    with world.enter("acme"):
        here, again, other = visitor_of(REQUEST), visitor_of(REQUEST), visitor_of(OTHER)
    with world.enter("northwind"):
        there = visitor_of(REQUEST)
    assert here == again
    assert len({here, other, there}) == 3
    assert len(here) == 64


def test_one_statement_and_a_sweep_when_a_window_opens(world: World) -> None:
    with world.enter("acme"):
        connection.ensure_connection()
        with CaptureQueriesContext(connection) as opening:
            check_rate(REQUEST, "bookings", now=NOW)
        with CaptureQueriesContext(connection) as counting:
            check_rate(REQUEST, "bookings", now=NOW)
    assert (len(opening), len(counting)) == (2, 1)


def test_forty_at_once_are_counted_exactly(world: World) -> None:
    def ask(_: int) -> bool:
        try:
            with entered(world.acme):
                check_rate(REQUEST, "bookings", now=NOW)
        except RateLimited:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(40))) == 10


def test_off_counts_nothing(world: World, settings: Settings) -> None:
    settings.HOLDFAST_PUBLIC_RATE = False
    with world.enter("acme"), CaptureQueriesContext(connection) as statements:
        assert _allowed(50) == 50
    assert len(statements) == 0


def test_a_counter_that_cannot_be_written_lets_the_request_through(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with world.owner("acme") as owner:
        owner.execute("ALTER TABLE accounts_throttle RENAME TO accounts_throttle_away")
    with world.enter("acme"), caplog.at_level(logging.ERROR, logger="portal.rates"):
        assert _allowed(11) == 11
    assert caplog.messages[0] == "the counter of bookings could not be written; the request goes on uncounted"


def test_a_count_is_never_part_of_somebody_elses_transaction(world: World) -> None:
    with world.enter("acme"), transaction.atomic(), pytest.raises(RuntimeError):
        check_rate(REQUEST, "bookings", now=NOW)
