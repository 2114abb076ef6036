"""What an automated step is: it does, and it says how it is undone, or why it cannot be.

An action's `call` leaves the building and runs outside every transaction; its `write` changes our own tables
and runs in the transaction that marks the step done and signs it. Either may be missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.ledger.entries import Actor

Json = dict[str, Any]


class StepFailure(Exception):
    """The root of what an action may raise on purpose; everything else is a fault of ours and is retried."""

    def __init__(self, words: str, *, code: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class Transient(StepFailure):
    """It did not work this time; try again. `retry_after` in seconds, where the other side said so."""

    def __init__(self, words: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(words, code=code)
        self.retry_after = retry_after


class Permanent(StepFailure):
    """It will not work however often it is tried."""


@dataclass(frozen=True)
class StepContext:
    """What an action is handed: whose run it is, with ids only, and the instant at which the step began."""

    run_id: int
    step_id: int
    workflow: str
    subject: str
    payload: Mapping[str, Any]
    actor: Actor
    now: datetime
    recovered: bool = False  # an earlier attempt started and never reported: look the effect up first
    result: Mapping[str, Any] = field(
        default_factory=dict
    )  # what this step's call returned (in undo: had returned)
    results: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # of the run's earlier steps, by action
    alive: Callable[[], None] = lambda: None  # a long call says that it still works: its lease is renewed


Call = Callable[[StepContext], Json]
Write = Callable[[StepContext], None]


@dataclass(frozen=True)
class Undo:
    """The inverse. `consequence` says before the click what will happen, as a sentence."""

    consequence: str
    call: Call | None = None
    write: Write | None = None


@dataclass(frozen=True)
class Irreversible:
    """It cannot be unsent: `because` says why, `correct` sends the correction, `consequence` names it."""

    because: str
    consequence: str
    correct: Call | None = None


@dataclass(frozen=True)
class NoEffect:
    """A check: there is nothing to take back."""


@dataclass(frozen=True)
class Action:
    """One automated step. `sentence` is its past tense for What ran ("Created the meeting link")."""

    name: str
    sentence: str
    undo: Undo | Irreversible | NoEffect
    call: Call | None = None
    write: Write | None = None


@dataclass(frozen=True)
class Step:
    """An action's place in a workflow: a required one that fails for good ends the run and undoes it.

    `attempts` bounds the tries; between them `back_off` seconds, doubled each time. `own_undo` says that the
    step can be undone by itself; otherwise a later live promise rests on it and Undo offers the run.
    Steps of `branch` 1, 2, … in a row are alternatives (audit.sagas.branches): a required one that fails for good
    gives way to the next branch, and once a branch is done the later ones are left out. `on_giving_way`: left out
    unless a branch gave way.
    """

    action: Action
    required: bool = False
    attempts: int = 3
    back_off: float = 1.0
    own_undo: bool = False
    branch: int = 0
    on_giving_way: bool = False
