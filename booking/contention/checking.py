"""The checker's part of a test: reads the sandbox's tables, whatever the answers said."""

from datetime import datetime

from django.db import connection, transaction

from booking.core.promises import LIVE, QUESTIONS, question_sql

MOST_SHOWN = 20


def broken_promises() -> tuple[str, ...]:
    """Return what is broken in the current tenant, one sentence each, at most 20 a question. Reads only."""
    found: list[str] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        for promise in QUESTIONS:
            cursor.execute(question_sql(promise))
            found += [f"{promise}: {', '.join(map(str, row))}" for row in cursor.fetchmany(MOST_SHOWN)]
    return tuple(found)


def booked_since(started_at: datetime) -> int:
    """Return how many live bookings of the current tenant were made since then."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM booking_booking WHERE created_at >= %s AND {LIVE}",  # noqa: S608  our own words
            [started_at],
        )
        return int(cursor.fetchone()[0])
