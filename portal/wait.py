"""`Prefer: wait=N` (RFC 7240, 4.3): let a request wait for an outcome without starving the web process.

The room's proof is answered by this same process. So at most a quarter of its threads may wait here; the rest
answer at once. Nothing of the database is held while waiting: its session rests during every sleep.
"""

import re
import time
from collections.abc import Callable
from functools import cache
from threading import BoundedSemaphore
from typing import TypeVar

from django.conf import settings
from django.db import connection

MAX_SECONDS = 30.0
_PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds; the last one repeats
_WAIT = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,6})"?\s*(?=[,;]|$)', re.IGNORECASE)

Read = TypeVar("Read")


def preferred_wait(header: str) -> float | None:
    """Return the seconds of a Prefer header, at most MAX_SECONDS, or None when it asks for no wait."""
    found = _WAIT.search(header)
    return min(float(found.group(1)), MAX_SECONDS) if found else None


def wait_until(
    read: Callable[[], Read], *, is_settled: Callable[[Read], bool], first: Read, seconds: float
) -> tuple[Read, bool]:
    """Return (what was read last, whether the wait was granted), asking again with `read` until settled.

    `first` is what the caller has already read. False means that every place to wait was taken and `first`
    came back at once.
    """
    if is_settled(first):
        return first, True
    places = waiting_places()
    if not places.acquire(blocking=False):
        return first, False
    try:
        return _poll(read, is_settled=is_settled, last=first, deadline=time.monotonic() + seconds), True
    finally:
        places.release()


@cache
def waiting_places() -> BoundedSemaphore:
    """Return this process's places to wait: a quarter of HOLDFAST_WEB_THREADS, none for fewer than 4."""
    return BoundedSemaphore(int(settings.HOLDFAST_WEB_THREADS) // 4)


def _poll(
    read: Callable[[], Read], *, is_settled: Callable[[Read], bool], last: Read, deadline: float
) -> Read:
    round_number = 0
    while not is_settled(last):
        pause = min(_PAUSES[min(round_number, len(_PAUSES) - 1)], deadline - time.monotonic())
        if pause <= 0:
            break
        connection.let_go()  # type: ignore[attr-defined]  # our backend's
        time.sleep(pause)
        last = read()
        round_number += 1
    return last
