"""`bin/holdfast drill`: prove that a backup of this installation can be restored, now."""

import argparse
from pathlib import Path

from holdfast.cli.operator import at_hand
from holdfast.drill.rehearsal import rehearse


def drill(options: argparse.Namespace, data: Path) -> int:
    """Restore a copy of the database, verify its ledgers and its guard, compare every row; exit 1 names faults."""
    with at_hand(data) as installation:
        findings = rehearse(installation, say=lambda line: print(line, flush=True), keep=options.keep)
    for fault in findings.faults:
        print(f"  {fault}")
    print("FAILED" if findings.faults else "PASSED: this database can be restored from its dump")
    return 1 if findings.faults else 0


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what only this command takes."""
    command.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep the dump (pg_restore's custom format)"
    )
