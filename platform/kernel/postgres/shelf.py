"""Database sessions at rest, given to whoever next works for a tenant that the session knows.

What PostgreSQL learns of a schema (tables, functions, their plans) stays with the session: the first visit costs
some 25 ms of its CPU, the next ones nothing. So in a process of many threads a session does not belong to a thread:
it rests here between requests and jobs. See docs/decisions/sessions-are-kept-for-their-tenants.md.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any

MOST_TENANTS = 128  # PostgreSQL keeps some 0.6 MB of each tenant that a session has visited, until it ends


@dataclass(eq=False, slots=True)
class Session:
    """A psycopg connection; `visited` are the schemas that it knows; at `close_at` (monotonic) it is too old."""

    connection: Any
    visited: set[str]
    close_at: float | None

    @property
    def has_room(self) -> bool:
        """Say whether it may get to know one more tenant."""
        return len(self.visited) < MOST_TENANTS


class Shelf:
    """At most `most` sessions at rest, the one that was used last at the end. Safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._resting: list[Session] = []
        self._lock = Lock()

    def put(self, session: Session) -> None:
        """Lay a session down; where there are too many, the one that rested longest is closed."""
        with self._lock:
            self._resting.append(session)
            surplus = self._resting.pop(0) if len(self._resting) > self._most else None
        if surplus is not None:
            surplus.connection.close()

    def take(self, schema: str) -> Session | None:
        """Return the session that knows this schema and was used last, else the one that knows the fewest.

        None where a new one should be made: nobody rests, or all know as many tenants as they may.
        """
        outworn = None
        with self._lock:
            found = next((each for each in reversed(self._resting) if schema in each.visited), None)
            if found is None:
                roomy = [each for each in self._resting if each.has_room]
                found = min(roomy, key=lambda each: len(each.visited), default=None)
            if found is not None:
                self._resting.remove(found)
            elif len(self._resting) >= self._most:
                outworn = self._resting.pop(0)
        if outworn is not None:
            outworn.connection.close()
        return found

    def close(self) -> None:
        """Close every session at rest."""
        with self._lock:
            resting, self._resting = self._resting, []
        for each in resting:
            each.connection.close()


_shelf: Shelf | None = None


def shelf() -> Shelf | None:
    """Return where this process's sessions rest; None: each stays with its thread."""
    return _shelf


def keep_sessions(threads: int) -> None:
    """Let this process's sessions rest between requests and jobs, from now on."""
    global _shelf
    _shelf = Shelf(threads)
