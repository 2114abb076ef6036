"""Which servers an installation uses: those the environment names, and embedded ones for the rest."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from holdfast.embedded.mailsink import MailSink
from holdfast.embedded.postgres import DATABASE, EmbeddedPostgres
from holdfast.embedded.radicale import EmbeddedRadicale
from holdfast.embedded.refusal import StartRefused
from holdfast.embedded.simulated_vendor import SIMULATED, SimulatedVendor
from holdfast.embedded.valkey import EmbeddedValkey
from holdfast.installation import Installation
from holdfast.processes.child import Child, Rank
from holdfast.processes.supervisor import Supervisor
from kernel import env
from kernel.errors import Misconfigured
from kernel.postgres.pooling import libpq_url

DEMO_FILE = "demo.json"


@dataclass(frozen=True)
class Wanted:
    """What to start beside the database."""

    broker: bool = True
    mail: bool = True
    calendar: bool = True
    simulators: bool = False


def start_services(
    supervisor: Supervisor,
    *,
    data: Path,
    host: str,
    port: int,
    wanted: Wanted,
    progress: Callable[[str], None],
) -> Installation:
    """Start what the environment does not name and return all addresses.

    DATABASE_URL, BROKER_URL, HOLDFAST_SMTP_URL and HOLDFAST_CALDAV_DEMO_URL win over an embedded server.
    Raises `StartRefused` if a server cannot start or a named database does not answer.
    """
    database, owner, superuser = _database(supervisor, data, progress)
    broker_url = os.environ.get("BROKER_URL", "")
    if broker_url:
        _warn_of_a_dead_broker(broker_url, progress)
    elif wanted.broker:
        progress("Starting the broker")
        broker = EmbeddedValkey(data)
        supervisor.start(broker.child())
        broker_url = broker.url
    smtp_url = _named_mail_server()
    if not smtp_url:
        sink = MailSink(data)
        smtp_url = sink.url
        if wanted.mail:
            supervisor.start(sink.child())
    calendar_url = os.environ.get("HOLDFAST_CALDAV_DEMO_URL", "")
    if not calendar_url and wanted.calendar:
        progress("Starting the demo's calendar server")
        radicale = EmbeddedRadicale(data)
        supervisor.start(radicale.child())
        calendar_url = radicale.url
    started = {each: _simulated(supervisor, data, each, wanted.simulators, progress) for each in SIMULATED}
    return Installation(
        data=data, host=host, port=port, database_url=database, owner_database_url=owner,
        superuser_database_url=superuser, broker_url=broker_url or EmbeddedValkey(data).url,
        smtp_url=smtp_url, calendar_url=calendar_url, simulated={each: url for each, url in started.items() if url},
    )  # fmt: skip


def _named_mail_server() -> str:
    """Return HOLDFAST_SMTP_URL, or what the file holds that HOLDFAST_SMTP_URL_FILE names; "" without."""
    try:
        found = env.secret("HOLDFAST_SMTP_URL", "")
    except Misconfigured as error:
        raise StartRefused(error.message) from error
    if not found and os.environ.get("HOLDFAST_SMTP_URL_FILE"):
        raise StartRefused(
            "The file that HOLDFAST_SMTP_URL_FILE names is empty: mail would only be kept here."
        )
    return found


def _simulated(
    supervisor: Supervisor, data: Path, vendor: str, wanted: bool, progress: Callable[[str], None]
) -> str:
    """Return where a vendor's stand-in answers: the one that is named, or one that is started; "" without."""
    url = os.environ.get(f"HOLDFAST_{vendor.upper()}_SIMULATOR", "")
    if url or not wanted:
        return url
    progress(f"Starting a simulated {vendor.capitalize()}")
    stand_in = SimulatedVendor(data, vendor)
    supervisor.start(stand_in.child())
    return stand_in.url


def _database(supervisor: Supervisor, data: Path, progress: Callable[[str], None]) -> tuple[str, str, str]:
    named = os.environ.get("DATABASE_URL", "")
    if named:
        owner = os.environ.get("OWNER_DATABASE_URL", "")
        for name, url in (("DATABASE_URL", named), ("OWNER_DATABASE_URL", owner)):
            if url:
                check_database(name, url)
        return named, owner, ""
    progress("Starting the database")
    postgres = EmbeddedPostgres(data)
    child = Child(name="database", spawn=postgres.spawn, is_ready=postgres.is_ready, rank=Rank.DATABASE,
                  log=postgres.log, stop_signals=EmbeddedPostgres.STOP_SIGNALS)  # fmt: skip
    postgres.start(progress)
    assert postgres.process is not None
    supervisor.adopt(child, postgres.process)
    return postgres.app_url(), postgres.owner_url(), postgres.url("postgres", "superuser", DATABASE)


def check_database(name: str, url: str) -> None:
    """Raise `StartRefused` unless the database at `url`, which variable `name` names, answers within 5 s."""
    try:
        psycopg.connect(libpq_url(url), connect_timeout=5).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StartRefused(f"The database that {name} names does not answer: {reason}") from None


def _warn_of_a_dead_broker(url: str, progress: Callable[[str], None]) -> None:
    """A broker only carries: without it bookings wait for the relay, and nothing is lost."""
    parts = urlsplit(url)
    if parts.hostname is None:
        return
    port = parts.port or (5672 if parts.scheme == "amqp" else 6379)
    try:
        socket.create_connection((parts.hostname, port), timeout=2).close()
    except OSError as error:
        progress(f"BROKER_URL does not answer ({error.strerror or error}): starting without a broker")
