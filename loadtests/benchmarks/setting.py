"""What every section gets: the installation, a meter that knows its idling, and how long things may last."""

import itertools
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

import psycopg
from redis import Redis

from benchmarks.provider import Provider
from lab.cpu import Meter
from lab.installation import Loaded
from lab.upkeep import VACUUM_PERIOD, is_upkeep_over
from lab.wire import Got


@dataclass
class Setting:
    """One run of the bench."""

    loaded: Loaded
    meter: Meter
    quick: bool
    provider: Provider

    @property
    def port(self) -> int:
        """The web process's port."""
        return self.loaded.port

    def say(self, words: str) -> None:
        """A line of progress."""
        print(f"   {words}", flush=True)

    def superuser(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection that may do everything."""
        return psycopg.connect(self.loaded.facts["superuser_database_url"], autocommit=True)

    def schema(self, slug: str) -> str:
        """A tenant's schema."""
        with self.superuser() as connection:
            row = connection.execute(
                "SELECT schema_name FROM public.tenants_tenant WHERE slug = %s", [slug]
            ).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _nothing_handed_out(self) -> Iterator[None]:
        """Let Valkey give the worker no job for the block: with jobs waiting it is always within a transaction."""
        url = self.loaded.facts["broker_url"]
        if not url.startswith("redis"):
            yield
            return
        with closing(Redis.from_url(url)) as broker:
            broker.execute_command("CLIENT", "PAUSE", _PAUSED_MS, "WRITE")
            try:
                yield
            finally:
                broker.execute_command("CLIENT", "UNPAUSE")

    def _left_open(self) -> bool:
        """Say whether a transaction stands open; asked again, for a statement may just be running."""
        with self.superuser() as connection:
            for _ in range(3):
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                    " AND usename IS NOT NULL"
                ).fetchone()
                if row == (0,):
                    return False
                time.sleep(0.02)
        return True

    def wait_for_upkeep(self) -> None:
        """Wait until the database has written out and vacuumed what was made. SystemExit if it does not end."""
        url = self.loaded.facts["superuser_database_url"]
        if not is_upkeep_over(url, quiet=5 if self.quick else VACUUM_PERIOD):
            raise SystemExit("The database has vacuumed for a quarter of an hour; nothing was measured.")

    @contextmanager
    def without_workers(self, *names: str) -> Iterator[None]:
        """Let worker, relay and clock (or those named) stand still for the block, so that the others are alone.

        SystemExit where they are never found between two transactions: beside them nothing can be measured.
        """
        names = names or ("worker", "relay", "clock")
        pids = [self.loaded.facts["children"][name] for name in names]
        try:
            with self._nothing_handed_out():
                if not self._is_stopped_outside_transactions(pids):
                    raise SystemExit(
                        f"{', '.join(names)}: always within a transaction, so nothing was measured."
                    )
            yield
        finally:  # whatever came between: nobody stays stopped
            _signal(pids, signal.SIGCONT)

    def _is_stopped_outside_transactions(self, pids: Sequence[int]) -> bool:
        """Stop them until no transaction stands open; False if it never came to that."""
        for _ in range(_TRIES):
            _signal(pids, signal.SIGSTOP)
            if not self._left_open():
                return True
            _signal(
                pids, signal.SIGCONT
            )  # one was stopped inside a transaction: its locks would be waited for
            time.sleep(0.1)
        return False


_TRIES = 200  # some half a minute: time enough for the jobs that the worker had taken before
_PAUSED_MS = 60_000  # at the longest, should this process be killed


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # one that has ended must not keep the signal from the others
            os.kill(pid, number)


def check_statuses(answers: Sequence[Got], words: str, *, wanted: int = 200) -> None:
    """End the bench unless each of at least one answer has the status: what was refused cost too little."""
    if {answer.status for answer in answers} != {wanted}:
        found = dict(Counter(answer.status for answer in answers))
        raise SystemExit(f"{words}: answered {found}, not {wanted} alone; nothing was measured.")


def one_after_another(items: Iterable[bytes], *, most: int | None = None) -> Callable[[], bytes | None]:
    """A source for several threads: each call takes the next item, None at the end."""
    left = iter(itertools.islice(items, most) if most is not None else items)
    lock = threading.Lock()

    def take() -> bytes | None:
        with lock:
            return next(left, None)

    return take


def percentile(values: Iterable[float], percent: int) -> float:
    """The nearest rank; 0 without values."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 1) if ordered else 0.0
