"""What the tests of locks count by sees each deadlock at once, also one whose error somebody caught."""

from contextlib import ExitStack

from tests.database import World
from tests.deadlocking import SWALLOWED, deadlock


def test_a_deadlock_is_seen_at_once(world: World) -> None:
    assert world.deadlocks() == 0
    with ExitStack() as stack:
        assert (deadlock(world, stack), world.deadlocks()) == (1, 1)


def test_a_deadlock_whose_error_was_caught_is_seen_too(world: World) -> None:
    with ExitStack() as stack:
        assert (deadlock(world, stack, statement=SWALLOWED), world.deadlocks()) == (0, 1)
