"""Which state of a tenant's data is current: short texts that change with it, all asked in one statement.

An app registers a stamp by name with the scalar query that tells it; whoever keeps something of the tenant in
memory keeps it under the stamps that it was read under, and never needs to be told that it is out of date. A
stamp is never used twice (a hash or a random id, no counter), so a restored backup cannot bring one back.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection

from kernel.tenancy import current_schema

_queries: dict[str, str] = {}
_looking = threading.local()


def register_stamp(name: str, query: str) -> None:
    """Add a stamp: `query` is a SELECT of one text, which every tenant's schema can answer."""
    _queries[name] = query


def stamps() -> Mapping[str, str]:
    """Return the current tenant's stamps: one statement, or none within `one_look` after the first.

    Whatever is read afterwards is at least as new as they say.
    """
    seen: dict[str, Mapping[str, str]] | None = getattr(_looking, "seen", None)
    if seen is None or connection.in_atomic_block:  # a transaction may have changed what it asks about
        return _ask()
    schema = current_schema()
    if schema not in seen:
        seen[schema] = _ask()
    return seen[schema]


@contextmanager
def one_look() -> Iterator[None]:
    """Within the block (a request) stamps are asked once, and again after each commit of this thread."""
    _looking.seen = {}
    try:
        yield
    finally:
        _looking.seen = None


class LookAgain:
    """The transaction hook that forgets what was seen once this thread has written something."""

    def before_commit(self, connection: Any) -> None:  # noqa: ARG002  the hook's shape
        """Forget; a reader in between would be this very thread."""
        forget()

    def savepoint(self, connection: Any, sid: str) -> None:
        """Nothing was written for good."""

    def savepoint_rollback(self, connection: Any, sid: str) -> None:
        """Nothing was written for good."""

    def rollback(self, connection: Any) -> None:
        """Nothing was written."""


def forget() -> None:
    """Make the next `stamps` ask."""
    if getattr(_looking, "seen", None) is not None:
        _looking.seen = {}


def _ask() -> Mapping[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"({query})" for query in _queries.values()))
        answers = cursor.fetchone() or ()
    return dict(zip(_queries, answers, strict=True))
