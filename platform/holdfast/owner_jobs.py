"""The jobs that need the owner's database role: a thread of the clock, the one process that has its address.

A process that is killed in the middle leaves a lease that runs out; the next one goes on from the last step.
"""

import logging
import threading
import time
from importlib import import_module

from django.conf import settings
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)
PAUSE_SECONDS = 0.5
LIMITS = "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c statement_timeout=120000"


def begin() -> bool:
    """Start the thread; False without OWNER_DATABASE_URL: then these jobs wait for a process that has it."""
    if not settings.OWNER_DATABASE_URL:
        log.info("OWNER_DATABASE_URL is not set: nothing is onboarded or deleted from here.")
        return False
    import_module(settings.ROOT_URLCONF)  # with every view: no invitation's link waits for them
    threading.Thread(target=_work, name="owner-jobs", daemon=True).start()
    return True


def _work() -> None:
    """Look for due jobs until the process ends; what a death interrupts is rolled back and done again."""
    from jobs.api import perform_owner_jobs
    from kernel.postgres.role import speak_as

    speak_as(settings.OWNER_DATABASE_URL, limits=LIMITS, only_here=True)
    while True:
        connection.close_if_unusable_or_obsolete()
        try:
            perform_owner_jobs()
        except DatabaseError as error:
            log.warning("The database did not answer (%s); the next round tries again.", error)
            connection.close()
        except Exception:
            log.exception("This round of the owner's jobs failed; the next one tries again.")
        time.sleep(PAUSE_SECONDS)
