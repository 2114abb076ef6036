"""Hooks that the wrapped backend calls around a transaction's life.

Django has `on_commit`, which comes after; the ledger must write *before* the outermost COMMIT, and forget
what a savepoint took back. A hook registers once, at start-up.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from kernel.tenancy import entered


class LastStatement(NamedTuple):
    """A statement that a hook leaves to the backend, which sends it together with COMMIT; its answer is not read."""

    schema: str
    sql: str
    parameters: Sequence[Any]


class TransactionHook(Protocol):
    """What a hook is told. `connection` is the wrapped backend; `sid` names a savepoint."""

    def before_commit(self, connection: Any) -> LastStatement | None:
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


def rehearse_commit() -> None:
    """Do all that a COMMIT would do and check (the ledger's flush, every deferred trigger) without committing.

    The caller's outermost transaction must roll back afterwards. Raises what the commit would raise.
    """
    from django.db import connections  # the backend, which is loaded by it, imports this module

    connection = connections["default"]  # the wrapper itself, which the hooks know it by
    checks = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
    if not finish(connection, checks):
        with connection.cursor() as cursor:
            cursor.execute(checks)


def finish(connection: Any, ending: str) -> bool:
    """Tell the hooks that the COMMIT follows and perform what they leave, the last of it in one message with `ending`.

    False when they left nothing: then `ending` was not sent.
    """
    left = [last for hook in _hooks if (last := hook.before_commit(connection))]
    for number, last in enumerate(left, start=1):
        with entered(last.schema), connection.cursor() as cursor:
            cursor.execute(f"{last.sql}; {ending}" if number == len(left) else last.sql, last.parameters)
    return bool(left)


def hooks() -> tuple[TransactionHook, ...]:
    """Return the registered hooks in the order of their registration."""
    return tuple(_hooks)
