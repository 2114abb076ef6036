"""Making a mutant in a copy of the tree and running its test there; the working tree is never touched."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 600
ALL_PASSED, SOME_FAILED = 0, 1  # pytest's exit status


@dataclass(frozen=True)
class Outcome:
    """What a test run came to: `verdict` is passed, failed, or broken (no test said anything); `words` why."""

    verdict: str
    words: str
    seconds: float


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Give a copy of this tree in a temporary folder, without what is hidden at its root (.venv, .git, data)."""
    with tempfile.TemporaryDirectory(prefix="holdfast-mutants-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=_left_out, symlinks=True)
        yield copy


def run_mutant(copy: Path, mutant: Mutant) -> Outcome:
    """Make the mutant in the copy, run its test, put the copy back. Raises `StaleMutant`."""
    before = mutant.apply(copy)
    try:
        return run_tests(copy, [mutant.test])
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


def run_tests(copy: Path, tests: Sequence[str]) -> Outcome:
    """Run test nodes on the copy's code with this environment's Python, and read what they said."""
    started = time.monotonic()
    result = copy.parent / "junit.xml"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-P", "-m", "pytest", "-p", "tests.mutants.placement", "-x"]
    command += ["--show-capture=no", f"--junitxml={result}", *tests]
    try:
        done = subprocess.run(
            command, cwd=copy, env=_environment(copy), capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Outcome("broken", f"no end after {TIMEOUT_SECONDS} s", time.monotonic() - started)
    seconds = time.monotonic() - started
    if done.returncode == ALL_PASSED:
        return Outcome("passed", "", seconds)
    failures = list(ElementTree.parse(result).getroot().iter("failure")) if result.exists() else []
    if done.returncode == SOME_FAILED and failures:
        return Outcome("failed", _first_line(failures[0].get("message", "")), seconds)
    return Outcome("broken", " ".join((done.stdout + done.stderr).split())[-400:], seconds)


def _environment(copy: Path) -> dict[str, str]:
    """The copy comes before the editable install; nothing compiled is kept, as an edit may keep size and time."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "OWNER_DATABASE_URL", "BROKER_URL")
        and not name.startswith("HOLDFAST_")
    }
    return kept | {"PYTHONPATH": f"{copy / 'platform'}:{copy}", "PYTHONDONTWRITEBYTECODE": "1"}


def _left_out(folder: str, names: list[str]) -> set[str]:
    at_root = Path(folder) == ROOT
    return {name for name in names if name == "__pycache__" or (at_root and name.startswith("."))}


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:160]
