"""After the load: read the database itself, and say whether any promise about time was broken.

    python loadtests/checker.py "$DATABASE_URL" [--server-log PATH]

Four questions to each tenant, none of which trusts the constraint that should make them pointless. Exit
status 1 if any has an answer. With --server-log, deadlocks and internal errors in PostgreSQL's log count too.
"""

import argparse
import re
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from booking.core.promises import LIVE, QUESTIONS, question_sql

BAD_LOG_LINE = re.compile(r"40P01|deadlock detected|40001|could not serialize|PANIC|XX000")


def main() -> int:
    """Ask every tenant every question; print the answers; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database_url")
    parser.add_argument("--server-log", type=Path)
    asked = parser.parse_args()
    broken = 0
    with psycopg.connect(asked.database_url) as connection:
        connection.read_only = True
        tenants = [
            row[0] for row in connection.execute("SELECT schema_name FROM public.tenants_tenant ORDER BY 1")
        ]
        for tenant in tenants:
            broken += check_tenant(connection, tenant)
    if asked.server_log:
        lines = [
            line
            for line in asked.server_log.read_text(errors="replace").splitlines()
            if BAD_LOG_LINE.search(line)
        ]
        broken += len(lines)
        print(f"server log: {len(lines)} deadlocks or internal errors", *lines[:5], sep="\n  ")
    print("FAILED" if broken else f"PASSED: {len(tenants)} tenants")
    return 1 if broken else 0


def check_tenant(connection: "psycopg.Connection[tuple[object, ...]]", tenant: str) -> int:
    """Print one line for the tenant and one for each broken promise; return how many are broken."""
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(tenant)))
        counted = connection.execute(f"SELECT count(*) FROM booking_booking WHERE {LIVE}").fetchone()
        print(f"{tenant}: {counted[0] if counted else 0} live bookings")
        broken = 0
        for promise in QUESTIONS:
            rows = connection.execute(question_sql(promise)).fetchall()
            for row in rows[:20]:
                print(f"  BROKEN: {promise}: {', '.join(map(str, row))}")
            broken += len(rows)
    return broken


if __name__ == "__main__":
    sys.exit(main())
