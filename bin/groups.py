"""The groups of bin/test: static checks, then pytest by marker; what cannot run is NOT RUN, never skipped.

core             pytest without the markers below; needs PyPI only
browser          marker `browser`: Debian's Chromium
debian_postgres  marker `debian_postgres`: Debian's own PostgreSQL
rabbitmq         marker `rabbitmq`: Debian's RabbitMQ
documentation    marker `documentation`: what the pages of docs/ say to type, with curl
ical_js          marker `ical_js`: Debian's nodejs and npm, with which ical.js is fetched
pgbouncer        marker `pgbouncer`: Debian's PgBouncer
coturn           marker `coturn`: Debian's coturn and Chromium

As root a missing Debian package is installed by apt-get. `--without GROUP` leaves a group out on purpose,
`--only GROUP` runs just that one; every other argument goes to pytest.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
NO_TESTS_COLLECTED = 5  # pytest's exit status


@dataclass(frozen=True)
class Package:
    """A Debian package (or several, with spaces between), and how to see that what it brings is there."""

    name: str
    is_there: Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """What became of a group; `words` is shown when it did not run or did not pass."""

    group: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    not_run: str = ""


CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", "-q", ".")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache")),
    ("makemigrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
    ("import platform", ("-c", "import platform; assert platform.system()")),
)
MARKERS: dict[str, Package] = {
    "browser": Package("chromium", lambda: shutil.which("chromium") is not None),
    "debian_postgres": Package("postgresql", lambda: any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))),
    "documentation": Package("curl", lambda: shutil.which("curl") is not None),
    "rabbitmq": Package("rabbitmq-server", lambda: Path("/usr/lib/rabbitmq").exists()),
    "ical_js": Package("nodejs npm", lambda: all(map(shutil.which, ("node", "npm")))),
    "pgbouncer": Package(
        "pgbouncer", lambda: shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin") is not None
    ),
    "coturn": Package("coturn chromium", lambda: all(map(shutil.which, ("turnserver", "chromium")))),
}
# Two at a time, a file's tests together (they share its world or its demo): most of their time is waiting.
SIDE_BY_SIDE = ["-n", "2", "--dist", "loadfile"]
SIDE_BY_SIDE_GROUPS = ("core", "browser")
GROUPS = ("checks", "core", *MARKERS)


def main(arguments: Sequence[str]) -> int:
    """Run the groups, print times and `N passed, N failed`; return 1 if anything failed or did not run."""
    parser = argparse.ArgumentParser(
        prog="bin/test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    named = {"action": "append", "default": [], "choices": GROUPS, "metavar": "GROUP", "type": _group_name}
    parser.add_argument("--without", help="leave this group out", **named)  # type: ignore[arg-type]
    parser.add_argument("--only", help="run only this group", **named)  # type: ignore[arg-type]
    options, pytest_arguments = parser.parse_known_args(list(arguments))
    wanted = [name for name in GROUPS if name not in options.without and name in (options.only or GROUPS)]
    outcomes: list[Outcome] = []
    for group in wanted:
        print(f"== {group}", flush=True)
        outcomes += run_checks() if group == "checks" else [run_tests(group, pytest_arguments)]
    return report(outcomes, left_out=[name for name in GROUPS if name not in wanted])


def run_checks() -> list[Outcome]:
    """Run the static checks, two at a time (mypy takes as long as all others); each counts as one test."""
    with ThreadPoolExecutor(2) as lanes:
        return list(lanes.map(lambda check: _check(*check), CHECKS))


def run_tests(group: str, arguments: Sequence[str]) -> Outcome:
    """Run one pytest group in a process of its own and count from its JUnit file."""
    started = time.monotonic()
    lacking = make_available(group)
    if lacking:
        return Outcome(group, time.monotonic() - started, not_run=lacking)
    marker = group if group in MARKERS else " and ".join(f"not {name}" for name in MARKERS)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "junit.xml"
        command = [PYTHON, "-P", "-m", "pytest", "-rs", "-m", marker, f"--junitxml={result}"]
        command += SIDE_BY_SIDE if group in SIDE_BY_SIDE_GROUPS else []
        command += arguments
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        seconds = time.monotonic() - started
        if status == NO_TESTS_COLLECTED:
            return Outcome(group, seconds)
        if not result.exists():
            return Outcome(group, seconds, not_run=f"pytest ended with exit status {status}")
        return _counted(group, seconds, result, status)


def make_available(group: str) -> str:
    """Return "" if the group's Debian package is there or could be installed, else why not."""
    package = MARKERS.get(group)
    if package is None or package.is_there():
        return ""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"needs the Debian package {package.name}"
    print(f"   installing {package.name}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *package.name.split()],
    ):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return "" if package.is_there() else f"the Debian package {package.name} could not be installed"


def report(outcomes: Sequence[Outcome], *, left_out: Sequence[str]) -> int:
    """Print the table and the closing line; return the exit status."""
    print()
    for each in outcomes:
        counts = f"{each.passed} passed, {each.failed} failed"
        if each.skipped:
            counts += f", {each.skipped} skipped inside the group (listed above)"
        print(
            f"{each.group:<18}{each.seconds:7.1f} s  {f'NOT RUN: {each.not_run}' if each.not_run else counts}"
        )
    for name in left_out:
        print(f"{name:<18}         left out")
    print(f"{sum(each.passed for each in outcomes)} passed, {sum(each.failed for each in outcomes)} failed")
    return int(any(each.failed or each.skipped or each.not_run for each in outcomes))


def _check(name: str, command: Sequence[str]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run([PYTHON, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    failed = done.returncode != 0
    said = f"{done.stdout}{done.stderr}\n" if failed else ""
    print(f"   {name}: {'failed' if failed else 'ok'}\n{said}", end="", flush=True)
    return Outcome(name, time.monotonic() - started, passed=int(not failed), failed=int(failed))


def _counted(group: str, seconds: float, result: Path, status: int) -> Outcome:
    suites = list(ElementTree.parse(result).getroot().iter("testsuite"))
    total, failed, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    broken = failed + errors
    return Outcome(group, seconds, max(0, total - broken - skipped), max(broken, int(status != 0)), skipped)


def _group_name(text: str) -> str:
    return text.replace("-", "_")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
