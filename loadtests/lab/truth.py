"""What the database itself says after a load: broken promises, bookings, jobs. Reads only."""

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from booking.core.promises import LIVE, QUESTIONS, question_sql

MOST_SHOWN = 20
_DUE = "SELECT count(*) FROM public.jobs_job WHERE state IN ('queued', 'leased') AND due_at <= now()"


@dataclass
class Truth:
    """By tenant (schema): how many live bookings, and each broken promise in a sentence."""

    bookings: dict[str, int] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Every broken promise of every tenant."""
        return [f"{schema}: {words}" for schema, found in self.broken.items() for words in found]

    def overlaps(self) -> int:
        """How many of them are overlaps in time."""
        return sum("overlap" in words or "share a host" in words for words in self.faults)


def ask(database_url: str, *, only: set[str] | None = None) -> Truth:
    """Ask every tenant's tables (or those of these short names) the questions of booking.core.promises."""
    truth = Truth()
    with psycopg.connect(database_url) as connection:
        connection.read_only = True
        found = connection.execute("SELECT schema_name, slug FROM public.tenants_tenant ORDER BY 1")
        for schema, slug in found.fetchall():
            if only is None or slug in only:
                _ask_tenant(connection, schema, truth)
    return truth


def _ask_tenant(connection: "psycopg.Connection[tuple[object, ...]]", schema: str, truth: Truth) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(schema)))
        counted = connection.execute(f"SELECT count(*) FROM booking_booking WHERE {LIVE}").fetchone()
        truth.bookings[schema] = int(str(counted[0])) if counted else 0
        truth.broken[schema] = []
        for promise in QUESTIONS:
            rows = connection.execute(question_sql(promise)).fetchmany(MOST_SHOWN)
            truth.broken[schema] += [f"{promise}: {', '.join(map(str, row))}" for row in rows]


def due_jobs(database_url: str) -> int:
    """Return how many jobs are due and not yet done."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_DUE).fetchone()
    return int(row[0]) if row else 0
