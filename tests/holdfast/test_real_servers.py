"""bin/run's addresses of real servers: Debian's PostgreSQL as the database, RabbitMQ as the broker."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django.fixtures import Settings

from holdfast.embedded.ports import free_port
from jobs import broker as brokers
from jobs.handover import send
from tests.holdfast.debian_servers import debian_postgres, debian_rabbitmq
from tests.holdfast.eventually import eventually, processes_naming
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def beside() -> Path:
    """A free folder name for a server's files, outside the data folder."""
    return Path(tempfile.gettempdir()) / f"holdfast-server-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def run(data: Path) -> Iterator[Run]:
    """Start `up` with these variables, wait for `ready`; gives the port and what was said."""
    started: list[subprocess.Popen[str]] = []

    def begin(**environment: str) -> tuple[int, list[str]]:
        port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "holdfast.cli", "up", "--data", data, "--port", str(port)],
            env={**kept, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("ready "):
                break
        assert lines[-1].startswith("ready "), lines
        return port, lines

    yield begin
    for process in started:
        process.terminate()
        assert process.wait(60 * PATIENCE) == 0
        if process.stdout:
            process.stdout.close()


@pytest.mark.debian_postgres
def test_debians_postgres_serves_a_booking_and_none_is_embedded(data: Path, beside: Path, run: Run) -> None:
    with debian_postgres(beside) as server:
        port, _ = run(DATABASE_URL=server.app_url, OWNER_DATABASE_URL=server.owner_url)
        assert book(port)["status"] == "confirmed"
        assert not (data / "postgres").exists()
        with psycopg.connect(server.owner_url) as owner:
            assert owner.execute("SELECT count(*) FROM public.tenants_tenant").fetchone() == (3,)
            assert owner.info.server_version // 10000 == server.version


@pytest.mark.debian_postgres
def test_without_the_owners_address_an_empty_database_is_refused(data: Path, beside: Path) -> None:
    with debian_postgres(beside) as server:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "holdfast.cli", "up", "--data", data, "--port", str(free_port())],
            env={**os.environ, "DATABASE_URL": server.app_url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "holdfast: The database has no tables yet: set OWNER_DATABASE_URL beside DATABASE_URL to migrate.\n"
    )
    assert processes_naming(str(data)) == []


@pytest.mark.rabbitmq
def test_rabbitmq_carries_a_booking_and_no_broker_is_embedded(data: Path, beside: Path, run: Run) -> None:
    with debian_rabbitmq(beside) as url:
        port, _ = run(BROKER_URL=url)
        assert book(port)["status"] == "confirmed"
        assert not (data / "valkey").exists()


@pytest.mark.rabbitmq
def test_rabbitmq_says_how_many_ids_it_holds(beside: Path, settings: Settings) -> None:
    with debian_rabbitmq(beside) as url:
        settings.BROKER_URL = url
        brokers.broker.cache_clear()
        try:
            assert brokers.waiting_ids() == 0
            assert [send(number) for number in range(3)] == [True, True, True]
            assert eventually(lambda: brokers.waiting_ids() == 3)
        finally:
            brokers.broker().close()
            brokers.broker.cache_clear()


def book(port: int) -> dict[str, Any]:
    """Book the first open intro call of a day next week and wait for its final status."""
    day = datetime.now(UTC).date() + timedelta(days=7)
    day += timedelta(days=(1 - day.weekday()) % 7)  # a Tuesday
    found = asked(port, "GET", f"/api/v1/slots?event_type=intro-call&start={day}&end={day}&time_zone=UTC")
    start = found["slots"][str(day)][0]["start"]
    body = {
        "event_type": "intro-call",
        "start": start,
        "time_zone": "UTC",
        "attendee": {"name": "Casey Client", "email": "casey@client.example"},
    }
    made = asked(port, "POST", "/api/v1/bookings", body, Prefer="wait=10")
    give_up_at = datetime.now(UTC) + timedelta(seconds=60)
    path = f"/api/v1/bookings/{made['uid']}"
    token = str(made["manage_url"]).rstrip("/").rsplit("/", 1)[1]
    while made["status"] in ("held", "awaiting_link") and datetime.now(UTC) < give_up_at:
        time.sleep(0.5)
        made = asked(port, "GET", path, Authorization=f"Bearer {token}")
    return made


def asked(port: int, method: str, path: str, body: object = None, **headers: str) -> dict[str, Any]:
    """Ask Acme's API and return its JSON; anything but 200 or 201 fails the test."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60 * PATIENCE)
    given = {"Host": f"acme.localhost:{port}", "Content-Type": "application/json", **headers}
    connection.request(method, path, body=json.dumps(body) if body else None, headers=given)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status in (200, 201), (answer.status, text)
    found: dict[str, Any] = json.loads(text)
    return found
