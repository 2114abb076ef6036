"""The operator's commands on an installation: the running one, or its database started for a moment."""

import argparse
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from holdfast.cli.services import Wanted, start_services
from holdfast.embedded.data_folder import DataFolderLock, make_data_folder
from holdfast.embedded.postgres_user import installed_binaries
from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation, read_run_file
from holdfast.processes.leash import leash
from holdfast.processes.management import run_management
from holdfast.processes.supervisor import Supervisor
from kernel.postgres.pooling import libpq_url

_PG_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
}


def migrate(options: argparse.Namespace, data: Path) -> int:
    """Bring every schema up to date (--parallel N, --again); goes on after a kill; exit 1 names what is broken."""
    with at_hand(data) as installation:
        _check_owner(installation)
        return run_management(installation, "migrate_all", *options.rest, as_owner=True)


def found(options: argparse.Namespace, data: Path) -> int:
    """Make the platform at --domain and invite the first owner of its console; safe to repeat."""
    said = [f"--domain={options.domain}", f"--name={options.name}", f"--email={options.email}"]
    with at_hand(data) as installation:
        _check_owner(installation)
        _check_keys(installation)
        return run_management(installation, "found_platform", *said, as_owner=True)


def add_found_arguments(command: argparse.ArgumentParser) -> None:
    """Add what only `found` takes."""
    command.add_argument(
        "--domain", required=True, metavar="HOST", help="as book.example.com: its console's host"
    )
    command.add_argument("--name", required=True, help="what the console and its mails are headed with")
    command.add_argument("--email", required=True, metavar="ADDRESS", help="who is invited as an owner")


def seed_demo(_options: argparse.Namespace, data: Path) -> int:
    """Make the demo's tenants, or complete them; safe to repeat."""
    with at_hand(data, calendar=True) as installation:
        _check_owner(installation)
        return run_management(installation, "seed_demo", as_owner=True)


def sandbox(options: argparse.Namespace, data: Path) -> int:
    """Make the tenant that load tests run in (--tenant, --hosts, --bookings), or --remove it."""
    with at_hand(data) as installation:
        _check_owner(installation)
        return run_management(installation, "sandbox", *options.rest, as_owner=True)


def verify(options: argparse.Namespace, data: Path) -> int:
    """Check signatures, chain and checkpoints of each tenant's ledger; exit 1 names what is wrong."""
    with at_hand(data) as installation:
        return run_management(installation, "verify_ledger", *options.rest, as_owner=False)


def reseal(options: argparse.Namespace, data: Path) -> int:
    """Seal every secret again after a new HOLDFAST_KEK was set (--tenant NAME); goes on after a kill."""
    with at_hand(data) as installation:
        _check_owner(installation)
        return run_management(installation, "reseal_secrets", *options.rest, as_owner=True)


def bounce(_options: argparse.Namespace, data: Path) -> int:
    """Take one mail on standard input, from a mail server's alias: a report marks the mail that came back."""
    with at_hand(data) as installation:
        return run_management(installation, "bounce", as_owner=False)


def psql(options: argparse.Namespace, data: Path) -> int:
    """Open psql, or run `-c SQL`; further arguments go to psql."""
    with at_hand(data) as installation:
        urls = {
            "superuser": installation.superuser_database_url,
            "owner": installation.owner_database_url,
            "app": installation.database_url,
        }
        chosen = options.role or next(name for name, url in urls.items() if url)
        if not urls[chosen]:
            raise StartRefused(f"No address is known for the role {chosen} of this installation.")
        known = conninfo_to_dict(libpq_url(urls[chosen]))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            **{variable: str(known[key]) for key, variable in _PG_VARIABLES.items() if known.get(key)},
        }
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to psql
        try:
            return subprocess.run(
                [installed_binaries() / "psql", *options.rest],
                env=environment, check=False, preexec_fn=leash(signal.SIGTERM),
            ).returncode  # fmt: skip
        finally:
            signal.signal(signal.SIGINT, before)


@contextmanager
def at_hand(data: Path, *, calendar: bool = False) -> Iterator[Installation]:
    """Yield the running installation, or one whose database (and calendar server) runs for this block."""
    lock = None
    supervisor = Supervisor(lambda _line: None)
    if not os.environ.get("DATABASE_URL"):
        if not (data / "postgres" / "cluster").exists():
            raise StartRefused(
                f"There is no installation in {data}: run bin/run first, or name its folder with --data."
            )
        lock = DataFolderLock(data)
        try:
            lock.take()
        except StartRefused:
            running = read_run_file(data)
            if running is None:
                raise
            yield running
            return
    make_data_folder(data)
    wanted = Wanted(broker=False, mail=False, calendar=calendar)
    try:
        yield start_services(
            supervisor, data=data, host="127.0.0.1", port=8000, wanted=wanted, progress=lambda _line: None
        )
    finally:
        supervisor.stop()
        if lock is not None:
            lock.release()


def _check_keys(installation: Installation) -> None:
    """Refuse to make a platform with keys of this shell's own: nobody else could open what they seal."""
    for name, key in (("HOLDFAST_KEK", "key-encryption-key"), ("HOLDFAST_SECRET_KEY", "secret-key")):
        kept = installation.data / "keys" / key
        if not (name in os.environ or f"{name}_FILE" in os.environ or kept.exists()):
            raise StartRefused(
                f"{name} is not set here, and {kept} is not there: give --data, or the keys with which it runs."
            )


def _check_owner(installation: Installation) -> None:
    if not installation.owner_database_url:
        raise StartRefused("OWNER_DATABASE_URL is not set, and only the owner may change schemas.")
