"""A used database made as it was: only the rows that a test changed are put back, under a new name.

Cloning copies 1,300 files; this touches a few pages. What it can't put back (a changed catalog, too many dead
rows) it refuses, and a fresh clone takes the place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

MOST_USES = 40
MOST_DEAD_ROWS = 5_000
Table = tuple[str, str]  # schema and name

_CATALOGS = (
    "pg_attribute", "pg_attrdef", "pg_class", "pg_constraint", "pg_default_acl", "pg_event_trigger", "pg_extension",
    "pg_index", "pg_namespace", "pg_policy", "pg_proc", "pg_rewrite", "pg_sequence", "pg_trigger", "pg_type",
)  # fmt: skip
_CATALOG = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(xmin::text::bigint) FROM pg_catalog.{name}" for name in _CATALOGS
)
_CHANGES = "SELECT schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"
_SEQUENCES = "SELECT schemaname, sequencename, start_value, last_value FROM pg_sequences"
_COLUMNS = """
    SELECT c.relnamespace::regnamespace::text, c.relname, array_agg(a.attname ORDER BY a.attnum)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind = 'r' AND a.attgenerated = ''
       AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
     GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Original:
    """What the template holds: rows (as COPY writes them) of the tables that have any, sequences."""

    rows: dict[Table, tuple[list[str], bytes]]
    sequences: dict[Table, tuple[int, bool]]

    @classmethod
    def of(cls, database: psycopg.Connection[Any]) -> "Original":
        """Read a template, as superuser."""
        rows = {}
        for schema, name, columns in database.execute(_COLUMNS).fetchall():
            content = _copied(database, (schema, name), columns)
            if content:
                rows[schema, name] = (columns, content)
        return cls(rows, _sequences(database))


@dataclass
class State:
    """What a database was when it was given to a test: its catalog, what was counted until then, how often."""

    catalog: Any
    counted: dict[Table, int]
    counting_since: Any
    uses: int = 1

    @classmethod
    def of(cls, database: psycopg.Connection[Any], uses: int = 1) -> "State":
        """Look at a database that nobody else is in, as superuser."""
        since = database.execute("SELECT stats_reset FROM pg_stat_wal").fetchone()
        return cls(database.execute(_CATALOG).fetchall(), _counted(database), since, uses)


def renew(database: psycopg.Connection[Any], original: Original, before: State) -> State | None:
    """Put back what changed since `before`, as superuser and with nobody else in it; None where that can't be done."""
    now = State.of(database, before.uses + 1)
    changed = [table for table, count in now.counted.items() if count != before.counted.get(table, 0)]
    crashed = now.counting_since != before.counting_since  # counters began anew: nobody knows what changed
    if crashed or now.catalog != before.catalog or now.uses > MOST_USES:
        return None
    if sum(now.counted[table] for table in changed) > MOST_DEAD_ROWS:
        return None
    with database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")  # no trigger has its say
        for table in changed:
            database.execute(SQL("DELETE FROM {}").format(Identifier(*table)))
        for table in changed:
            if table in original.rows:
                _write(database, table, *original.rows[table])
        _set_back(database, original.sequences)
    database.execute("SELECT pg_stat_force_next_flush()")
    return State.of(database, now.uses)


def _counted(database: psycopg.Connection[Any]) -> dict[Table, int]:
    rows = database.execute(_CHANGES).fetchall()
    return {(schema, name): inserted + updated + deleted for schema, name, inserted, updated, deleted in rows}


def _sequences(database: psycopg.Connection[Any]) -> dict[Table, tuple[int, bool]]:
    rows = database.execute(_SEQUENCES).fetchall()
    return {
        (schema, name): (start if last is None else last, last is not None)
        for schema, name, start, last in rows
    }


def _set_back(database: psycopg.Connection[Any], wanted: dict[Table, tuple[int, bool]]) -> None:
    for sequence, state in _sequences(database).items():
        if state != wanted[sequence]:
            name = Identifier(*sequence).as_string(database)
            database.execute("SELECT setval(%s::regclass, %s, %s)", (name, *wanted[sequence]))


def _copied(database: psycopg.Connection[Any], table: Table, columns: Iterable[str]) -> bytes:
    with database.cursor().copy(_copy("COPY {} ({}) TO STDOUT", table, columns)) as copy:
        return b"".join(bytes(part) for part in copy)


def _write(database: psycopg.Connection[Any], table: Table, columns: Iterable[str], content: bytes) -> None:
    with database.cursor().copy(_copy("COPY {} ({}) FROM STDIN", table, columns)) as copy:
        copy.write(content)


def _copy(words: str, table: Table, columns: Iterable[str]) -> Composed:
    return SQL(words).format(Identifier(*table), SQL(", ").join(map(Identifier, columns)))
