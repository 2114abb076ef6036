"""After the load: read the database itself, and say whether any promise about time was broken.

    python loadtests/checker.py "$DATABASE_URL" [--server-log PATH]

Seven questions to each tenant, none of which trusts the constraint that should make them pointless. Exit
status 1 if any has an answer. With --server-log, deadlocks and internal errors in PostgreSQL's log count too.
"""

import argparse
import re
import sys
from pathlib import Path

from lab.truth import ask

BAD_LOG_LINE = re.compile(r"40P01|deadlock detected|40001|could not serialize|PANIC|XX000")


def main() -> int:
    """Ask every tenant every question; print the answers; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database_url")
    parser.add_argument("--server-log", type=Path)
    asked = parser.parse_args()
    truth = ask(asked.database_url)
    for tenant, count in truth.bookings.items():
        print(f"{tenant}: {count} live bookings")
        for words in truth.broken[tenant]:
            print(f"  BROKEN: {words}")
    broken = len(truth.faults)
    if asked.server_log:
        log = asked.server_log.read_text(errors="replace").splitlines()
        lines = [line for line in log if BAD_LOG_LINE.search(line)]
        broken += len(lines)
        print(f"server log: {len(lines)} deadlocks or internal errors", *lines[:5], sep="\n  ")
    print("FAILED" if broken else f"PASSED: {len(truth.bookings)} tenants")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
