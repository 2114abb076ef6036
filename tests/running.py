"""A whole installation for tests: bin/run on a free port, spoken to over HTTP, looked at from behind."""

import contextlib
import email
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from holdfast.embedded.ports import free_port
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Running:
    """A running demo. `run` is the content of run.json, read anew at each look."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    crash_file: Path
    schemas: dict[str, str] = field(default_factory=dict)

    def run_file(self) -> dict[str, Any]:
        """Return what runs where."""
        content: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return content

    def api(self, host: str, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Speak to API v1 of a tenant ("acme"), by address, with the right Host."""
        headers = {"Host": f"{host}.localhost:{self.port}", **arguments.pop("headers", {})}
        return httpx.request(
            method,
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            headers=headers,
            timeout=40 * PATIENCE,
            **arguments,
        )

    def book(
        self, host: str, event_type: str, start: str, *, wait: int = 0, key: str | None = None
    ) -> httpx.Response:
        """Book a start for Ben; `key` is the Idempotency-Key."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        if key:
            headers["Idempotency-Key"] = key
        body = {
            "event_type": event_type, "start": start, "time_zone": "Europe/Lisbon",
            "attendee": {"name": "Ben Ode", "email": "ben@example.com"},
        }  # fmt: skip
        return self.api(host, "POST", "/bookings", json=body, headers=headers)

    def slots(self, host: str, event_type: str, day: str, last: str | None = None) -> list[str]:
        """Return the starts on offer from `day` to `last`."""
        query = {"event_type": event_type, "start": day, "end": last or day, "time_zone": "Europe/Lisbon"}
        answer = self.api(host, "GET", "/slots", params=query).json()
        return [slot["start"] for day_slots in answer["slots"].values() for slot in day_slots]

    def rows(self, tenant: str, query: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database as superuser, inside a tenant's schema."""
        url = self.run_file()["superuser_database_url"]
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            if tenant not in self.schemas:
                found = connection.execute("SELECT slug, schema_name FROM public.tenants_tenant").fetchall()
                self.schemas = {row["slug"]: row["schema_name"] for row in found}
            connection.execute(f"SET search_path = {self.schemas[tenant]}, public")  # type: ignore[arg-type]
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def events(self, uid: str) -> list[str]:
        """Return the files in Radicale's storage that hold an event with this meeting uid."""
        found = (self.data / "radicale" / "collections").rglob("*.ics")
        return [
            str(path) for path in found if ".Radicale" not in str(path) and f"UID:{uid}@" in path.read_text()
        ]

    def mail(self, recipient: str | None = None) -> Counter[str]:
        """Return how often each Message-ID reached the sink, for one recipient or all."""
        seen: Counter[str] = Counter()
        for path in (self.data / "mail").glob("*.eml"):
            with path.open() as file:
                message = email.message_from_file(file)
            if recipient is None or recipient in str(message["X-Original-To"]):
                seen[str(message["Message-ID"])] += 1
        return seen

    def command(self, *arguments: str) -> None:
        """Run one of the operator's commands on it; raises CalledProcessError with what it said."""
        command = [str(ROOT / "bin" / "holdfast"), *arguments, "--data", str(self.data)]
        subprocess.run(
            command, check=True, capture_output=True, timeout=300 * PATIENCE, env=_own_environment()
        )

    def arm(self, point: str, *victims: str) -> None:
        """Have the process that reaches `point` killed there, or these children of bin/run."""
        children = self.run_file()["children"]
        self.crash_file.write_text(" ".join([point, *(str(children[name]) for name in victims)]))

    def disarm(self) -> bool:
        """Take the order back; say whether it was carried out."""
        carried_out = not self.crash_file.exists()
        self.crash_file.unlink(missing_ok=True)
        return carried_out


def eventually(look: Callable[[], Any], *, seconds: float = 60, every: float = 0.15) -> Any:
    """Return the first true answer of `look`, or its last one; errors of a server that starts count as false."""
    give_up_at = time.monotonic() + PATIENCE * seconds
    answer: Any = None
    while time.monotonic() < give_up_at:
        with contextlib.suppress(
            httpx.TransportError, psycopg.OperationalError, FileNotFoundError, json.JSONDecodeError
        ):
            answer = look()
            if answer:
                return answer
        time.sleep(every)
    return answer


@contextmanager
def running(**environment: str) -> Iterator[Running]:
    """Run the demo in a folder of its own until the block ends; leases and holds are short."""
    data = Path(tempfile.gettempdir()) / f"holdfast-{uuid.uuid4().hex[:10]}"
    crash_file = data.with_suffix(".crash")
    port = free_port()
    kept = _own_environment()
    short = {
        "HOLDFAST_LEASE_SECONDS": "3", "HOLDFAST_LONGEST_PAUSE_SECONDS": "0.5", "HOLDFAST_PUBLIC_RATE": "off",
        "HOLDFAST_CRASH_AT": str(crash_file), "HOLDFAST_CALENDAR_FRESH_SECONDS": "0",
        "HOLDFAST_CALENDAR_HOLD_SECONDS": "0",
    }  # fmt: skip
    process = subprocess.Popen(
        [ROOT / "bin" / "run", "--port", str(port), "--data", data], env={**kept, **short, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        _wait_until_ready(process)
        yield Running(data, port, process, crash_file)
    finally:
        process.terminate()
        process.communicate(timeout=60 * PATIENCE)
        shutil.rmtree(data, ignore_errors=True)
        crash_file.unlink(missing_ok=True)


def _own_environment() -> dict[str, str]:
    """Return this process's environment without what the tests' settings put into it."""
    return {
        name: value for name, value in os.environ.items() if not re.match("HOLDFAST_|DJANGO_|.*_URL$", name)
    }


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready "):
            _keep_reading(process)
            return
    raise AssertionError("bin/run did not become ready:\n" + "".join(said))


def _keep_reading(process: subprocess.Popen[str]) -> None:
    """Empty the pipe, so that the supervisor never waits for a reader."""
    import threading

    assert process.stdout is not None
    threading.Thread(target=process.stdout.read, daemon=True).start()


def iso(instant: datetime) -> str:
    """Return the API's form of an instant."""
    return instant.isoformat().replace("+00:00", "Z")
