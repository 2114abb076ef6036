"""A loop that goes on whatever happens in one round, and ends when it is told to."""

import logging
import signal
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections

log = logging.getLogger(__name__)


def repeat(round_of_work: Callable[[], None], *, pause_seconds: float) -> None:
    """Call `round_of_work` again and again until SIGTERM or SIGINT; a round that fails is logged."""
    stopping = threading.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda *_: stopping.set())
    while not stopping.is_set():
        close_old_connections()
        try:
            round_of_work()
        except DatabaseError as error:
            log.warning("The database did not answer (%s); the next round tries again.", error)
        except Exception:
            log.exception("This round failed; the next one tries again.")
        stopping.wait(pause_seconds)
