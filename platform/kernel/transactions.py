"""Hooks that the wrapped backend calls around a transaction's life.

Django has `on_commit`, which comes after; the ledger must write *before* the outermost COMMIT, and forget
what a savepoint took back. A hook registers once, at start-up.
"""

from typing import Any, Protocol


class TransactionHook(Protocol):
    """What a hook is told. `connection` is the wrapped backend; `sid` names a savepoint."""

    def before_commit(self, connection: Any) -> None:
        """The outermost COMMIT follows at once; SQL is still possible, and raising rolls back."""

    def savepoint(self, connection: Any, sid: str) -> None:
        """A savepoint was set."""

    def savepoint_rollback(self, connection: Any, sid: str) -> None:
        """Everything since that savepoint was taken back."""

    def rollback(self, connection: Any) -> None:
        """The whole transaction was taken back, or its connection is gone."""


_hooks: list[TransactionHook] = []


def register(hook: TransactionHook) -> None:
    """Add a hook for every connection of this process."""
    if hook not in _hooks:
        _hooks.append(hook)


def hooks() -> tuple[TransactionHook, ...]:
    """Return the registered hooks in the order of their registration."""
    return tuple(_hooks)
