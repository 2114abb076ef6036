"""Answers kept in memory: under the stamps they were read under, and for as long as time alone cannot change them.

Each process keeps its own; nobody tells it to forget. A commit anywhere changes a stamp (kernel.stamps), and
the key with it, so what was kept before is not found again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lasting(Generic[T]):
    """An answer, and the half-open time [since, until) in which it is right while its stamps stand."""

    answer: T
    since: datetime
    until: datetime


class Kept(Generic[T]):
    """The last `most` answers that were asked for; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Lasting[T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, *, now: datetime) -> T | None:
        """Return what is kept under `key`, if it is right at `now`."""
        with self._lock:
            found = self._answers.get(key)
            if found is None or not found.since <= now < found.until:
                return None
            self._answers.move_to_end(key)
            return found.answer

    def put(self, key: Hashable, lasting: Lasting[T]) -> None:
        """Keep an answer; the least recently asked for goes when there are too many."""
        with self._lock:
            self._answers[key] = lasting
            self._answers.move_to_end(key)
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)
