"""Reading one tenant's ledger for verification: entries, keys and head in one snapshot, entries streamed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from audit.verification.core import KeyRow, Row

_CHUNK_ROWS = 2000
_BINARY_COLUMNS = 4
_ENTRIES = """
    SELECT seq, xid::text, action, subject, person, run_id, step_id, reverses,
           to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), kid,
           body, hash, signature, prev
      FROM audit_entry WHERE seq > %s ORDER BY seq
"""


@dataclass(frozen=True)
class Snapshot:
    """A ledger as it stood at one moment; `rows` can be read once, while the snapshot is open."""

    rows: Iterator[Row]
    keys: tuple[KeyRow, ...]
    head: tuple[int, bytes] | None


@contextmanager
def snapshot(*, after: int = 0) -> Iterator[Snapshot]:
    """The current tenant's ledger, entries above `after`. A transaction of its own, read only."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT seq, hash FROM audit_head")
            head = cursor.fetchone()
            cursor.execute("SELECT kid, public_key, valid_from, valid_to FROM audit_key ORDER BY valid_from")
            keys = tuple(KeyRow(kid, bytes(public), *valid) for kid, public, *valid in cursor.fetchall())
        yield Snapshot(_rows(after), keys, (int(head[0]), bytes(head[1])) if head else None)


def _rows(after: int) -> Iterator[Row]:
    cursor: Any = connection.chunked_cursor()
    with cursor:
        cursor.itersize = _CHUNK_ROWS
        cursor.execute(_ENTRIES, [after])
        while chunk := cursor.fetchmany(_CHUNK_ROWS):
            for row in chunk:
                yield Row(*row[:-_BINARY_COLUMNS], *(bytes(value) for value in row[-_BINARY_COLUMNS:]))
