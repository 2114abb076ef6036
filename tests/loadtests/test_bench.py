"""The parts of the bench that refuse: what was not measured, or not done, is never a figure that was met."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.database import World

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from benchmarks import bookings, crowds, floor, slots, tenants  # noqa: E402  beside the product, not in it
from benchmarks.setting import Setting, check_statuses  # noqa: E402
from lab import aftermath, upkeep, wire  # noqa: E402

sys.path.remove(LOADTESTS)

ANSWER = b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(*answers: int) -> Iterator[tuple[int, list[int]]]:
    """A server whose n-th connection answers so many requests and then hangs up on the next (the last number for all
    others too); its port, and one number in the list for each request that it read."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    read: list[int] = []

    def serve(connection: socket.socket, number: int) -> None:
        with connection:
            for served in range(answers[min(number, len(answers) - 1)] + 1):
                if not connection.recv(65536):
                    return
                read.append(number)
                if served < answers[min(number, len(answers) - 1)]:
                    connection.sendall(ANSWER)

    def accept() -> None:
        for number in range(1000):
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1], read
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def test_a_crowds_client_that_is_reset_is_no_answer_and_is_not_sent_again() -> None:
    with server(0, 0, 0, 1) as (port, read):
        answers, _ = wire.at_once(port, [wire.post("bench", "/x", {})] * 10)
    assert (Counter(answer.status for answer in answers), len(read)) == ({0: 3, 409: 7}, 10)


def test_a_kept_line_that_has_answered_is_opened_anew_once() -> None:
    with server(2, 1) as (port, read):
        line = wire.Line(port)
        asked = [line.ask(wire.get("bench", "/")).status for _ in range(3)]
    assert (asked, read) == ([409, 409, 409], [0, 0, 0, 1])


def test_the_line_that_was_opened_anew_is_not_opened_a_third_time() -> None:
    with server(1, 0) as (port, read):
        line = wire.Line(port)
        asked = [line.ask(wire.get("bench", "/")).status for _ in range(2)]
    assert (asked, read) == ([409, 0], [0, 0, 1])


def test_a_crowd_without_a_server_is_no_answer_of_each() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answers, _ = wire.at_once(port, [wire.get("bench", "/")] * 3)
    assert [answer.status for answer in answers] == [0, 0, 0]


def test_a_crowd_is_let_go_before_the_first_byte_is_sent() -> None:
    with server(1) as (port, _):
        answers, released = wire.at_once(port, [wire.post("bench", "/x", {})] * 60)
    assert released <= min(answer.ended_at - answer.ms / 1000 for answer in answers)


def got(*statuses: int) -> list[wire.Got]:
    return [wire.Got(status, b"", 1.0, 1.0) for status in statuses]


@pytest.mark.parametrize("statuses", [(200, 500), (0,), ()])
def test_a_view_that_was_refused_or_not_answered_ends_the_bench(statuses: tuple[int, ...]) -> None:
    with pytest.raises(SystemExit, match="the page: answered"):
        check_statuses(got(*statuses), "the page")
    check_statuses(got(200, 200), "the page")


def test_only_who_was_told_that_the_time_was_taken_was_clearly_refused() -> None:
    open_instead = '"alternatives": [{"start": "2030-01-07T09:00:00Z"}]'
    bodies = [
        (409, f'{{"code": "slot_taken", {open_instead}}}'),
        (409, f'{{"code": "buffer", {open_instead}}}'),
        (409, '{"code": "slot_taken", "alternatives": []}'),
        (409, f'{{"code": "tenant_paused", {open_instead}}}'),
        (429, f'{{"code": "slot_taken", {open_instead}}}'),
    ]
    answers = [wire.Got(status, body.encode(), 1.0, 1.0) for status, body in bodies]
    assert crowds.clear_refusals(answers) == 2


def test_a_log_without_a_select_meets_no_limit() -> None:
    assert slots.reading(["BEGIN", "SELECT 1", "WITH a AS (SELECT 2) SELECT 3", "COMMIT"]) == 2
    with pytest.raises(SystemExit, match="shows no SELECT"):
        slots.reading(["BEGIN", "COMMIT"])


def test_the_floors_select_goes_by_the_index_or_ends_the_bench(world: World) -> None:
    with world.superuser() as connection:
        connection.execute(floor.MADE)
        connection.execute(
            "INSERT INTO bench_floor.occupancy (resource_id, blocked) SELECT 1 + n % 200, tstzrange(at, at + '30 min') "
            "FROM generate_series(1, 20000) n, LATERAL ("
            "SELECT '2030-01-01'::timestamptz + n / 200 * interval '30 min' AS at) AS times"
        )
        connection.execute("ANALYZE bench_floor.occupancy")
        floor.check_plan(connection)
        connection.execute(
            "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off"
        )
        with pytest.raises(SystemExit, match="does not go by the GiST index"):
            floor.check_plan(connection)


def test_the_databases_upkeep_is_over_or_is_known_not_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert upkeep.is_upkeep_over(world.superuser_url(), quiet=0.1, longest=60)
    monkeypatch.setattr(upkeep, "_VACUUMS", "SELECT 1")
    assert not upkeep.is_upkeep_over(world.superuser_url(), quiet=0.1, longest=0.5)


@pytest.fixture
def sleeper() -> Iterator[int]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.send_signal(signal.SIGCONT)
        process.kill()


class _Loaded:
    def __init__(self, pid: int) -> None:
        self.facts: dict[str, Any] = {"children": {"worker": pid}, "broker_url": "amqp://none"}
        self.database_url = ""


def state_of(pid: int) -> str:
    """T: stopped (proc(5)); a signal takes a moment."""
    time.sleep(0.1)
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_nobody_stays_stopped_when_the_database_cannot_be_asked(
    sleeper: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting(_Loaded(sleeper), None, True, None)  # type: ignore[arg-type]

    def refused(_: Setting) -> bool:
        raise RuntimeError("too many connections")

    monkeypatch.setattr(Setting, "_left_open", refused)
    with pytest.raises(RuntimeError), setting.without_workers("worker"):
        pass
    assert state_of(sleeper) == "S"


def test_they_stand_still_for_the_block_and_no_longer(sleeper: int, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(_Loaded(sleeper), None, True, None)  # type: ignore[arg-type]
    monkeypatch.setattr(Setting, "_left_open", lambda _: False)
    with setting.without_workers("worker"):
        within = state_of(sleeper)
    assert (within, state_of(sleeper)) == ("T", "S")


def test_visits_that_were_refused_end_the_bench() -> None:
    tenants.check_expected(got(*[201] * 98, 409, 409), 201, "a booking")
    with pytest.raises(SystemExit, match="a booking was answered 409, 3 times of 100"):
        tenants.check_expected(got(*[201] * 97, 409, 409, 409), 201, "a booking")


def test_only_sandboxes_are_broken_for_the_migration(world: World) -> None:
    with world.superuser() as connection:
        connection.execute("UPDATE public.tenants_tenant SET slug = 'many-hands' WHERE slug = 'acme'")
        connection.execute(
            "UPDATE public.tenants_tenant SET slug = 'many-1', sandbox = true WHERE slug = 'northwind'"
        )
        assert tenants.sandboxes(connection, 60) == [world.northwind]


STEP = """
    WITH run AS (
        INSERT INTO audit_run (
            workflow, subject, payload, state, actor_type, actor_id, failure_code, failure_words, started_at)
        VALUES ('book', 's', '{}', 'done', 'system', 'x', '', '', now()) RETURNING id)
    INSERT INTO audit_step (run_id, position, action, required, state, attempts, repeats, undo_attempts, result, error)
    SELECT id, 0, 'send_confirmation', false, 'failed', 1, 0, 0, '{}', '550 no such user' FROM run
    """


def test_a_burst_whose_confirmations_were_refused_is_not_done(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bookings, "LONGEST_DRAIN", 1.0)
    monkeypatch.setattr(bookings, "drain", lambda *_: 0.0)  # the world's own jobs are nobody's load
    loaded = _Loaded(0)
    loaded.database_url = world.app_url()
    setting = Setting(loaded, None, True, None)  # type: ignore[arg-type]
    before = aftermath.mark(world.app_url(), ["acme"])
    assert bookings.drain_wholly(setting, before)[1] == 0
    with world.superuser("acme") as connection:
        connection.execute(STEP)
    assert bookings.drain_wholly(setting, before)[1] == 1
    assert "left: " in capsys.readouterr().out


def test_a_burst_that_is_not_done_is_open_however_long_it_may_last() -> None:
    done, late, undone = (
        bookings.drained_after(*each, limit=200) for each in ((36.84, 0), (201.0, 0), (120.2, 7))
    )
    assert (done.value, done.met, late.met) == ("36.8 s", True, False)
    assert (undone.value, undone.met) == ("not after 120 s: 7 jobs, runs or steps are left", False)
