"""Workflows: named, ordered lists of actions, registered at start-up by the rooms above."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.ledger.entries import Actor
from audit.models import Run
from audit.sagas.actions import Step, StepContext
from jobs.api import OWNER_PREFIX


@dataclass(frozen=True)
class UndoPreview:
    """What an undo would do, said before it is done."""

    possible: bool
    consequences: tuple[str, ...] = ()
    because: str = ""
    offers_run: bool = False


class UndoRefused(Exception):
    """The undo did not happen, and nothing changed; `words` say why and what can be done."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Workflow:
    """An ordered list of actions, and the way back.

    fail:         local write, in the transaction that turns the run to failing: give back what was promised
    fail_call:    after the undos, outside any transaction: tell the people concerned (may be retried)
    by_owner:     its steps need the owner's database role; the process that has it performs them
    waits:        a required step that fails for good stops the run until a person resumes it or rolls it back
    deadline:     when required steps must have ended; past it the run fails for good
    sentence:     the run in words, e.g. "Confirmed Ben's intro call on Tue 24 Nov 14:30"
    preview/undo: the run's Undo button; `undo` runs in a transaction and returns the run that reverses it
    """

    name: str
    steps: tuple[Step, ...]
    sentence: Callable[[Run], str]
    preview: Callable[[Run, datetime], UndoPreview]
    undo: Callable[[Run, Actor, datetime], Run]
    fail: Callable[[StepContext, str, str], None] | None = None
    deadline: Callable[[Mapping[str, Any]], datetime | None] | None = None
    by_owner: bool = False
    waits: bool = False

    @property
    def run_job(self) -> str:
        """Return the kind of the job that performs a run of it."""
        return f"{OWNER_PREFIX}run" if self.by_owner else "run"

    @property
    def undo_job(self) -> str:
        """Return the kind of the job that undoes one step of it."""
        return f"{OWNER_PREFIX}undo_step" if self.by_owner else "undo_step"

    def step(self, action: str) -> Step:
        """Return the step of that action; a KeyError names an action of another version."""
        for step in self.steps:
            if step.action.name == action:
                return step
        raise KeyError(f"{self.name} has no action {action!r}")


_workflows: dict[str, Workflow] = {}


def register_workflow(workflow: Workflow) -> Workflow:
    """Add a workflow by its name; two of one name are a mistake."""
    if workflow.name in _workflows:
        raise RuntimeError(f"Two workflows are called {workflow.name!r}.")
    _workflows[workflow.name] = workflow
    return workflow


def workflow_named(name: str) -> Workflow:
    """Return the registered workflow."""
    return _workflows[name]


def workflows() -> tuple[Workflow, ...]:
    """Return every registered workflow, by name."""
    return tuple(_workflows[name] for name in sorted(_workflows))
