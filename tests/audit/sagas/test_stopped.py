"""A run that stops at a failed step waits for a person: it goes on from there, or everything is taken back."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from audit.api import NotStopped, Permanent, register_workflow, resume_run, roll_back_run, undo_preview
from jobs.api import drain
from tests.audit.sagas.toy import OWNER, Toy, actions, raises, states
from tests.booking.scene import now
from tests.database import World


@pytest.fixture
def toy(world: World) -> Iterator[Toy]:
    """A toy whose workflow waits; its third step fails for good, once."""
    toy = Toy()
    toy.workflow = register_workflow(replace(toy.workflow, name=f"{toy.workflow.name}w", waits=True))
    toy.faults["keep"] = [raises(Permanent("no room"))]
    with world.enter("acme"):
        yield toy


def test_it_stops_there_and_offers_no_undo(toy: Toy) -> None:
    run = toy.start()
    drain()
    assert states(run) == ("stopped", ["done", "done", "failed", "waiting", "waiting"])
    assert run.failure_words == "no room"
    assert "Resume it, or roll it back" in undo_preview(run, now=now()).because
    assert drain() == 0


def test_resumed_it_tries_the_failed_step_again_and_ends(toy: Toy) -> None:
    run = toy.start()
    drain()
    resume_run(run.pk, actor=OWNER, now=now())
    drain()
    assert (states(run), run.failure_words) == (("done", ["done"] * 5), "")
    assert toy.diary.count("make") == 1
    assert actions(run)[3] == f"{toy.workflow.name}.resumed"


def test_rolled_back_it_undoes_what_was_started_backwards(toy: Toy) -> None:
    run = toy.start()
    drain()
    roll_back_run(run.pk, actor=OWNER, now=now())
    drain()
    assert states(run) == ("failed", ["done", "undone", "undone", "skipped", "skipped"])
    assert toy.diary[-2:] == ["undo keep", "undo make"]


def test_only_one_decision_counts(toy: Toy) -> None:
    run = toy.start()
    drain()
    roll_back_run(run.pk, actor=OWNER, now=now())
    with pytest.raises(NotStopped):
        resume_run(run.pk, actor=OWNER, now=now())
    assert run.steps.filter(state="skipped").count() == 2
