"""Database sessions at rest, given to whoever next works for a tenant that the session knows.

What PostgreSQL learns of a schema (tables, functions, their plans) stays with the session: the first visit costs
some 25 ms of its CPU, the next ones nothing. So in a process of many threads a session does not belong to a thread:
it rests here between requests and jobs. See docs/decisions/sessions-are-kept-for-their-tenants.md.
"""

import time
from dataclasses import dataclass
from threading import Condition
from typing import Any
from weakref import WeakKeyDictionary

PATIENCE_SECONDS = 0.015  # what it is worth to wait for a session that knows the tenant, and is at work
FULL_PATIENCE_SECONDS = 0.25  # the same where all know as many tenants as they may
_PUBLIC = "public"  # known to all


@dataclass(eq=False, slots=True)
class Session:
    """A psycopg connection; `visited` are the schemas that it knows; at `close_at` (monotonic) it is too old."""

    connection: Any
    visited: set[str]
    close_at: float | None


class Shelf:
    """At most `most` sessions at rest, the one that was used last at the end. Safe between threads.

    A session gets to know at most `tenants` schemas: PostgreSQL keeps some 1.7 MB of one whose slots were looked at,
    and another 2.9 MB where bookings were made, until the session ends.
    """

    def __init__(self, most: int, tenants: int) -> None:
        self.tenants = tenants
        self._most = most
        self._resting: list[Session] = []
        self._at_work: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # connection -> what it knows
        self._changed = Condition()

    def put(self, session: Session) -> None:
        """Lay a session down; where there are too many, the one that rested longest is closed."""
        with self._changed:
            self._at_work.pop(session.connection, None)
            self._resting.append(session)
            surplus = self._resting.pop(0) if len(self._resting) > self._most else None
            self._changed.notify_all()
        if surplus is not None:
            surplus.connection.close()

    def take(self, schema: str) -> Session | None:
        """Return the session that knows this schema and was used last, else the one that knows the fewest.

        One that knows it and is at work is waited for a moment. None where a new one should be made: nobody rests,
        or all know as many tenants as they may. Then the youngest gives way: where more tenants are busy than fit,
        one session passes through the surplus, and the others go on knowing theirs.
        """
        outworn = None
        with self._changed:
            found = self._who_knows(schema)
            if found is None:
                roomy = [each for each in self._resting if len(each.visited) < self.tenants]
                found = min(roomy, key=lambda each: len(each.visited), default=None)
            if found is not None:
                self._resting.remove(found)
                self._at_work[found.connection] = found.visited
            elif len(self._resting) >= self._most:
                outworn = max(self._resting, key=lambda each: each.close_at or 0.0)
                self._resting.remove(outworn)
        if outworn is not None:
            outworn.connection.close()
        return found

    def made(self, connection: Any, visited: set[str]) -> None:
        """Hear of a session that was made because none could be taken."""
        with self._changed:
            self._at_work[connection] = visited

    def close(self) -> None:
        """Close every session at rest."""
        with self._changed:
            resting, self._resting = self._resting, []
        for each in resting:
            each.connection.close()

    def _who_knows(self, schema: str) -> Session | None:
        """Return the session at rest that knows this schema and was used last, after a moment if it is at work now."""
        until = time.monotonic() + (self._patience() if schema != _PUBLIC else 0)
        while True:
            found = next((each for each in reversed(self._resting) if schema in each.visited), None)
            left = until - time.monotonic()
            if found is not None or left <= 0 or not self._is_known_at_work(schema):
                return found
            self._changed.wait(left)

    def _patience(self) -> float:
        """Return the seconds to wait for a session that knows: longer where nobody has room, for whoever learns
        then takes the place of one who knows its whole share."""
        may_grow = len(self._resting) + len(self._at_work) < self._most
        has_room = may_grow or any(len(each.visited) < self.tenants for each in self._resting)
        return PATIENCE_SECONDS if has_room else FULL_PATIENCE_SECONDS

    def _is_known_at_work(self, schema: str) -> bool:
        return any(
            schema in visited for connection, visited in self._at_work.items() if not connection.closed
        )


_shelf: Shelf | None = None


def shelf() -> Shelf | None:
    """Return where this process's sessions rest; None: each stays with its thread."""
    return _shelf


def keep_sessions(threads: int, tenants: int) -> None:
    """Let this process's sessions, one for each thread, rest between requests and jobs, from now on. All together they
    get to know at most so many tenants, each its share."""
    global _shelf
    _shelf = Shelf(threads, max(1, tenants // threads))
