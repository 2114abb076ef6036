"""Promise 8. A booking needs no vendor: nothing is asked of a foreign host. What a business owns stays in its own
schema, whatever goes wrong with a connection. One command takes all of it away in one file, which proves itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from psycopg import sql

from booking.api import Host
from booking.guard import call
from tests.booking.scene import BEN, booked, workday
from tests.database import World
from tests.promises.scene import mails_to, perform_all, reread
from tests.simulators.smtp import MailSink

START = workday(10)
_watching: list[set[str]] = []


def _seen(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the host of every connection and every name that is looked up (CPython's audit events)."""
    if _watching and event == "socket.connect" and isinstance(arguments[1], tuple):
        _watching[-1].add(str(arguments[1][0]))
    if _watching and event == "socket.getaddrinfo":
        _watching[-1].add(str(arguments[0]))


sys.addaudithook(_seen)  # for the rest of the process; it notes only while somebody watches


@contextmanager
def _hosts_asked() -> Iterator[set[str]]:
    """Collect the hosts that this process connects to, or looks up, in any thread."""
    asked: set[str] = set()
    _watching.append(asked)
    try:
        yield asked
    finally:
        _watching.remove(asked)


def test_promise_8_they_own_every_part(world: World, web: str, mails: MailSink) -> None:
    with world.enter("acme"), _hosts_asked() as asked:
        booking = booked("intro-call", START)
        perform_all()
        confirmed = reread(booking)
    assert confirmed.status == "confirmed"
    assert confirmed.meeting.join_url.startswith("http://acme.localhost:")
    assert len(mails_to(mails, "ben@example.com")) == 1
    assert asked == {"127.0.0.1"}
    assert {slug: _bookings(world, slug) for slug in ("acme", "northwind", "staff")} == {
        "acme": [booking.uid],
        "northwind": [],
        "staff": [],
    }


def test_one_command_takes_all_of_it_away_in_one_file(world: World, mails: MailSink, tmp_path: Path) -> None:
    """Taken by the command, and proven by a process that has no database, no key and no settings."""
    with world.enter("acme"):
        booking = booked("site-visit", START)
        perform_all()
    file = tmp_path / "acme.zip"
    call_command("export_tenant", tenant="acme", to=file, stdout=StringIO())
    with ZipFile(file) as archive:
        assert json.loads(archive.read("data/booking_booking.jsonl"))["uid"] == booking.uid
        assert BEN.name in archive.read("data/providers_message.jsonl").decode()
    assert _proven(file) == (0, "ok")
    with ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held["data/booking_booking.jsonl"] = held["data/booking_booking.jsonl"].replace(b"Ben Ode", b"Ben Two")
    with ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    assert _proven(file) == (1, "ALTERED")


def _proven(file: Path) -> tuple[int, str]:
    """Run `bin/holdfast verify --file` as somebody else's machine would; return its exit status and first word."""
    bare = {
        name: held for name, held in os.environ.items() if not re.match("HOLDFAST_|DJANGO_|.*_URL$", name)
    }
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "holdfast.cli", "verify", "--file", file],
        env=bare, cwd=file.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout.split(" ")[0]


def test_a_statement_that_reached_another_business_is_refused_by_the_database(world: World) -> None:
    with world.app("acme") as database, pytest.raises(psycopg.DatabaseError) as refused:
        database.execute(
            "SELECT release_v1(%s, 1, '{confirmed}', 'cancelled', '', '', '')", [world.northwind]
        )
    assert refused.value.sqlstate == "HF403"
    with world.enter("acme"):
        assert call("release_v1", 1, ["confirmed"], "cancelled", "", "", "") is None


def test_a_connection_that_could_not_enter_a_business_reads_nothing(world: World) -> None:
    with world.enter("acme"):
        assert Host.objects.get(slug="ana").name == "Ana Martins"
    with world.enter("northwind"):
        connection.path_statement = f"{_CANCELLED} {connection.path_statement}"
        with pytest.raises(DatabaseError):
            list(Host.objects.all())
    with world.enter("northwind"):
        assert Host.objects.filter(slug="bruno").exists()
        assert not Host.objects.filter(slug="ana").exists()


def _bookings(world: World, slug: str) -> list[str]:
    """Return the uids of the bookings in a business's schema, looked up as superuser."""
    with world.superuser() as database:
        schema = sql.Identifier(getattr(world, slug))
        rows = database.execute(sql.SQL("SELECT uid FROM {}.booking_booking").format(schema))
        return [uid for (uid,) in rows.fetchall()]


# A path that meets a cancel request, as a timeout or an administrator sends it.
_CANCELLED = "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5);"
