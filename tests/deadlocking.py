"""A deadlock that is made on purpose: what counts them has to see it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import psycopg

from tests.database import World

SWALLOWED = """
    DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(%s);
    EXCEPTION WHEN deadlock_detected THEN
        NULL;
    END $$
    """


def deadlock(world: World, stack: ExitStack, *, statement: str = "SELECT pg_advisory_xact_lock(%s)") -> int:
    """Let two sessions take two locks in opposite order, the second by `statement`; return how many were refused.

    The sessions stay open, idle and outside a transaction, until the stack is closed. They have told the counters of
    pg_stat_database all just before, so that they tell of this one only after ten seconds.
    """
    sessions: list[psycopg.Connection[Any]] = [stack.enter_context(world.superuser()) for _ in range(2)]
    gate = Barrier(2)
    for session in sessions:
        session.execute("SET deadlock_timeout = '20ms'")
        session.execute("SELECT pg_stat_force_next_flush()")

    def take(session: psycopg.Connection[Any], first: int, second: int) -> int:
        cursor = psycopg.ClientCursor(session)
        with session.transaction():
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [first])
            gate.wait(60)
            try:
                with session.transaction():
                    cursor.execute(statement, [second])
            except psycopg.errors.DeadlockDetected:
                return 1
        return 0

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(take, sessions, (1, 2), (2, 1)))
