"""A load's deadlocks are counted before PostgreSQL's counter knows of them, or it is waited for."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.database import World
from tests.deadlocking import SWALLOWED, deadlock

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from lab import deadlocks  # noqa: E402  beside the product, not in it
from lab.installation import Loaded  # noqa: E402

sys.path.remove(LOADTESTS)


def loaded(data: Path, world: World, *, superuser: str = "") -> Loaded:
    facts = {"database_url": world.app_url(), "superuser_database_url": superuser}
    (data / "run.json").write_text(json.dumps(facts))
    return Loaded(data)


@pytest.mark.parametrize(("statement", "refused"), [("SELECT pg_advisory_xact_lock(%s)", 1), (SWALLOWED, 0)])
def test_an_embedded_servers_log_tells_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, refused: int
) -> None:
    monkeypatch.setattr(deadlocks, "_counted", lambda url: 0)  # as late as it may be
    (tmp_path / "logs").symlink_to(world.server.log.parent)
    with ExitStack() as stack:
        deadlock(world, stack)  # before the load
        began = deadlocks.since_now(loaded(tmp_path, world, superuser=world.superuser_url()))
        assert deadlocks.deadlocks(began) == 0
        assert deadlock(world, stack, statement=statement) == refused
        assert deadlocks.deadlocks(began) == 1


def test_the_rest_of_a_log_that_was_put_aside_counts_too(world: World, tmp_path: Path) -> None:
    line = "LOG:  process 7 detected deadlock while waiting for ShareLock\n"
    log = tmp_path / "logs" / "postgresql.log"
    log.parent.mkdir()
    log.write_text(line * 3)
    began = deadlocks.since_now(loaded(tmp_path, world, superuser=world.superuser_url()))
    with log.open("a") as file:
        file.write(line * 2)
    assert deadlocks.deadlocks(began) == 2
    log.replace(log.with_suffix(".log.1"))
    log.write_text("LOG:  starting\n" + line)
    assert deadlocks.deadlocks(began) == 3


def test_without_a_log_the_counter_is_waited_for(world: World, tmp_path: Path) -> None:
    with ExitStack() as stack:
        began = deadlocks.since_now(loaded(tmp_path, world))
        assert deadlock(world, stack) == 1
        assert deadlocks.deadlocks(began) == 1
