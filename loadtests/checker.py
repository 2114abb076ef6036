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

QUESTIONS = {
    "two live blocked ranges of one resource overlap": """
        SELECT a.resource_id, a.meeting_id, b.meeting_id, a.blocked * b.blocked
        FROM booking_occupancy a JOIN booking_occupancy b
          ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
        WHERE a.retired_at IS NULL AND b.retired_at IS NULL""",
    "two meetings with a live booking share a host and a time": """
        SELECT a.host_id, m.uid, n.uid
        FROM booking_meetinghost a
        JOIN booking_meetinghost b ON a.host_id = b.host_id AND a.meeting_id < b.meeting_id
        JOIN booking_meeting m ON m.id = a.meeting_id JOIN booking_meeting n ON n.id = b.meeting_id
        WHERE tstzrange(m.starts_at, m.ends_at) && tstzrange(n.starts_at, n.ends_at)
          AND EXISTS (SELECT FROM booking_booking WHERE meeting_id = m.id AND {live})
          AND EXISTS (SELECT FROM booking_booking WHERE meeting_id = n.id AND {live})""",
    "more live bookings than seats, or than are counted": """
        SELECT m.uid, m.capacity, m.seats_taken, count(b.id)
        FROM booking_meeting m JOIN booking_booking b ON b.meeting_id = m.id AND {stored_live}
        GROUP BY m.id HAVING count(b.id) > least(m.capacity, m.seats_taken)""",
    "a live booking without a live blocked range of each of its hosts": """
        SELECT b.uid, h.host_id
        FROM booking_booking b JOIN booking_meetinghost h ON h.meeting_id = b.meeting_id
        WHERE {live} AND NOT EXISTS (
            SELECT FROM booking_occupancy o JOIN booking_meeting m ON m.id = o.meeting_id
            WHERE o.meeting_id = b.meeting_id AND o.resource_id = h.host_id AND o.retired_at IS NULL
              AND o.blocked @> tstzrange(m.starts_at, m.ends_at))""",
}
STORED_LIVE = "status IN ('held', 'pending', 'awaiting_link', 'confirmed')"
LIVE = f"{STORED_LIVE} AND (expires_at IS NULL OR expires_at > clock_timestamp())"
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
        for promise, question in QUESTIONS.items():
            rows = connection.execute(question.format(live=LIVE, stored_live=STORED_LIVE)).fetchall()
            for row in rows[:20]:
                print(f"  BROKEN: {promise}: {', '.join(map(str, row))}")
            broken += len(rows)
    return broken


if __name__ == "__main__":
    sys.exit(main())
