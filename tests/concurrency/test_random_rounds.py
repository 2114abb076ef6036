"""A seeded sample of the random rounds; the whole of them is `python -m tests.concurrency.random_rounds`."""

from tests.concurrency.random_rounds import run_rounds
from tests.database import World


def test_sixty_random_rounds_break_nothing(world: World) -> None:
    figures = run_rounds(world, rounds=60, seed=7)
    assert (figures.broken, figures.deadlocks, figures.rounds, figures.at_once) == ([], 0, 60, 30)
    done = {outcome.partition(":")[0] for outcome in figures.outcomes if outcome.endswith(": done")}
    assert {"book", "hold", "series", "move", "approve"} <= done
    assert not any(outcome.endswith(": busy") for outcome in figures.outcomes)
