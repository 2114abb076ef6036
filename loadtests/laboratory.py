"""One command for a load test: a scenario over HTTP, then the truth in the database, then one verdict.

    bin/load SCENARIO... | all   [--data DIR] [--clients N] [--seconds S] [--truth-only] [--out DIR]

Scenarios: same-slot, round-robin-rush, overlapping-types, mixed-day, noisy-neighbour, many-tenants. Without --data it
starts an installation of its own with the public rate limits lifted, and throws it away. With --data it uses the one
that runs there (start it with HOLDFAST_PUBLIC_RATE=off), in sandbox tenants, which are made if they are missing and
removed afterwards if they were. Writes SCENARIO.html and SCENARIO.json; exit status 1 if a promise broke, or if what
the load caused (mails, runs) is not done after it. --truth-only judges what was answered and what the database
holds, and no speed: for a short run, or a machine that has other work too; the verdict says so.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.aftermath import booked_since, mark, settle, unfinished
from lab.cpu import SERVING, WORKING, Meter
from lab.deadlocks import deadlocks, since_now
from lab.installation import Loaded, installation
from lab.report import page
from lab.truth import ask
from lab.upkeep import is_upkeep_over
from lab.verdict import Sample, Verdict, note_answers, note_bookings, note_costs

HERE = Path(__file__).resolve().parent
MANY = "many"
PATIENCE = 65  # seconds for the requests under way when the time is over; each gives up after 60
LONGEST_SECONDS = 1800  # beside the seconds asked for: a scenario that has not ended by then never does
VISITS = 40  # of each tenant before it is measured, as in bin/bench: each session that may know it does then
LONGEST_VISIT = 0.5  # seconds, a visit of the warm-up on a slow machine
LONGEST_UPKEEP = (
    300.0  # seconds; health checks of a thousand tenants leave the database something to do for ever
)


@dataclass(frozen=True)
class Scenario:
    """How one scenario is run: its file, the sandbox's event type, how many clients unless told, whether it lasts."""

    file: str
    event_type: str
    clients: int
    lasts: bool = False


SCENARIOS = {
    "same-slot": Scenario("same_slot.py", "thirty", 200),
    "round-robin-rush": Scenario("round_robin_rush.py", "team", 40),
    "overlapping-types": Scenario("overlapping_types.py", "thirty", 1),
    "mixed-day": Scenario("mixed_day.py", "team", 20, lasts=True),
    "noisy-neighbour": Scenario("noisy_neighbour.py", "team", 26, lasts=True),
    "many-tenants": Scenario("many_tenants.py", "thirty", 8, lasts=True),
}


def main() -> int:
    """Run the scenario or all of them; a verdict, a report and a JSON file for each."""
    parser = argparse.ArgumentParser(
        prog="bin/load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="+", choices=[*SCENARIOS, "all"])
    parser.add_argument("--data", type=Path, help="the data folder of a running installation")
    parser.add_argument("--tenant", default="bench", help="the sandbox tenant")
    parser.add_argument("--hosts", type=int, default=20, help="of its round robin, where it is made")
    parser.add_argument("--bookings", type=int, default=200, help="that it has, where it is made")
    parser.add_argument("--clients", type=int, help="how many clients at once")
    parser.add_argument("--seconds", type=int, default=30, help="how long a scenario that lasts does")
    parser.add_argument("--rounds", type=int, default=50, help="the rounds of overlapping-types")
    parser.add_argument("--truth-only", action="store_true", help="judge counts and the database, no speed")
    parser.add_argument("--tenants", default="10,100,1000", help="the steps of many-tenants")
    parser.add_argument(
        "--visits", type=int, default=VISITS, help="of each tenant before many-tenants measures"
    )
    parser.add_argument("--out", type=Path, default=Path("load-report"), help="where the reports go")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    names = [name for name in SCENARIOS if name in asked.scenario or "all" in asked.scenario]
    for name in names:  # who stops in the middle must not find the verdict of the last time
        for kind in ("json", "html"):
            (asked.out / f"{name}.{kind}").unlink(missing_ok=True)
    with installation(asked.data) as loaded, sandboxes(loaded, asked, names):
        meter = Meter(loaded, strict=False)
        broken = [name for name in names if not perform(name, loaded, meter, asked)]
    print(f"\n{'FAILED: ' + ', '.join(broken) if broken else 'PASSED: ' + ', '.join(names)}")
    return 1 if broken else 0


def perform(name: str, loaded: Loaded, meter: Meter, asked: argparse.Namespace) -> bool:
    """Run one scenario, judge it, write its two files; say whether every promise held."""
    scenario = SCENARIOS[name]
    clients = scenario.clients if scenario.clients == 1 else asked.clients or scenario.clients
    verdict = Verdict(
        name, f"{asked.tenant}.localhost", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), clients,
        speed_judged=not asked.truth_only,
    )  # fmt: skip
    print(f"\n{name}: {clients} clients at {verdict.site}", flush=True)
    url = loaded.database_url
    began, marked = since_now(loaded), mark(url, _loaded_tenants(name, asked))
    samples: list[Sample] = []
    if name == "many-tenants":
        _compare_tenants(scenario, verdict, samples, loaded, meter, asked)
    else:
        surroundings = {
            "SITE": verdict.site, "NOISY": f"{asked.tenant}-noisy.localhost", "ROUNDS": str(asked.rounds),
            "TRUTH_ONLY": "1" if asked.truth_only else "",
        }  # fmt: skip
        _run(scenario, verdict, samples, loaded, meter, asked, surroundings)
    note_answers(verdict, samples)
    verdict.broken += unfinished(url, marked)
    note_bookings(verdict, booked_since(url, marked))
    truth = ask(url)
    verdict.overlaps, verdict.deadlocks = truth.overlaps(), deadlocks(began)
    verdict.broken += truth.faults
    if verdict.deadlocks:
        verdict.broken.append(f"{verdict.deadlocks} deadlocks")
    (asked.out / f"{name}.json").write_text(json.dumps(verdict.document(), indent=1))
    (asked.out / f"{name}.html").write_text(page(verdict, samples))
    print(verdict.sentence())
    if not verdict.speed_judged:
        print("Speed was not judged.")
    print(f"CPU in ms for each request: {verdict.server_cpu_ms_per_operation}")
    if verdict.not_counted:
        print(f"not counted: {', '.join(verdict.not_counted)}")
    for words in verdict.broken:
        print(f"BROKEN: {words}")
    print(f"{asked.out / name}.html, .json", flush=True)
    return verdict.passed


def _run(
    scenario: Scenario, verdict: Verdict, samples: list[Sample], loaded: Loaded, meter: Meter,
    asked: argparse.Namespace, surroundings: dict[str, str],
) -> float:  # fmt: skip
    """Run the scenario's locust file; note answers and CPU; return the CPU of web and database for a request, in ms."""
    if late := settle(loaded.database_url):
        verdict.broken.append(f"before it began {late} jobs had waited for over a minute")
    meter.learn_idle(0.5 if asked.truth_only else 2.0)
    meter.start()
    seen = _seen(scenario, verdict, loaded, asked.seconds if scenario.lasts else None, surroundings)
    settle(loaded.database_url)  # what it caused is part of its cost
    cpu = meter.stop()
    verdict.not_counted = meter.not_counted()
    behind = max((at for at, *_ in samples), default=0.0)  # many-tenants: one step after the other
    mine = [(behind + at, what, ms, status) for at, what, ms, status in seen["samples"]]
    samples += mine
    verdict.winners += seen.get("winners", 0)
    verdict.expected = seen.get("expected")
    verdict.broken += [*seen["wrong"], *(f"{name} was restarted under the load" for name in cpu.restarted)]
    verdict.server_cpu_ms_per_operation = {
        "web and database": cpu.ms_each(len(mine), SERVING),
        "worker, relay, clock, broker": cpu.ms_each(len(mine), WORKING),
        **{name: cpu.ms_each(len(mine), (name,)) for name in (*SERVING, *WORKING) if name in cpu.by_process},
    }
    return cpu.ms_each(len(mine), SERVING)


def _seen(
    scenario: Scenario, verdict: Verdict, loaded: Loaded, seconds: int | None, surroundings: dict[str, str],
    visiting: float = 0,
) -> dict[str, Any]:  # fmt: skip
    """Run the scenario's locust file, so many seconds or to its own end; what it saw. `visiting`: seconds more."""
    longest = LONGEST_SECONDS + visiting + (seconds or 0)
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        environment = {
            **os.environ, "EVENT_TYPE": scenario.event_type, "LONG": "sixty", "SHORT": "thirty",
            "PYTHONPATH": str(HERE), "RESULT": result.name, **surroundings,
        }  # fmt: skip
        command = locust_command(scenario, verdict.clients, loaded.address, seconds)
        try:
            subprocess.run(command, env=environment, check=False, timeout=longest)
        except subprocess.TimeoutExpired:
            verdict.broken.append(f"the scenario had not ended after {longest:,.0f} seconds, and was ended")
        said = Path(result.name).read_text()
    found: dict[str, Any] = (
        json.loads(said) if said else {"samples": [], "wrong": ["the scenario said nothing"]}
    )
    return found


def locust_command(scenario: Scenario, clients: int, address: str, seconds: int | None) -> list[str]:
    """How the scenario is run; when its time is over, it waits for what is under way: a hang must be counted."""
    command = [sys.executable, "-P", "-m", "locust", "-f", str(HERE / scenario.file), "--headless"]
    command += ["-u", str(clients), "-r", str(clients), "--host", address, "--only-summary"]
    command += ["--loglevel", "ERROR", "--stop-timeout", str(PATIENCE)]
    return command + (["-t", f"{seconds}s"] if seconds is not None else [])


def _compare_tenants(
    scenario: Scenario, verdict: Verdict, samples: list[Sample], loaded: Loaded, meter: Meter,
    asked: argparse.Namespace,
) -> None:  # fmt: skip
    """Run it with each number of tenants, each visited as often before; a request must not cost more among many."""
    costs: dict[int, float] = {}
    for count in _steps(asked):
        sites = ",".join(f"{MANY}-{number}.localhost" for number in range(1, count + 1))
        if asked.visits:
            _warm_up(scenario, verdict, loaded, asked, sites, count)
        print(f"  {count:,} tenants", flush=True)
        costs[count] = _run(scenario, verdict, samples, loaded, meter, asked, {"SITES": sites})
    verdict.measured = (
        f"Before each step its tenants were visited {asked.visits} times each, which is not counted"
        f" ({verdict.booked_before:,} bookings); then, for {asked.seconds} s, a tenant by chance again and again:"
        f" a look at eight weeks, one at a day, a booking. Worker, relay and clock were at work.{verdict.measured}"
    )
    note_costs(verdict, costs)


def _warm_up(
    scenario: Scenario, verdict: Verdict, loaded: Loaded, asked: argparse.Namespace, sites: str, count: int
) -> None:
    """Let sessions and workers get to know each tenant; what it books stands in the database, and is no figure."""
    print(f"  {count:,} tenants: {asked.visits} visits to each before it is measured", flush=True)
    surroundings = {"SITES": sites, "VISITS": str(asked.visits)}
    seen = _seen(scenario, verdict, loaded, None, surroundings, count * asked.visits * LONGEST_VISIT)
    verdict.booked_before += seen.get("winners", 0)
    verdict.broken += [f"before {count:,} tenants were measured: {words}" for words in seen["wrong"]]
    settle(loaded.database_url)
    superuser = None if asked.truth_only else loaded.facts.get("superuser_database_url")
    if superuser:
        print("  waiting for the database's upkeep", flush=True)
    if not (superuser and is_upkeep_over(superuser, longest=LONGEST_UPKEEP)):
        verdict.measured += f" The database's upkeep was not known to be over before {count:,} tenants."


def _loaded_tenants(name: str, asked: argparse.Namespace) -> list[str]:
    """The short names of the tenants that the scenario asks."""
    if name == "many-tenants":
        return [f"{MANY}-{number}" for number in range(1, _steps(asked)[-1] + 1)]
    return [asked.tenant, f"{asked.tenant}-noisy"]


def _steps(asked: argparse.Namespace) -> list[int]:
    return sorted(int(word) for word in asked.tenants.split(","))


@contextmanager
def sandboxes(loaded: Loaded, asked: argparse.Namespace, names: list[str]) -> Iterator[None]:
    """Make sure that the sandboxes are there; remove afterwards those that this block made."""
    known = set(loaded.tenants())
    wanted = {asked.tenant: (asked.hosts, asked.bookings)}
    if "noisy-neighbour" in names:
        wanted[f"{asked.tenant}-noisy"] = (1, 0)
    for tenant, (hosts, bookings) in wanted.items():
        loaded.sandbox(tenant, hosts=hosts, bookings=bookings)
    if "many-tenants" in names:
        print(f"Making {_steps(asked)[-1]:,} tenants", flush=True)
        loaded.sandbox(MANY, hosts=1, bookings=0, copies=_steps(asked)[-1])
    try:
        yield
    finally:
        if asked.data is not None:  # our own installation is thrown away whole
            _remove(loaded, set(loaded.tenants()) - known, set(wanted), _steps(asked)[-1])


def _remove(loaded: Loaded, made: set[str], wanted: set[str], copies: int) -> None:
    """Remove what was made of the wanted sandboxes and of so many copies; all copies in one process."""
    every = {f"{MANY}-{number}" for number in range(1, copies + 1)}
    if every <= made:
        loaded.holdfast("sandbox", "--tenant", MANY, "--copies", str(copies), "--remove")
        made -= every
    for tenant in sorted(made & (wanted | every)):
        loaded.holdfast("sandbox", "--tenant", tenant, "--remove")


if __name__ == "__main__":
    sys.exit(main())
