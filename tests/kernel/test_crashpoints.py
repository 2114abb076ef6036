"""Crash points: a process dies at the named one, once, by SIGKILL; another is killed where its id is named."""

import os
import signal
import subprocess
import sys
from pathlib import Path

WALK = "from kernel.crashpoints import crash_point as at; at('one'); print('1', flush=True); at('two'); print('2')"


def walk(order: Path | None) -> tuple[int, str]:
    """Pass the points "one" and "two" in a process of its own; return its exit status and what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "HOLDFAST_CRASH_AT"}
    if order:
        environment["HOLDFAST_CRASH_AT"] = str(order)
    done = subprocess.run([sys.executable, "-c", WALK], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_nothing_happens_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert walk(None) == (0, "1\n2\n")
    assert walk(tmp_path / "there is none") == (0, "1\n2\n")


def test_a_process_dies_at_the_point_and_only_once(tmp_path: Path) -> None:
    order = tmp_path / "crash"
    order.write_text("two\n")
    assert walk(order) == (-signal.SIGKILL, "1\n")
    assert not order.exists()
    assert walk(order) == (0, "1\n2\n")


def test_another_process_is_killed_and_this_one_goes_on(tmp_path: Path) -> None:
    order = tmp_path / "crash"
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    order.write_text(f"one {victim.pid}")
    assert walk(order) == (0, "1\n2\n")
    assert victim.wait(10) == -signal.SIGKILL
