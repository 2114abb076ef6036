"""One command for a load test: a scenario against a sandbox, then the truth in the database, then one verdict.

    bin/bench same-slot | round-robin-rush | overlapping-types | mixed-day | all   [--clients N] [--seconds S]

Without --data it starts an installation of its own with the public rate limits lifted, and throws it away. With
--data it uses the one that runs there (start it with HOLDFAST_PUBLIC_RATE=off), in its sandbox tenant, which
is made if it is missing and removed afterwards if it was. Exit status 1 if a promise broke.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Scenario:
    """How one scenario is run: its file, the sandbox's event type, and how many clients unless told."""

    file: str
    event_type: str
    clients: int
    is_locust: bool = True
    lasts: bool = False


SCENARIOS = {
    "same-slot": Scenario("same_slot.py", "thirty", 200),
    "round-robin-rush": Scenario("round_robin_rush.py", "team", 40),
    "overlapping-types": Scenario("overlapping_types.py", "thirty", 2, is_locust=False),
    "mixed-day": Scenario("mixed_day.py", "team", 20, lasts=True),
}


def main() -> int:
    """Run the scenario or all of them; print a verdict for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=[*SCENARIOS, "all"])
    parser.add_argument("--data", type=Path, help="the data folder of a running installation")
    parser.add_argument("--tenant", default="bench", help="the sandbox tenant")
    parser.add_argument("--clients", type=int, help="how many clients at once")
    parser.add_argument("--seconds", type=int, default=30, help="how long a mixed day lasts")
    asked = parser.parse_args()
    names = list(SCENARIOS) if asked.scenario == "all" else [asked.scenario]
    with installation(asked.data) as data, sandbox(data, asked.tenant):
        broken = [name for name in names if not run(name, data, asked)]
    print(f"\n{'FAILED: ' + ', '.join(broken) if broken else 'PASSED: ' + ', '.join(names)}")
    return 1 if broken else 0


def run(name: str, data: Path, asked: argparse.Namespace) -> bool:
    """Run one scenario and the checker; say whether both are content."""
    scenario = SCENARIOS[name]
    facts = run_file(data)
    host = f"http://127.0.0.1:{facts['port']}"
    site = f"{asked.tenant}.localhost"
    print(
        f"\n{name}: {scenario.clients if asked.clients is None else asked.clients} clients at {site}",
        flush=True,
    )
    if scenario.is_locust:
        command = locust(scenario, host, asked)
    else:
        command = [
            sys.executable, "-P", str(HERE / scenario.file), "--host", host, "--site", site,
            "--long", "sixty", "--short", "thirty",
        ]  # fmt: skip
    environment = {**os.environ, "SITE": site, "EVENT_TYPE": scenario.event_type, "PYTHONPATH": str(HERE)}
    ran = subprocess.run(command, env=environment, check=False, stderr=subprocess.PIPE, text=True)
    if ran.returncode and "Traceback" in ran.stderr:
        print(ran.stderr, file=sys.stderr)
    return (ran.returncode == 0) & check(facts["database_url"])


def locust(scenario: Scenario, host: str, asked: argparse.Namespace) -> list[str]:
    """Return the command that runs a locust file without its web page."""
    clients = str(asked.clients or scenario.clients)
    command = [sys.executable, "-P", "-m", "locust", "-f", str(HERE / scenario.file), "--headless"]
    command += ["-u", clients, "-r", clients, "--host", host, "--only-summary", "--loglevel", "ERROR"]
    return [*command, "-t", f"{asked.seconds}s"] if scenario.lasts else command


def check(database_url: str) -> bool:
    """Ask the database itself, read only; print what it says, the tenants without bookings left out."""
    ran = subprocess.run(
        [sys.executable, "-P", HERE / "checker.py", database_url], capture_output=True, text=True, check=False
    )
    shown = [line for line in ran.stdout.splitlines() if not line.endswith(": 0 live bookings")]
    print("the database:", *shown, ran.stderr, sep="\n  ", flush=True)
    return ran.returncode == 0


def run_file(data: Path) -> dict[str, Any]:
    """Return what runs in the data folder."""
    try:
        content: dict[str, Any] = json.loads((data / "run.json").read_text())
    except FileNotFoundError:
        raise SystemExit(
            f"bench: nothing runs in {data}: start it with HOLDFAST_PUBLIC_RATE=off bin/run."
        ) from None
    return content


@contextmanager
def installation(data: Path | None) -> Iterator[Path]:
    """Yield the data folder of the named installation, or of one that runs for this block."""
    if data is not None:
        run_file(data)
        yield data
        return
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    folder.chmod(0o755)
    command = [ROOT / "bin" / "run", "--data", folder / "data", "--port", str(free_port())]
    print("Starting an installation for the test", flush=True)
    with subprocess.Popen(
        command, env={**os.environ, "HOLDFAST_PUBLIC_RATE": "off"}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("ready "):
                    break
            else:
                raise SystemExit("bench: the installation did not start:\n" + "".join(said))
            yield folder / "data"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sandbox(data: Path, tenant: str) -> Iterator[None]:
    """Make sure that the sandbox is there; remove it afterwards if this block made it."""
    known = holdfast(data, "psql", "--as", "app", "-Atc", "SELECT slug FROM public.tenants_tenant").split()
    holdfast(data, "sandbox", "--tenant", tenant)
    try:
        yield
    finally:
        if tenant not in known:
            holdfast(data, "sandbox", "--tenant", tenant, "--remove")


def holdfast(data: Path, command: str, *arguments: str) -> str:
    """Run one of the operator's commands and return what it printed; its refusal ends the test."""
    ran = subprocess.run(
        [ROOT / "bin" / "holdfast", command, "--data", data, *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise SystemExit(f"bench: {ran.stderr.strip()}")
    return ran.stdout


def free_port() -> int:
    """Return a port that is free now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
