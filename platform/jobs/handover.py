"""Giving a job's id to the broker right after the commit; a dead broker costs 100 ms once, then nothing."""

import logging
import threading
import time
from datetime import timedelta

from jobs.actors import message_for
from jobs.broker import broker
from jobs.models import Job

log = logging.getLogger(__name__)
BREAKER_SECONDS = 5.0


class Breaker:
    """Remembers that the broker failed, so that the next requests do not wait for it too."""

    def __init__(self, *, seconds: float = BREAKER_SECONDS) -> None:
        self._seconds = seconds
        self._open_until = 0.0
        self._lock = threading.Lock()

    def is_open(self) -> bool:
        """Say whether the broker is to be left alone for now."""
        with self._lock:
            return time.monotonic() < self._open_until

    def trip(self) -> None:
        """Leave the broker alone for the breaker's time."""
        with self._lock:
            self._open_until = time.monotonic() + self._seconds

    def reset(self) -> None:
        """The broker answered."""
        with self._lock:
            self._open_until = 0.0


breaker = Breaker()


def hand_over(job_id: int) -> bool:
    """Send one id; False when the broker is away (the relay will do it). Never raises for a dead broker."""
    if not breaker.is_open():
        if send(job_id):
            breaker.reset()
            return True
        breaker.trip()
    Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(handed_at=None)
    return False


def send(job_id: int) -> bool:
    """Put the id on the queue; False when the broker cannot be reached."""
    try:
        broker().enqueue(message_for(job_id))
    except Exception as error:  # every broker library has its own tree of connection errors
        log.warning("The broker did not take job %s (%s); the relay will hand it on.", job_id, error)
        return False
    return True


REHAND_AFTER = timedelta(seconds=10)
