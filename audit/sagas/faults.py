"""A step that failed for good is reported to whoever registered for it, by name, at start-up: rooms above."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from audit.models import Run, Step


@dataclass(frozen=True)
class Fault:
    """What failed for good: a step (required or not), or with `undoing` its undo. `code` may be "".

    `gave_way`: an alternative is tried instead, so the run goes on.
    """

    run: Run
    step: Step
    code: str
    words: str
    now: datetime
    undoing: bool = False
    gave_way: bool = False


FaultHandler = Callable[[Fault], None]
_handlers: dict[str, FaultHandler] = {}


def when_a_step_fails(name: str, handler: FaultHandler) -> None:
    """Have `handler` called in the transaction that writes the failure down; two of one name are a mistake.

    What it writes lives and dies with that transaction, so it only starts what goes on afterwards: nothing
    leaves the building in it.
    """
    if _handlers.get(name, handler) is not handler:
        raise RuntimeError(f"Two handlers of faults are called {name!r}.")
    _handlers[name] = handler


def report(fault: Fault) -> None:
    """Call every registered handler, in the order of their names, in the caller's transaction."""
    for name in sorted(_handlers):
        _handlers[name](fault)
