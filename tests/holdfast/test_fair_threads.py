"""A crowd at one host does not hold up another's visitors: the threads by themselves, and gunicorn with them."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.fair_threads import FairThreads
from tests.holdfast.eventually import eventually
from tests.patience import PATIENCE

THREADS = 4
APPLICATION = """
import pathlib, time
folder = pathlib.Path({folder!r})
def application(environ, start_response):
    if environ["HTTP_HOST"].startswith("crowd"):
        (folder / f"in-{{environ['PATH_INFO'].strip('/')}}").touch()
        while not (folder / "go").exists():
            time.sleep(0.01)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


class Gate:
    """Jobs that are begun, and end when the gate opens."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun: list[str] = []

    def job(self, name: str) -> str:
        self.begun.append(name)
        self.opened.wait(30 * PATIENCE)
        return name


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


def test_a_host_never_holds_every_thread(gate: Gate) -> None:
    threads = FairThreads(THREADS)
    crowd = [threads.submit("crowd", lambda: gate.job("crowd")) for _ in range(20)]
    assert eventually(lambda: len(gate.begun) == threads.most_of_one_host)
    assert threads.submit("neighbour", lambda: "served").result(timeout=10 * PATIENCE) == "served"
    assert len(gate.begun) == threads.most_of_one_host == 2
    gate.opened.set()
    assert [each.result(timeout=10 * PATIENCE) for each in crowd] == ["crowd"] * 20
    assert threads.most_of_one_host < THREADS


def test_hosts_that_wait_are_served_in_turn(gate: Gate) -> None:
    threads = FairThreads(1)
    first = threads.submit("crowd", lambda: gate.job("crowd"))
    assert eventually(lambda: gate.begun == ["crowd"])
    served: list[str] = []
    for host in ("crowd", "crowd", "crowd", "a", "a", "b"):
        last = threads.submit(host, lambda host=host: served.append(host))  # type: ignore[misc]
    gate.opened.set()
    first.result(timeout=10 * PATIENCE)
    last.result(timeout=10 * PATIENCE)
    assert eventually(lambda: len(served) == 6)
    assert served == ["crowd", "a", "b", "crowd", "a", "crowd"]


def test_what_a_job_raises_is_told_and_its_thread_goes_on() -> None:
    threads = FairThreads(1)

    def fail() -> None:
        raise ValueError("of this job")

    assert isinstance(threads.submit("a", fail).exception(timeout=10 * PATIENCE), ValueError)
    assert threads.submit("a", lambda: 2).result(timeout=10 * PATIENCE) == 2


def test_a_stop_cancels_what_waits_and_lets_end_what_runs(gate: Gate) -> None:
    threads = FairThreads(1)
    running = threads.submit("a", lambda: gate.job("a"))
    assert eventually(lambda: gate.begun == ["a"])
    waiting = threads.submit("a", lambda: gate.job("never"))
    threads.shutdown()
    assert waiting.cancelled()
    assert threads.submit("b", lambda: gate.job("never")).cancelled()
    gate.opened.set()
    assert running.result(timeout=10 * PATIENCE) == "a"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """gunicorn with our worker and four threads; its application keeps `crowd` waiting until the file `go` is there."""
    (tmp_path / "slow.py").write_text(APPLICATION.format(folder=str(tmp_path)))
    command = [sys.executable, "-m", "gunicorn", "slow:application", "--chdir", str(tmp_path)]
    command += [
        "--worker-class",
        "holdfast.fair_worker.FairWorker",
        "--threads",
        str(THREADS),
        "--bind",
        "127.0.0.1:0",
    ]
    server = subprocess.Popen([*command, "--no-control-socket"], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        said = next(line for line in server.stderr if "Listening at" in line)
        yield int(said.split("http://127.0.0.1:")[1].split(" ")[0])
    finally:
        (tmp_path / "go").touch()
        server.terminate()
        server.wait(timeout=20 * PATIENCE)


def ask(port: int, host: str, path: str = "/") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse().status


def test_gunicorn_answers_a_neighbour_while_a_crowd_holds_its_threads(port: int, tmp_path: Path) -> None:
    asking = [
        threading.Thread(target=ask, args=(port, "crowd.localhost", f"/{n}"), daemon=True) for n in range(12)
    ]
    for each in asking:
        each.start()
    assert eventually(lambda: len(list(tmp_path.glob("in-*"))) == THREADS // 2)
    assert ask(port, "neighbour.localhost") == 200
    time.sleep(0.2)  # had the crowd more than its share, more of it would have come in by now
    assert len(list(tmp_path.glob("in-*"))) == THREADS // 2
    (tmp_path / "go").touch()
    for each in asking:
        each.join(timeout=20 * PATIENCE)
    assert len(list(tmp_path.glob("in-*"))) == 12


def test_a_connection_that_says_nothing_holds_no_thread(port: int) -> None:
    silent = [
        http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE) for _ in range(THREADS * 2)
    ]
    for each in silent:
        each.connect()
    assert ask(port, "neighbour.localhost") == 200
    for each in silent:  # and whoever speaks late is heard
        each.request("GET", "/", headers={"Host": "late.localhost"})
        assert each.getresponse().status == 200


def test_a_kept_connection_is_served_again_and_in_its_new_hosts_line(port: int) -> None:
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
    for host in ("one.localhost", "two.localhost", "one.localhost"):
        kept.request("GET", "/", headers={"Host": host})
        answer = kept.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok")
