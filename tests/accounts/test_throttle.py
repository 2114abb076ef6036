"""Counters against guessing: exact across connections, a window that ends, per tenant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.api import Limit, count_attempt, forget_attempts, take_back_attempt
from accounts.models import Throttle
from tests.database import World

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
THREE = Limit("test", attempts=3, window=timedelta(minutes=5))


def test_attempts_are_allowed_up_to_the_limit_and_then_told_how_long_to_wait(world: World) -> None:
    with world.enter("acme"):
        answers = [count_attempt(THREE, who="ben", now=NOW + timedelta(minutes=n)) for n in range(4)]
    assert answers == [None, None, None, timedelta(minutes=2)]


def test_window_ends(world: World) -> None:
    with world.enter("acme"):
        for _ in range(5):
            count_attempt(THREE, who="ben", now=NOW)
        assert count_attempt(THREE, who="ben", now=NOW + timedelta(minutes=4, seconds=59)) == timedelta(
            seconds=1
        )
        assert count_attempt(THREE, who="ben", now=NOW + timedelta(minutes=5)) is None
        assert Throttle.objects.get().count == 1


@pytest.mark.parametrize("other", ["carla", "ben "])
def test_others_have_a_count_of_their_own(world: World, other: str) -> None:
    with world.enter("acme"):
        for _ in range(4):
            count_attempt(THREE, who="ben", now=NOW)
        assert count_attempt(THREE, who=other, now=NOW) is None


def test_another_action_and_another_tenant_have_counts_of_their_own(world: World) -> None:
    with world.enter("acme"):
        for _ in range(4):
            count_attempt(THREE, who="ben", now=NOW)
        assert count_attempt(Limit("other", 3, timedelta(minutes=5)), who="ben", now=NOW) is None
    with world.enter("northwind"):
        assert count_attempt(THREE, who="ben", now=NOW) is None


def test_taking_back_leaves_what_others_tried(world: World) -> None:
    with world.enter("acme"):
        for _ in range(3):
            count_attempt(THREE, who="ben", now=NOW)
        take_back_attempt(THREE, who="ben")
        assert count_attempt(THREE, who="ben", now=NOW) is None
        assert count_attempt(THREE, who="ben", now=NOW) == THREE.window


def test_forgetting_starts_over(world: World) -> None:
    with world.enter("acme"):
        for _ in range(9):
            count_attempt(THREE, who="ben", now=NOW)
        forget_attempts(THREE, who="ben")
        assert count_attempt(THREE, who="ben", now=NOW) is None


def test_key_holds_no_address(world: World) -> None:
    with world.enter("acme"):
        count_attempt(THREE, who="ben@example.org", now=NOW)
        assert "ben" not in Throttle.objects.get().key


def test_old_windows_are_swept_when_a_new_one_opens(world: World) -> None:
    with world.enter("acme"):
        count_attempt(THREE, who="long ago", now=NOW - timedelta(days=2))
        count_attempt(THREE, who="today", now=NOW - timedelta(hours=1))
        count_attempt(THREE, who="ben", now=NOW)
        assert Throttle.objects.count() == 2


def test_forty_at_once_on_eight_connections_let_exactly_the_limit_through(world: World) -> None:
    def attempt(_: int) -> timedelta | None:
        try:
            with world.enter("acme"):
                return count_attempt(THREE, who="ben", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(40)))
    assert answers.count(None) == 3
    with world.enter("acme"):
        assert Throttle.objects.get().count == 40
