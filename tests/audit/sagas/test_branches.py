"""Alternatives of a run: one that fails for good gives way to the next, and what is not needed is left out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.db import transaction

from audit.api import (
    Action,
    NoEffect,
    Permanent,
    Run,
    Step,
    StepContext,
    Transient,
    Undo,
    UndoPreview,
    Workflow,
    register_workflow,
    start_run,
)
from audit.sagas.faults import Fault, when_a_step_fails
from jobs.api import drain
from tests.audit.sagas.test_runner import Killed
from tests.audit.sagas.toy import OWNER, actions, make_due, raises, states
from tests.database import World

STEPS = (
    ("check", 0), ("make", 1), ("prove", 1), ("make2", 2), ("prove2", 2), ("make3", 3), ("prove3", 3), ("keep", 0),
    ("discard", 0), ("tell", 0),
)  # fmt: skip
_numbers = count(1)


class Ways:
    """A workflow with three alternatives, its diary, and the faults that a test chooses."""

    def __init__(self) -> None:
        self.diary: list[str] = []
        self.faults: dict[str, list[Callable[[], None]]] = {}
        self.workflow = register_workflow(
            Workflow(
                name=f"ways{next(_numbers)}",
                steps=tuple(self._step(name, branch) for name, branch in STEPS),
                sentence=lambda run: f"Ways {run.pk}",
                preview=lambda run, now: UndoPreview(possible=False),
                undo=lambda run, actor, now: run,
                fail=lambda context, code, words: self.diary.append(f"fail {words}"),
            )
        )

    def _step(self, name: str, branch: int) -> Step:
        def call(context: StepContext) -> dict[str, Any]:
            self.diary.append(name)
            if self.faults.get(name):
                self.faults[name].pop(0)()
            return {"did": name}

        def undo(context: StepContext) -> dict[str, Any]:
            self.diary.append(f"undo {name}")
            return {}

        way_back = Undo("back", call=undo) if name.startswith("make") else NoEffect()
        return Step(
            Action(name, name, way_back, call=call), required=name not in ("tell", "discard"), attempts=2,
            back_off=0.01, branch=branch, on_giving_way=name == "discard",
        )  # fmt: skip

    def ended(self, *, without: tuple[str, ...] = ()) -> Run:
        """Start a run and perform it to its end."""
        with transaction.atomic():
            run = start_run(
                self.workflow, subject="test:1", payload={}, actor=OWNER, now=datetime.now(UTC), without=without
            )  # fmt: skip
        for _ in range(6):
            make_due()
            drain()
        return run

    def fails(self, *names: str) -> None:
        """Let these steps fail for good."""
        for name in names:
            self.faults[name] = [raises(Permanent(f"no {name}"))]


@pytest.fixture
def ways(world: World) -> Iterator[Ways]:
    with world.enter("acme"):
        yield Ways()


def test_the_first_way_that_works_leaves_the_others_out(ways: Ways) -> None:
    run = ways.ended()
    assert ways.diary == ["check", "make", "prove", "keep", "tell"]
    assert states(run) == ("done", ["done"] * 3 + ["skipped"] * 4 + ["done", "skipped", "done"])


def test_a_way_that_cannot_be_made_gives_way_and_the_rest_of_it_is_left_out(ways: Ways) -> None:
    ways.fails("make")
    run = ways.ended()
    assert ways.diary == ["check", "make", "make2", "prove2", "keep", "discard", "tell"]
    wanted = ["done", "failed", "skipped", "done", "done", "skipped", "skipped", "done", "done", "done"]
    assert states(run) == ("done", wanted)
    assert (run.failure_words, run.steps.get(action="make").error) == ("", "no make")
    assert actions(run) == ["check", "make.failed", "make2", "prove2", "keep", "discard", "tell"]


def test_a_way_that_cannot_be_proven_within_its_attempts_gives_way(ways: Ways) -> None:
    ways.faults["prove"] = [raises(Transient("not yet"))] * 2
    ways.fails("make2")
    run = ways.ended()
    assert ways.diary == [
        "check",
        "make",
        "prove",
        "prove",
        "make2",
        "make3",
        "prove3",
        "keep",
        "discard",
        "tell",
    ]
    assert states(run)[0] == "done"


def test_the_last_way_that_fails_fails_the_run_and_every_way_that_was_begun_is_undone(ways: Ways) -> None:
    ways.fails("prove", "make2", "prove3")
    run = ways.ended()
    assert ways.diary == [
        "check", "make", "prove", "make2", "make3", "prove3", "fail no prove3", "undo make3", "undo make2", "undo make",
    ]  # fmt: skip
    assert (states(run)[0], run.failure_words) == ("failed", "no prove3")


def test_a_run_without_alternatives_fails_with_its_only_way(ways: Ways) -> None:
    ways.fails("make")
    run = ways.ended(without=("make2", "prove2", "make3", "prove3", "discard"))
    assert (ways.diary, states(run)[0]) == (["check", "make", "fail no make", "undo make"], "failed")


@pytest.mark.parametrize("name", ["make2", "keep"])
def test_a_worker_killed_on_the_second_way_is_followed_by_one_that_goes_on_there(
    ways: Ways, name: str
) -> None:
    ways.fails("make")
    ways.faults[name] = [raises(Killed())]
    with pytest.raises(Killed):
        ways.ended()
    make_due()
    drain()
    assert ways.diary.count("make") == 1
    assert [each for each in ways.diary if each != name] == [
        each for each in ["check", "make", "make2", "prove2", "keep", "discard", "tell"] if each != name
    ]
    assert ways.diary.count(name) == 2


def test_a_fault_that_gave_way_is_reported_as_such(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Fault] = []
    when_a_step_fails("a test", told.append)
    ways.fails("make", "tell")
    ways.ended()
    assert [(fault.step.action, fault.gave_way) for fault in told] == [("make", True), ("tell", False)]
