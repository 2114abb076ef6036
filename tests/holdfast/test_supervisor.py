"""The supervisor with real, trivial children: restarts, the order of stopping, its own violent death."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from holdfast.embedded.refusal import StartRefused
from holdfast.processes.child import Child, Rank, spawner
from holdfast.processes.supervisor import Supervisor
from tests.holdfast.eventually import eventually, is_alive
from tests.patience import PATIENCE

SLEEP = "import time; time.sleep(600)"
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""
SUPERVISE = """
import sys
from pathlib import Path
from holdfast.processes.child import Child, spawner
from holdfast.processes.supervisor import Supervisor
folder = Path(sys.argv[1])
supervisor = Supervisor(lambda line: print(line, flush=True))
for name in ("one", "two"):
    program = "import time; time.sleep(600)"
    command = [sys.executable, "-c", program]
    supervisor.start(Child(name, spawner(command, environment={}, log=folder / f"{name}.log")))
print(*supervisor.pids().values(), flush=True)
supervisor.watch()
supervisor.stop()
print("stopped", flush=True)
"""


def child(
    folder: Path, name: str, program: str = SLEEP, *arguments: object, rank: Rank = Rank.APPLICATION
) -> Child:
    log = folder / f"{name}.log"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return Child(name, spawner(command, environment={}, log=log), rank=rank, log=log)


def watched(supervisor: Supervisor, while_watching: Callable[[], None]) -> None:
    """Watch in the main thread (signals go there) while another thread acts, then end with SIGTERM."""
    faults: list[BaseException] = []

    def act() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
        try:
            while_watching()
        except BaseException as fault:
            faults.append(fault)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    thread = threading.Thread(target=act)
    thread.start()
    try:
        supervisor.watch()
    finally:
        thread.join()
        supervisor.stop()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert faults == []


def test_killed_child_starts_again_and_the_other_is_left_alone(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(child(tmp_path, "one"))
    supervisor.start(child(tmp_path, "two"))
    first = supervisor.pids()

    def kill_one() -> None:
        os.kill(first["one"], signal.SIGKILL)
        assert eventually(lambda: supervisor.pids().get("one", first["one"]) != first["one"])

    watched(supervisor, kill_one)
    assert said == ["one ended (signal SIGKILL) and starts again in 0.5 s"]
    assert not is_alive(first["two"])


def test_child_that_dies_at_once_starts_again_with_growing_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(child(tmp_path, "hasty", "raise SystemExit(3)"))

    def wait() -> None:
        assert eventually(lambda: len(said) == 3, seconds=20)

    watched(supervisor, wait)
    assert said[:3] == [
        f"hasty ended (exit status 3) and starts again in {pause} s" for pause in ("0.5", "1", "2")
    ]


def test_what_a_killed_child_had_started_dies_with_it(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    note = tmp_path / "pid"
    supervisor.start(child(tmp_path, "parent", FAMILY, note))

    def kill_parent() -> None:
        assert eventually(lambda: note.exists() and note.read_text() != "")
        grandchild = int(note.read_text())
        os.kill(supervisor.pids()["parent"], signal.SIGKILL)
        assert eventually(lambda: not is_alive(grandchild))

    watched(supervisor, kill_parent)


def _says_up(log: Path) -> bool:
    return "up" in log.read_text()


def test_stop_goes_from_the_application_to_the_database(tmp_path: Path) -> None:
    order = tmp_path / "order"
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n    open(sys.argv[2], 'a').write(sys.argv[1] + '\\n'); raise SystemExit\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    supervisor = Supervisor(lambda _line: None)
    for name, rank in (("database", Rank.DATABASE), ("service", Rank.SERVICE), ("web", Rank.APPLICATION)):
        made = child(tmp_path, name, program, name, order, rank=rank)
        log = tmp_path / f"{name}.log"
        supervisor.start(Child(name, made.spawn, is_ready=partial(_says_up, log), rank=rank))
    supervisor.stop()
    assert order.read_text().split() == ["web", "service", "database"]


def test_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(600)"
    )
    made = child(tmp_path, "deaf", program)
    supervisor = Supervisor(lambda _line: None)
    log = tmp_path / "deaf.log"
    signals = ((signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0))
    supervisor.start(
        Child("deaf", made.spawn, is_ready=lambda: "up" in log.read_text(), stop_signals=signals)
    )
    pid = supervisor.pids()["deaf"]
    supervisor.stop()
    assert not is_alive(pid)


def test_child_that_never_gets_ready_is_refused_with_its_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    made = child(tmp_path, "mute", "raise SystemExit('the reason')")
    with pytest.raises(StartRefused, match="mute did not start: the reason"):
        supervisor.start(Child("mute", made.spawn, is_ready=lambda: False, log=made.log), seconds=20)


def test_child_that_takes_its_time_is_waited_for_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    made = child(tmp_path, "slow", "import time; time.sleep(600)")
    supervisor.start(Child("slow", made.spawn, is_ready=lambda: len(said) == 2), say_each=0.01)
    supervisor.stop()
    assert [line.partition(" (")[0] for line in said] == ["slow is still starting"] * 2


def test_child_that_never_answers_is_given_up_after_its_time(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    made = child(tmp_path, "still", "import time; time.sleep(600)")
    with pytest.raises(StartRefused, match=r"still did not start within 0\.2 s"):
        supervisor.start(Child("still", made.spawn, is_ready=lambda: False, log=made.log), seconds=0.2)
    supervisor.stop()


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_all_and_ends_well(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]], kind: signal.Signals
) -> None:
    process = python(SUPERVISE, tmp_path)
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    time.sleep(0.2)
    process.send_signal(kind)
    assert process.wait(10 * PATIENCE) == 0
    assert process.stdout.read() == "stopped\n"
    assert [is_alive(pid) for pid in pids] == [False, False]


def test_kill_of_the_supervisor_ends_every_child(
    tmp_path: Path, python: Callable[..., subprocess.Popen[str]]
) -> None:
    process = python(SUPERVISE, tmp_path)
    assert process.stdout is not None
    pids = [int(word) for word in process.stdout.readline().split()]
    assert [is_alive(pid) for pid in pids] == [True, True]
    process.kill()
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_children_get_the_environment_that_is_given_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNER_DATABASE_URL", "postgresql://owner@localhost/holdfast")
    log = tmp_path / "log"
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    spawn = spawner([sys.executable, "-c", program], environment={"LC_ALL": "C", "MINE": "1"}, log=log)
    assert spawn().wait(10 * PATIENCE) == 0
    assert json.loads(log.read_text()) == {"LC_ALL": "C", "MINE": "1"}
