"""What a load left in the database: the bookings it made, and the work that came of them and is not done. Reads only.

A mark is taken before the load, so that only what came after it counts; it holds ids, for clocks may differ.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lab.truth import due_jobs

QUIET_SECONDS = 60.0  # we stop waiting when nothing got done for so long; a slow machine gets something done
LONGEST_SECONDS = 900.0
MOST_SHOWN = 10
_RUNS = """
    SELECT workflow, state, count(*) FROM audit_run
    WHERE id > %s AND id <= %s AND state IN ('running', 'failing', 'stopped') GROUP BY 1, 2 ORDER BY 1, 2
    """
_FAILED_RUNS = """
    SELECT workflow, min(failure_words), count(*) FROM audit_run
    WHERE id > %s AND id <= %s AND state = 'failed' GROUP BY 1 ORDER BY 1
    """
_FAILED_STEPS = """
    SELECT r.workflow, s.action, s.state, min(s.error), count(*) FROM audit_step s JOIN audit_run r ON r.id = s.run_id
    WHERE r.id > %s AND r.id <= %s AND s.state IN ('failed', 'undo_failed') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
_ROWS = (
    "SELECT (SELECT coalesce(max(id), 0) FROM booking_booking), (SELECT coalesce(max(id), 0) FROM audit_run)"
)
_JOBS = """
    SELECT schema, kind, state, last_error FROM public.jobs_job
    WHERE schema = ANY(%s) AND id > %s AND id <= %s
    AND (state = 'parked' OR state IN ('queued', 'leased') AND (last_error <> '' OR due_at <= now()))
    ORDER BY id
    """
_LATE = """
    SELECT count(*) FROM public.jobs_job
    WHERE state IN ('queued', 'leased') AND due_at <= now() - make_interval(secs => %s)
    """

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Mark:
    """The last job, and by schema the last booking and the last run, at a moment: before a load, or after it."""

    job: int
    rows: Mapping[str, tuple[int, int]]


def mark(database_url: str, slugs: Iterable[str]) -> Mark:
    """Return where these tenants stand now; names without a tenant are left out. One query for each tenant."""
    with psycopg.connect(database_url) as connection:
        schemas = connection.execute(
            "SELECT schema_name FROM public.tenants_tenant WHERE slug = ANY(%s)", [list(slugs)]
        ).fetchall()
        return _mark(connection, [str(schema) for (schema,) in schemas])


def mark_again(database_url: str, before: Mark) -> Mark:
    """Return where the tenants of a mark stand now. One query for each tenant."""
    with psycopg.connect(database_url) as connection:
        return _mark(connection, before.rows)


def _mark(connection: Connection, schemas: Iterable[str]) -> Mark:
    rows = {}
    for schema in schemas:
        _enter(connection, schema)
        booking, run = connection.execute(_ROWS).fetchone() or (0, 0)
        rows[schema] = (int(str(booking)), int(str(run)))
        connection.commit()
    job = connection.execute("SELECT coalesce(max(id), 0) FROM public.jobs_job").fetchone()
    return Mark(int(str(job[0])) if job else 0, rows)


def booked_since(database_url: str, before: Mark) -> int:
    """Return how many bookings of the marked tenants stand in the database that did not before, cancelled ones too."""
    total = 0
    with psycopg.connect(database_url) as connection:
        for schema, (booking, _run) in before.rows.items():
            _enter(connection, schema)
            row = connection.execute(
                "SELECT count(*) FROM booking_booking WHERE id > %s", [booking]
            ).fetchone()
            total += int(str(row[0])) if row else 0
            connection.commit()
    return total


def settle(database_url: str) -> int:
    """Wait until no job of anybody is due. One query a look, for it is beside a measurement.

    Returns how many jobs have been due for over a minute and are not done: 0 where there is only much to do.
    """
    if not _waited_for(lambda: due_jobs(database_url)):
        return 0
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_LATE, [QUIET_SECONDS]).fetchone()
    return int(str(row[0])) if row else 0


def unfinished(database_url: str, before: Mark) -> list[str]:
    """Wait for what the load caused, then say in sentences what nobody has done (`undone`), and what failed for good.

    A reminder for later is none of it, nor is what comes up while we wait (the clock's regular checks)."""
    after = mark_again(database_url, before)
    left: Counter[str] = Counter()

    def look() -> int:
        nonlocal left
        left = undone(database_url, before, after)
        return left.total()

    _waited_for(look)
    left += failed(database_url, before, after)
    said = [f"{words} ({count} times)" for words, count in list(left.items())[:MOST_SHOWN]]
    return said + ([f"{len(left) - MOST_SHOWN} other things are not done"] if len(left) > MOST_SHOWN else [])


def _waited_for(look: Callable[[], int]) -> int:
    """Wait until `look` says 0: as long as it falls, and a minute longer; return its last answer."""
    started = fallen_at = time.monotonic()
    fewest = left = look()
    while left and time.monotonic() < min(started + LONGEST_SECONDS, fallen_at + QUIET_SECONDS):
        time.sleep(0.5)
        if (left := look()) < fewest:
            fewest, fallen_at = left, time.monotonic()
    return left


def undone(database_url: str, before: Mark, after: Mark) -> Counter[str]:
    """What came between the two marks and is not done, by its words: jobs that are due, that failed and wait for
    another try (such a one is not due meanwhile), that were given up; runs under way or stopped.

    One query, and one for each tenant."""
    found: Counter[str] = Counter()
    with psycopg.connect(database_url) as connection:
        jobs = connection.execute(_JOBS, [list(before.rows), before.job, after.job])
        for schema, kind, state, error in jobs:
            found[f"{schema}: a job {kind} is {state}{_after(error)}"] += 1
        for schema, runs in _spans(before, after):
            _enter(connection, schema)
            for workflow, state, count in connection.execute(_RUNS, runs):
                found[f"{schema}: a run of {workflow} is {state}"] += int(str(count))
            connection.commit()
    return found


def failed(database_url: str, before: Mark, after: Mark) -> Counter[str]:
    """What the runs between the two marks gave up for good, by its words: runs, and steps without which a run ends well
    all the same (a confirmation that every mail server refused). Two queries for each tenant."""
    found: Counter[str] = Counter()
    with psycopg.connect(database_url) as connection:
        for schema, runs in _spans(before, after):
            _enter(connection, schema)
            for workflow, error, count in connection.execute(_FAILED_RUNS, runs):
                found[f"{schema}: a run of {workflow} failed{_as(error)}"] += int(str(count))
            for workflow, action, state, error, count in connection.execute(_FAILED_STEPS, runs):
                ended = "could not be undone" if state == "undo_failed" else "failed for good"
                found[f"{schema}: the step {action} of {workflow} {ended}{_as(error)}"] += int(str(count))
            connection.commit()
    return found


def _spans(before: Mark, after: Mark) -> Iterator[tuple[str, list[int]]]:
    """Each marked tenant's schema, with the last run before the load and the last that counts."""
    for schema, (_booking, run) in before.rows.items():
        yield schema, [run, after.rows[schema][1]]


def _as(error: object) -> str:
    return f", for example: {str(error)[:200]}" if error else ""


def _after(error: object) -> str:
    return f" after {str(error)[:200]}" if error else ""


def _enter(connection: Connection, schema: object) -> None:
    connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(str(schema))))
