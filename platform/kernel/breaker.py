"""A circuit breaker per provider and tenant, in this process: who is failing is left alone for a while.

closed -> (five failures in a row) -> open for 30 seconds -> one try -> closed, or open again.
A Retry-After stands beside it, per account: limits of one user are not the others' matter.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kernel.http import HttpError

Key = tuple[str, str]
FAILURES = 5
REST_SECONDS = 30.0
LONGEST_WAIT = 600.0


class Resting(HttpError):
    """Nothing was sent: the provider failed too often, or asked for patience. `retry_after` is in seconds."""

    code = "resting"

    def __init__(self, message: str, *, retry_after: float, is_asked: bool) -> None:
        super().__init__(message, may_have_acted=False)
        self.retry_after = retry_after
        self.is_asked = is_asked


@dataclass
class _Circuit:
    failures: int = 0
    open_until: float = 0.0


@dataclass
class Breaker:
    """The circuits of this process by (provider, tenant schema). Safe in any thread; `now` is monotonic seconds."""

    now: Callable[[], float] = time.monotonic
    _circuits: dict[Key, _Circuit] = field(default_factory=dict)
    _waits: dict[tuple[Key, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, key: Key, account: str) -> None:
        """Raise Resting unless a request may be sent now; of those who come after a rest, one is let through."""
        with self._lock:
            now = self.now()
            wait = self._waits.get((key, account), 0.0) - now
            if wait > 0:
                raise Resting("It asked us to come back later.", retry_after=wait, is_asked=True)
            circuit = self._circuits.get(key)
            if circuit is None or circuit.failures < FAILURES:
                return
            left = circuit.open_until - now
            if left > 0:
                raise Resting(
                    "It failed again and again, and is left alone for a moment.",
                    retry_after=left,
                    is_asked=False,
                )
            circuit.open_until = now + REST_SECONDS  # this one tries; the others wait for what becomes of it

    def failed(self, key: Key) -> None:
        """Count a failure in a row: no answer, or a 5xx."""
        with self._lock:
            circuit = self._circuits.setdefault(key, _Circuit())
            circuit.failures += 1
            if circuit.failures >= FAILURES:
                circuit.open_until = self.now() + REST_SECONDS

    def worked(self, key: Key) -> None:
        """Forget the failures: it answered."""
        with self._lock:
            self._circuits.pop(key, None)

    def asked_to_wait(self, key: Key, account: str, seconds: float) -> None:
        """Keep a Retry-After for the account, ten minutes at most."""
        with self._lock:
            self._circuits.pop(key, None)
            now = self.now()
            self._waits = {which: until for which, until in self._waits.items() if until > now}
            self._waits[(key, account)] = now + min(seconds, LONGEST_WAIT)

    def forget(self) -> None:
        """Forget all failures and waits, as a new process would."""
        with self._lock:
            self._circuits.clear()
            self._waits.clear()


BREAKER = Breaker()
"""The one of this process."""
