"""`record`: what a transaction did is kept until its outermost COMMIT, then appended in one batch.

The chain's head is the last lock that a transaction takes, so that one tenant's writers queue for a moment
and not for a whole transaction. A savepoint that is rolled back takes its entries with it.
"""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from audit.ledger.appending import APPEND, append, signed
from audit.ledger.canonical import Json
from audit.ledger.entries import Actor, Draft, Reversible, check_draft
from kernel.errors import HoldfastError
from kernel.tenancy import PUBLIC, current_schema, entered
from kernel.transactions import LastStatement


class NotInTransaction(HoldfastError):
    """An entry can only be recorded inside the transaction that does what it says."""

    code = "not_in_transaction"


def record(
    action: str,
    *,
    subject: str,
    actor: Actor,
    payload: Mapping[str, Json],
    personal: Mapping[str, str] | None = None,
    person: str | None = None,
    run_id: int | None = None,
    step_id: int | None = None,
    reverses: int | None = None,
    reversible: Reversible = "full",
    because: str = "",
) -> None:
    """Leave a signed entry of what this transaction does, in the current tenant's ledger.

    It is written at the outermost commit, and only if that commits. `subject` is e.g. "meeting:<uid>".
    `payload` is JSON and holds no personal data; `personal` holds it in clear, and is encrypted with
    `person`'s key. `because` says why, or why it cannot be reversed, in words without personal data.

    Raises NotInTransaction outside `transaction.atomic` and once the commit has begun; ValueError for what
    could not be signed.
    """
    wrapper = connections["default"]
    schema = current_schema()
    if not wrapper.in_atomic_block:
        raise NotInTransaction(f"{action} was recorded outside a transaction, or after its commit began.")
    if schema == PUBLIC:
        raise NotInTransaction(f"{action} was recorded outside every tenant.")
    draft = Draft(
        action, subject, actor, dict(payload), dict(personal or {}), person,
        run_id, step_id, reverses, reversible, because,
    )  # fmt: skip
    check_draft(draft)
    _buffer(wrapper).drafts.append((schema, draft))


class LedgerHook:
    """What the wrapped backend tells the ledger about a transaction's life (kernel.transactions)."""

    def before_commit(self, connection: Any) -> LastStatement | None:
        """Append everything that was recorded, tenant by tenant in order of schema; raising rolls back.

        The last tenant's entries are signed here and left to go with the COMMIT.
        """
        buffer = _live(connection)
        if buffer is None:
            return None
        _buffers.pop(connection, None)
        *others, last = sorted({schema for schema, _ in buffer.drafts}) or [""]
        for schema in others:
            with entered(schema):
                append(buffer.of(schema))
        if not last:
            return None
        with entered(last):
            return LastStatement(last, APPEND, signed(buffer.of(last)))

    def savepoint(self, connection: Any, sid: str) -> None:
        """Remember how much was recorded before this savepoint."""
        buffer = _buffer(connection)
        buffer.savepoints.append((sid, len(buffer.drafts)))

    def savepoint_rollback(self, connection: Any, sid: str) -> None:
        """Forget what was recorded since."""
        buffer = _live(connection)
        if buffer is None:
            return
        for index in range(len(buffer.savepoints) - 1, -1, -1):
            name, kept = buffer.savepoints[index]
            if name == sid:
                del buffer.drafts[kept:]
                del buffer.savepoints[index + 1 :]
                return

    def rollback(self, connection: Any) -> None:
        """Forget everything."""
        _buffers.pop(connection, None)


@dataclass
class _Buffer:
    """What one transaction recorded; `session` tells it from a later one on another database connection."""

    session: "weakref.ref[Any]"
    drafts: list[tuple[str, Draft]] = field(default_factory=list)
    savepoints: list[tuple[str, int]] = field(default_factory=list)

    def of(self, schema: str) -> list[Draft]:
        """What was recorded in one tenant, in order."""
        return [draft for owner, draft in self.drafts if owner == schema]


_buffers: "weakref.WeakKeyDictionary[Any, _Buffer]" = weakref.WeakKeyDictionary()


def _live(connection: Any) -> _Buffer | None:
    """The buffer of the transaction that runs; what a dead database connection left is dropped."""
    buffer = _buffers.get(connection)
    if buffer is not None and buffer.session() is not connection.connection:
        del _buffers[connection]
        return None
    return buffer


def _buffer(connection: Any) -> _Buffer:
    buffer = _live(connection)
    if buffer is None:
        buffer = _buffers[connection] = _Buffer(weakref.ref(connection.connection))
    return buffer
