"""`up`: start everything, migrate, seed the demo, say `ready`, keep it alive until told to stop."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psycopg

from holdfast.cli.fingerprint import is_migrated, keep_fingerprint, wanted_fingerprint
from holdfast.cli.services import DEMO_FILE, Wanted, start_services
from holdfast.embedded.data_folder import DataFolderLock, make_data_folder
from holdfast.embedded.ports import check_port
from holdfast.embedded.refusal import StartRefused
from holdfast.installation import Installation, write_run_file
from holdfast.processes.application import application_children
from holdfast.processes.management import manage
from holdfast.processes.supervisor import Supervisor
from kernel.postgres.pooling import libpq_url

_AS_AN_ACCOUNT = "connect an account under Connections"
_HOW_TO_CONNECT = {
    "twilio": f"under Messages, Texts: account AC{'0' * 32}, token simulated-token, number +15005550006",
    "chats": "Slack, Teams, Discord and Mattermost under Connections, by the addresses on its page",
}
_PLATFORM = """
    SELECT d.domain FROM public.tenants_domain d JOIN public.tenants_tenant t ON t.id = d.tenant_id
    WHERE t.kind = 'platform' AND t.ready_at IS NOT NULL AND d.is_primary
"""
_HOSTS = (("Staff console", "localhost"), ("Acme", "acme.localhost"), ("Northwind", "northwind.localhost"))


class StopAsked(BaseException):
    """SIGTERM, SIGINT or SIGHUP came while starting; no `except Exception` eats it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `up` takes beside --data."""
    parser.add_argument("--port", type=int, default=8000, help="the port of the web process (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--empty", action="store_true", help="no demo tenants, no demo calendar server")
    parser.add_argument(
        "--simulate",
        action="store_true",
        help="simulated vendors beside the demo: Google, Microsoft, Zoom, Twilio, chats",
    )


def up(options: argparse.Namespace, data: Path) -> int:
    """Run the installation in this process until SIGTERM or Ctrl-C; returns 0. Raises `StartRefused`."""
    _on_stop_signals(_ask_to_stop)
    make_data_folder(data)
    lock = DataFolderLock(data)
    lock.take()
    _check_port_patiently(options, data)
    supervisor = Supervisor(say)
    try:
        installation = _start(supervisor, options, data)
        supervisor.watch(lambda: write_run_file(installation, supervisor.pids()))
    except StopAsked:
        pass
    finally:
        _on_stop_signals(
            signal.SIG_IGN
        )  # asked once is enough; a second signal must not leave children behind
        if supervisor.pids():
            say("Stopping")
        supervisor.stop()
        (data / "run.json").unlink(missing_ok=True)
        lock.release()
    say("Stopped")
    return 0


def say(line: str) -> None:
    """Print one line at once, also into a pipe; a reader that went away stops nothing."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _start(supervisor: Supervisor, options: argparse.Namespace, data: Path) -> Installation:
    demo = not options.empty or (data / DEMO_FILE).exists()
    say(f"Holdfast starts; its data is in {data}")
    installation = start_services(
        supervisor,
        data=data,
        host=options.host,
        port=options.port,
        wanted=Wanted(calendar=demo, simulators=options.simulate),
        progress=say,
    )
    write_run_file(installation, supervisor.pids())
    _migrate(installation, demo=not options.empty)
    for child in application_children(installation):
        say(f"Starting {child.name}")
        supervisor.start(child)
    supervisor.check_alive()
    write_run_file(installation, supervisor.pids())
    _greet(installation)
    return installation


def _migrate(installation: Installation, *, demo: bool) -> None:
    """Migrate and seed as the owner; an embedded database that this code has already seen is left alone."""
    if not installation.owner_database_url:
        _check_migrated(installation)
        say("OWNER_DATABASE_URL is not set: nothing is migrated, no demo is seeded")
        return
    embedded = bool(installation.superuser_database_url)
    wanted = wanted_fingerprint(demo=demo)
    if embedded and is_migrated(installation.data, wanted):
        return
    say("Migrating the database")
    manage(installation, "migrate_all", as_owner=True)
    if demo:
        say("Making the demo's tenants")
        manage(installation, "seed_demo", as_owner=True)
    if embedded:
        keep_fingerprint(installation.data, wanted)


def _check_migrated(installation: Installation) -> None:
    with psycopg.connect(libpq_url(installation.database_url), connect_timeout=5) as connection:
        found = connection.execute("SELECT to_regclass('public.tenants_tenant')").fetchone()
    if found is None or found[0] is None:
        raise StartRefused(
            "The database has no tables yet: set OWNER_DATABASE_URL beside DATABASE_URL to migrate."
        )


def _check_port_patiently(options: argparse.Namespace, data: Path) -> None:
    """After an unclean end (run.json is still there) the killed web process may hold its port a while."""
    give_up_at = time.monotonic() + (10 if (data / "run.json").exists() else 0)
    while True:
        try:
            return check_port(options.host, options.port)
        except StartRefused:
            if time.monotonic() >= give_up_at:
                raise
        time.sleep(0.25)


def _greet(installation: Installation) -> None:
    suffix = "" if installation.port == 80 else f":{installation.port}"
    demo = installation.data / DEMO_FILE
    platform = "" if demo.exists() else _platform(installation)
    if demo.exists():
        for label, host in _HOSTS:
            say(f"  {label:<14} http://{host}{suffix}/")
        say("  Demo sign-ins (at /portal/ of the host):")
        for entry in json.loads(demo.read_text()):
            say(f"    {entry['host']:<20} {entry['email']:<28} {entry['password']:<18} {entry['role']}")
    elif platform:
        say(f"  Staff console  http://{platform}{suffix}/")
    elif platform is not None:
        say(
            "  There is no platform yet, so every page answers 404. Make it while this runs (docs/operator.md):"
        )
        say(f"    bin/holdfast found --domain HOST --name NAME --email ADDRESS --data {installation.data}")
    if os.environ.get("HOLDFAST_PUBLIC_RATE", "").strip().lower() in ("off", "no", "false", "0"):
        say("  WARNING: HOLDFAST_PUBLIC_RATE=off: the public rate limits are lifted. For load tests only.")
    for vendor, url in installation.simulated.items():
        say(f"  SIMULATED {vendor.capitalize()} at {url}: {_HOW_TO_CONNECT.get(vendor, _AS_AN_ACCOUNT)}")
    say(f"  Mail, logs and keys are in {installation.data}")
    say(f"ready http://{'acme.localhost' if demo.exists() else platform or 'localhost'}{suffix}/")


def _platform(installation: Installation) -> str | None:
    """Return the host of the platform's console, "" before it was founded, None where the database does not say."""
    try:
        with psycopg.connect(libpq_url(installation.database_url), connect_timeout=5) as connection:
            found = connection.execute(_PLATFORM).fetchone()
    except psycopg.Error:
        return None  # all is up; only this line is not known
    return str(found[0]) if found else ""


def _on_stop_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """Set the handler; SIGHUP stays ignored where nohup said so, SIGINT works even below a `&` in a script."""
    for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if kind is not signal.SIGHUP or signal.getsignal(kind) != signal.SIG_IGN:
            signal.signal(kind, handler)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopAsked
