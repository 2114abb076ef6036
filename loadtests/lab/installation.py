"""The installation that is loaded: the named one, or one of our own that is thrown away; and its sandboxes."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.installation import read_run_file
from kernel.postgres.pooling import libpq_url

ROOT = Path(__file__).resolve().parents[2]
_SERVER = re.compile(r".*_URL(_FILE)?$")
_SIZES = {
    "HOLDFAST_CALENDAR_FRESH_SECONDS",
    "HOLDFAST_CALENDAR_HOLD_SECONDS",
    "HOLDFAST_HEALTH_SECONDS",
    "HOLDFAST_LOG_LEVEL",
    "HOLDFAST_PROCESS_TENANTS",
    "HOLDFAST_WEB_THREADS",
    "HOLDFAST_WEB_WORKERS",
    "HOLDFAST_WORKER_THREADS",
}


@dataclass(frozen=True)
class Loaded:
    """An installation that runs: its data folder; everything else stands in its run.json."""

    data: Path

    @property
    def facts(self) -> dict[str, Any]:
        """The content of run.json, read anew."""
        try:
            content: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        except FileNotFoundError:
            raise SystemExit(
                f"Nothing runs in {self.data}: start it with HOLDFAST_PUBLIC_RATE=off bin/run."
            ) from None
        return content

    @property
    def database_url(self) -> str:
        """The application's address of its database, as libpq takes it."""
        return libpq_url(str(self.facts["database_url"]))

    @property
    def port(self) -> int:
        """The web process's port."""
        return int(self.facts["port"])

    @property
    def address(self) -> str:
        """Where it answers, by address; the tenant goes into the Host header."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What the operator's commands get: its web process's HOLDFAST_* (keys, settings), and its servers if it was
        given some; bin/holdfast finds an embedded database by its folder. Nothing that this shell exports for another
        installation: its HOLDFAST_* count only where the web process is not ours to look at, and never as servers.
        """
        facts = self.facts
        given = _given_to_web(facts) or _without_servers(os.environ)
        own = {name: value for name, value in given.items() if name.startswith("HOLDFAST_")}
        servers = {} if facts.get("superuser_database_url") else _servers(facts)
        return {**_without_another(os.environ), **own, **servers}

    def application_environment(self) -> dict[str, str]:
        """What a process with the application's role gets: what the web process was given."""
        if given := _given_to_web(self.facts):
            return given
        running = read_run_file(self.data)
        assert running is not None
        return running.application_environment()

    def holdfast(self, command: str, *arguments: str) -> str:
        """Run one of the operator's commands and return what it printed; its refusal ends the program."""
        ran = subprocess.run(
            [ROOT / "bin" / "holdfast", command, "--data", self.data, *arguments],
            env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            raise SystemExit(f"bin/holdfast {command}: {ran.stderr.strip()}")
        return ran.stdout

    def sandbox(
        self, tenant: str, *, hosts: int = 20, bookings: int = 200, copies: int = 0, first: int = 1
    ) -> None:
        """Make the sandbox, or complete it; with copies, `tenant-<first>` and on."""
        arguments = ["--tenant", tenant, "--hosts", str(hosts), "--bookings", str(bookings)]
        more = ["--copies", str(copies), "--first", str(first)] if copies else []
        self.holdfast("sandbox", *arguments, *more)

    def tenants(self) -> list[str]:
        """The short names of its tenants."""
        return self.holdfast("psql", "--as", "app", "-Atc", "SELECT slug FROM public.tenants_tenant").split()


@contextmanager
def installation(data: Path | None, **environment: str) -> Iterator[Loaded]:
    """Yield the installation that runs in `data`, or an own one without the public rate limits for this block.

    Ours has embedded servers whatever this shell exports for another one: of its variables only those arrive that
    say how large and how busy ours is (HOLDFAST_WEB_WORKERS, _WEB_THREADS, _WORKER_THREADS, _PROCESS_TENANTS,
    _HEALTH_SECONDS, _CALENDAR_FRESH_SECONDS, _CALENDAR_HOLD_SECONDS, _LOG_LEVEL), and `environment`, which wins.
    SystemExit at once if nothing runs in `data`, or if what runs there counts its visitors.
    """
    if data is not None:
        loaded = Loaded(data)
        check_limits(loaded)
        yield loaded
        return
    folder = Path(tempfile.mkdtemp(prefix="holdfast-load-"))
    folder.chmod(0o755)
    command = [ROOT / "bin" / "run", "--data", folder / "data", "--port", str(_free_port())]
    print("Starting an installation of its own", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing stays behind
    sizes = {name: value for name, value in os.environ.items() if name in _SIZES}
    surroundings = {**_without_another(os.environ), **sizes, "HOLDFAST_PUBLIC_RATE": "off", **environment}
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        try:
            _wait_until_ready(process)
            yield Loaded(folder / "data")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)
            shutil.rmtree(folder, ignore_errors=True)


def check_limits(loaded: Loaded) -> None:
    """SystemExit if the web process was started with the public rate limits on: 429s are no load. A web process
    that is not ours to look at (another user's, another machine's) is believed."""
    said = _given_to_web(loaded.facts)
    if said and said.get("HOLDFAST_PUBLIC_RATE", "on").strip().lower() not in ("off", "no", "false", "0", ""):
        raise SystemExit(
            f"What runs in {loaded.data} has its public rate limits on, so a load would measure its 429s: "
            "start it with HOLDFAST_PUBLIC_RATE=off bin/run."
        )


def _without_another(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without all that may name another installation: its servers, its keys, its settings."""
    return {
        name: value
        for name, value in _without_servers(environment).items()
        if not name.startswith(("HOLDFAST_", "DJANGO_"))
    }


def _without_servers(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not _SERVER.match(name)}


def _servers(facts: Mapping[str, Any]) -> dict[str, str]:
    """The servers that an installation was given, as the variables that gave them."""
    names = ("DATABASE_URL", "OWNER_DATABASE_URL", "BROKER_URL")
    return {name: str(facts[name.lower()]) for name in names if facts.get(name.lower())}


def _given_to_web(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the web process was started with; nothing where it is not ours to look at (proc(5))."""
    try:
        content = Path(f"/proc/{facts['children']['web']}/environ").read_bytes()
    except (KeyError, OSError):
        return {}
    return dict(line.split("=", 1) for line in content.decode(errors="replace").split("\0") if "=" in line)


def _wait_until_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready "):
            threading.Thread(target=process.stdout.read, daemon=True).start()  # nobody waits for a reader
            return
    raise SystemExit("The installation did not start:\n" + "".join(said))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
