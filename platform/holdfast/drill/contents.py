"""What a database holds, said so that two databases can be compared: rows with their contents, and rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import Connection, sql

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
     ORDER BY 1, 2"""
_RULES = """
    SELECT n.nspname || '.' || r.relname || ' ' || c.conname, pg_get_constraintdef(c.oid)
      FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
     WHERE n.nspname NOT LIKE 'pg\\_%'
    UNION ALL
    SELECT n.nspname || '.' || r.relname || ' ' || t.tgname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
      FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN pg_namespace n ON n.oid = r.relnamespace
     WHERE NOT t.tgisinternal
    UNION ALL
    SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', p.prosrc
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND p.prokind = 'f'
    UNION ALL
    SELECT n.nspname || '.' || c.relname || ' privileges', coalesce(array_to_string(ARRAY(
               SELECT unnest(coalesce(c.relacl, acldefault(
                   CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)))::text
               ORDER BY 1), ' '), '')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'S') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"""


@dataclass(frozen=True)
class Contents:
    """Each table's (rows, sum of the rows' hashes), and each constraint, trigger, function and grant by name."""

    tables: Mapping[str, tuple[int, int]]
    rules: Mapping[str, str]

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(count for count, _hash in self.tables.values())


def contents(connection: Connection) -> Contents:
    """Read a whole database: one statement for each table, one for the rules. In the caller's transaction."""
    tables = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        found = connection.execute(
            sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {} t").format(
                sql.Identifier(schema, table)
            )
        ).fetchone()
        assert found is not None  # an aggregate always answers
        tables[f"{schema}.{table}"] = (int(found[0]), int(found[1]))
    return Contents(tables, dict(connection.execute(_RULES).fetchall()))


def differences(source: Contents, copy: Contents) -> list[str]:
    """Return what the copy lacks, has too much of, or holds otherwise; a sentence each."""
    said = []
    for name in sorted(source.tables.keys() | copy.tables.keys()):
        one, other = source.tables.get(name), copy.tables.get(name)
        if one is None or other is None:
            said.append(f"table {name} is only in the {'copy' if one is None else 'source'}")
        elif one[0] != other[0]:
            said.append(f"table {name} has {one[0]} rows, in the copy {other[0]}")
        elif one != other:
            said.append(f"table {name} has other contents in the copy")
    for name in sorted(source.rules.keys() | copy.rules.keys()):
        if _plain(source.rules.get(name)) != _plain(copy.rules.get(name)):
            said.append(f"{name} is not the same in the copy")
    return said


def _plain(rule: str | None) -> str | None:
    """Take casts and parentheses away: PostgreSQL prints a restored `IN (…)` with its casts in other places."""
    return None if rule is None else re.sub(r"::(character varying|text)(\[\])?|[()\s]", "", rule)
