"""`bin/holdfast export`: a business in one file; `bin/holdfast verify --file`: that file proven, on any machine."""

import argparse
from pathlib import Path

from holdfast.cli.operator import at_hand
from holdfast.embedded.refusal import StartRefused
from holdfast.processes.management import run_management
from tenants.exporting.verifying import Altered, Known, NotAnExport, Proof, verify_export

OK, ALTERED, UNREADABLE = 0, 1, 2


def export(options: argparse.Namespace, data: Path) -> int:
    """Write everything that is a tenant's into one file (--tenant SLUG --to FILE), and sign that it was taken."""
    if options.to.exists():
        raise StartRefused(f"{options.to} is there already. Name another file.")
    with at_hand(data) as installation:
        said = ["export_tenant", "--tenant", options.tenant, "--to", str(options.to)]
        return run_management(installation, *said, as_owner=False)


def add_export_arguments(command: argparse.ArgumentParser) -> None:
    """Add what only `export` takes."""
    command.add_argument("--tenant", required=True, metavar="SLUG", help="the tenant's short name")
    command.add_argument("--to", required=True, type=Path, metavar="FILE", help="a new file, as acme.zip")


def verify_file(options: argparse.Namespace) -> int:
    """Prove an exported file. Exit status 0: as it was taken; 1: altered; 2: it cannot be read."""
    try:
        proof = verify_export(options.file, known=_known(options))
    except Altered as fault:
        print(f"ALTERED      {options.file}: {fault}")
        return ALTERED
    except NotAnExport as fault:
        print(f"NOT CHECKED  {fault}")
        return UNREADABLE
    print(_words(options.file, proof, is_known=bool(options.first_key)))
    return OK


def add_verify_arguments(command: argparse.ArgumentParser) -> None:
    """Add what `verify` takes for a file; everything else is for the ledgers of an installation."""
    command.add_argument("--file", type=Path, help="prove an exported file; needs no database")
    command.add_argument(
        "--first-key", default="", metavar="ID", help="the id that the ledger must begin with"
    )
    command.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="checkpoints that were kept elsewhere"
    )
    command.add_argument(
        "--checkpoint-key", type=Path, metavar="FILE", help="and the public key to read them with"
    )


def _known(options: argparse.Namespace) -> Known:
    if (options.checkpoints is None) != (options.checkpoint_key is None):
        raise StartRefused(
            "--checkpoints and --checkpoint-key belong together: the one is read with the other."
        )
    if options.checkpoints is None:
        return Known(first_key=options.first_key)
    try:
        notes = [file.read_text(encoding="utf-8") for file in sorted(options.checkpoints.glob("*.note"))]
        key = bytes.fromhex(options.checkpoint_key.read_text().strip())
    except (OSError, ValueError) as error:
        raise StartRefused(f"The checkpoints cannot be read: {error}") from error
    if not notes:
        raise StartRefused(f"{options.checkpoints} holds no checkpoint (*.note).")
    return Known(options.first_key, notes, key)


def _words(file: Path, proof: Proof, *, is_known: bool) -> str:
    covered = proof.checkpoint.size if proof.checkpoint else 0
    erased = f", {proof.erased} erased" if proof.erased else ""
    key = (
        f"key         {proof.first_key}, as you named it"
        if is_known
        else (f"key         {proof.first_key}: compare it with what you know, or name it by --first-key")
    )
    return "\n".join(
        [
            f"ok           {file}: {proof.name}, taken at {proof.exported_at}",
            f"  data        {proof.rows} rows of {proof.tables} tables, as entry {proof.signed_by} signed them",
            f"  ledger      {proof.entries} entries, each signed and chained; checkpoints cover the first {covered}",
            f"  people      the personal values of {proof.opened} entries are as committed{erased}",
            f"  {key}",
        ]
    )
