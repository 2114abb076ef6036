"""How many deadlocks there were since a moment, from a source that is not late.

An embedded server's log: the line is written before the client hears of it. PostgreSQL's counter comes late: a session
adds to it at most once a second, and what stays pending when it goes idle after ten (PGSTAT_IDLE_INTERVAL).
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path

import psycopg

from lab.installation import Loaded

# Once for each deadlock, also where the refusal is caught inside the database; log_lock_waits is on in ours.
LOGGED = b"detected deadlock while waiting for"
LATEST = 11.0  # seconds, after which a session that has been idle for so long has told


@dataclass(frozen=True)
class Since:
    """A moment: where the server's log ended, or what the counter said where there is no log at hand."""

    database_url: str
    log: Path | None
    ended: int = 0
    counted: int = 0


def since_now(loaded: Loaded) -> Since:
    """Return this moment. A deadlock of the ten seconds before may count as one after it where there is no log."""
    url, log = loaded.database_url, loaded.data / "logs" / "postgresql.log"
    if loaded.facts.get("superuser_database_url"):  # embedded
        with suppress(OSError), log.open("rb") as file:  # another user's is not at hand
            return Since(url, log, ended=file.seek(0, SEEK_END))
    return Since(url, None, counted=_counted(url))


def deadlocks(since: Since) -> int:
    """Return how many deadlocks there were since then, of work that has ended.

    Without a log it looks at the counter until all sessions have told: 11 seconds, or until there is one.
    """
    if since.log is not None:
        return _logged(since.log, since.ended)
    until = time.monotonic() + LATEST
    while not (found := _counted(since.database_url) - since.counted) and time.monotonic() < until:
        time.sleep(1)
    return found


def _logged(log: Path, ended: int) -> int:
    with log.open("rb") as file:
        if file.seek(0, SEEK_END) >= ended:
            file.seek(ended)
            return file.read().count(LOGGED)
        file.seek(0)  # begun anew when the server was started again: the rest of the old one counts too
        return file.read().count(LOGGED) + _logged(log.with_suffix(".log.1"), ended)


def _counted(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0
