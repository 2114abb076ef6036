"""What the laboratory makes of a server that says 201 and does not mean it: a real database, a fake server."""

import argparse
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.database import World
from tests.loadtests.fake import BOOKED, REFUSED, Answer, fake_server, honest
from tests.loadtests.test_checker import MEETINGS

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
import laboratory  # noqa: E402  beside the product, not in it
from lab import aftermath, deadlocks  # noqa: E402
from lab.cpu import Meter  # noqa: E402
from lab.installation import Loaded  # noqa: E402

sys.path.remove(LOADTESTS)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(deadlocks, "LATEST", 0.0)
    monkeypatch.setattr(Meter, "learn_idle", lambda *_: None)


def judged(
    world: World,
    out: Path,
    scenario: str,
    answer: Callable[[str, str, str], Answer],
    children: dict[str, int] | None = None,
    visits: int = 0,
) -> dict[str, Any]:
    """Perform the scenario with two clients at acme; its verdict."""
    with fake_server(answer) as port:
        facts = {"port": port, "database_url": world.app_url(), "children": children or {}}
        (out / "run.json").write_text(json.dumps(facts))
        loaded = Loaded(out)
        wanted = argparse.Namespace(
            tenant="acme", clients=2, seconds=3, tenants="1,2", visits=visits, rounds=50, truth_only=False, out=out
        )  # fmt: skip
        passed = laboratory.perform(scenario, loaded, Meter(loaded, strict=False), wanted)
    found: dict[str, Any] = json.loads((out / f"{scenario}.json").read_text())
    assert found["passed"] == passed
    return found


def first_wins(writes: Callable[[], None] = lambda: None) -> Callable[[str, str, str], Answer]:
    """One 201, then 409s; `writes` before the first."""
    asked: list[str] = []

    def answer(site: str, method: str, path: str) -> Answer:
        if path != "/api/v1/bookings":
            return honest(site, method, path)
        asked.append(path)
        if len(asked) > 1:
            return REFUSED
        writes()
        return BOOKED

    return answer


def test_a_server_that_says_201_and_writes_nothing_fails(world: World, tmp_path: Path) -> None:
    found = judged(world, tmp_path, "same-slot", first_wins())
    assert (found["winners"], found["statuses"]) == (1, {"201": 1, "409": 1})
    assert found["broken"] == ["1 clients were told that they are booked, 0 bookings were stored"]


def test_a_server_that_writes_more_than_it_says_fails(world: World, tmp_path: Path) -> None:
    found = judged(world, tmp_path, "same-slot", first_wins(lambda: write_two(world)))
    assert found["broken"] == ["1 clients were told that they are booked, 2 bookings were stored"]


def write_two(world: World) -> None:
    with world.superuser("acme") as connection:
        facts = {"apart": "30 min", "status": "confirmed", "deadline": None, "seats": 1}
        psycopg.ClientCursor(connection).execute(MEETINGS, facts)  # type: ignore[arg-type]


def test_what_the_load_caused_and_nobody_does_is_said(world: World, tmp_path: Path) -> None:
    def fail() -> None:
        with world.superuser() as connection:
            for state, due, error in (
                ("queued", "1 hour", "no mail server"),
                ("parked", "0", "gave up"),
                ("queued", "1 day", ""),  # a reminder: planned, not late
                ("queued", "-1 min", ""),
            ):
                connection.execute(
                    "INSERT INTO jobs_job (schema, kind, ref, state, due_at, attempts, last_error, created_at)"
                    " VALUES (%s, 'mail', '1', %s, now() + %s::interval, 1, %s, now())",
                    [world.acme, state, due, error],
                )
        with world.superuser("acme") as connection:
            connection.execute(
                "INSERT INTO audit_run (workflow, subject, payload, state, actor_type, actor_id, failure_code,"
                " failure_words, started_at) SELECT 'book', 's', '{}', state, 'person', '1', '', '', now()"
                " FROM unnest(ARRAY['running', 'failing', 'stopped', 'done']) AS state"
            )

    found = judged(world, tmp_path, "same-slot", first_wins(fail))
    assert found["broken"][:-1] == [
        f"{world.acme}: a job mail is queued after no mail server (1 times)",
        f"{world.acme}: a job mail is parked after gave up (1 times)",
        f"{world.acme}: a job mail is queued (1 times)",
        f"{world.acme}: a run of book is failing (1 times)",
        f"{world.acme}: a run of book is running (1 times)",
        f"{world.acme}: a run of book is stopped (1 times)",
    ]


RUN = """
    INSERT INTO audit_run (
        workflow, subject, payload, state, actor_type, actor_id, failure_code, failure_words, started_at)
    VALUES ('book', 's', '{}', %s, 'system', 'x', '', %s, now()) RETURNING id
    """
STEP = """
    INSERT INTO audit_step (
        run_id, position, action, required, state, attempts, repeats, undo_attempts, result, error)
    VALUES (%s, %s, 'send_confirmation', false, %s, 1, 0, 0, '{}', %s)
    """


def test_a_confirmation_that_was_refused_for_good_is_said_though_its_run_is_done(
    world: World, tmp_path: Path
) -> None:
    def refuse() -> None:
        with world.superuser("acme") as connection:
            for words in ("550 no such user", "551 not here"):
                run = connection.execute(RUN, ["done", ""]).fetchone()
                assert run is not None
                for position, state in enumerate(["failed", "done", "skipped", "undone"]):
                    connection.execute(STEP, [run[0], position, state, words])
            connection.execute(STEP, [run[0], 9, "undo_failed", ""])
            connection.execute(RUN, ["failed", "The link could not be proven."])

    found = judged(world, tmp_path, "same-slot", first_wins(refuse))
    assert found["broken"][:-1] == [
        f"{world.acme}: a run of book failed, for example: The link could not be proven. (1 times)",
        f"{world.acme}: the step send_confirmation of book failed for good, for example: 550 no such user (2 times)",
        f"{world.acme}: the step send_confirmation of book could not be undone (1 times)",
    ]


JOB = """
    INSERT INTO public.jobs_job (schema, kind, ref, state, due_at, attempts, last_error, created_at)
    VALUES (%s, 'k', '1', %s, now() + %s::interval, 1, %s, now())
    """


def test_what_failed_and_was_put_back_is_left_undone(world: World) -> None:
    url = world.app_url()
    with world.superuser("acme") as connection:
        assert connection.execute(RUN, ["failed", ""]).fetchone()  # before the mark

        def left(statement: str, *values: str) -> tuple[int, int]:
            before = aftermath.mark(url, ["acme"])
            connection.execute(statement, values)
            after = aftermath.mark_again(url, before)
            return aftermath.undone(url, before, after).total(), aftermath.failed(url, before, after).total()

        assert left(JOB, world.acme, "queued", "1 day", "") == (0, 0)  # a reminder of tomorrow
        assert left(JOB, world.acme, "done", "-1 min", "once: refused") == (0, 0)
        assert left(JOB, world.northwind, "parked", "-1 min", "refused") == (0, 0)
        assert left(JOB, world.acme, "queued", "-1 min", "") == (1, 0)
        assert left(JOB, world.acme, "queued", "5 min", "RuntimeError: the mail server is away") == (1, 0)
        assert left(JOB, world.acme, "parked", "-1 min", "") == (1, 0)
        assert left(RUN, "done", "") == (0, 0)
        assert [left(RUN, each, "") for each in ("running", "stopped", "failing", "failed")] == [
            (1, 0), (1, 0), (1, 0), (0, 1),
        ]  # fmt: skip


def test_what_failed_before_the_load_is_not_the_loads(world: World) -> None:
    with world.superuser() as connection:
        connection.execute(
            "INSERT INTO jobs_job (schema, kind, ref, state, due_at, attempts, last_error, created_at)"
            " VALUES (%s, 'mail', '1', 'parked', now(), 20, 'gave up', now())",
            [world.acme],
        )
    write_two(world)
    before = aftermath.mark(world.app_url(), ["acme", "nobody"])
    assert (aftermath.unfinished(world.app_url(), before), list(before.rows)) == ([], [world.acme])
    assert aftermath.booked_since(world.app_url(), before) == 0


def test_a_job_that_is_done_at_the_second_try_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftermath, "QUIET_SECONDS", 20.0)
    before = aftermath.mark(world.app_url(), ["acme"])
    with world.superuser() as connection:
        connection.execute(
            "INSERT INTO jobs_job (schema, kind, ref, state, due_at, attempts, last_error, created_at)"
            " VALUES (%s, 'mail', '1', 'queued', now() + '1 hour', 1, 'not yet', now())",
            [world.acme],
        )

    def done() -> None:
        with world.superuser() as connection:
            connection.execute("UPDATE jobs_job SET state = 'done'")

    later = threading.Timer(1.0, done)
    later.start()
    assert aftermath.unfinished(world.app_url(), before) == []
    later.join()


def test_an_answer_that_comes_after_the_time_is_over_counts(world: World, tmp_path: Path) -> None:
    started: list[float] = []

    def hangs(site: str, method: str, path: str) -> Answer:
        started.append(time.monotonic())
        if path != "/" and time.monotonic() - started[0] > 0.5:
            time.sleep(5)
            return 500, {}
        return honest(site, method, path)

    found = judged(world, tmp_path, "mixed-day", hangs)
    assert found["errors_5xx"] >= 1
    assert found["seconds"] > 3


def test_the_steps_of_many_tenants_are_added_up(world: World, tmp_path: Path) -> None:
    learnt: list[int] = []
    steps: list[int] = []

    def answer(site: str, method: str, path: str) -> Answer:
        if len(learnt) > len(steps):  # the first request of a step
            steps.append(1)
            if len(steps) == 1:
                return 500, {}
        time.sleep(0.05)
        return honest(site, method, path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Meter, "learn_idle", lambda *_: learnt.append(1))
        found = judged(world, tmp_path, "many-tenants", answer)
    assert (len(learnt), found["errors_5xx"]) == (2, 1)
    assert sum(found["statuses"].values()) == found["requests"]
    assert found["seconds"] > 3.5  # two steps of three seconds, a slow start taken off
    assert "1 answers of 5xx" in found["broken"]
    assert found["not_counted"] == ["web", "database", "worker", "relay", "clock", "broker"]
    assert "the CPU of web and database was not counted, so no costs were compared" in found["broken"]


def test_what_a_warm_up_asks_is_no_figure_and_what_goes_wrong_in_it_is_said(
    world: World, tmp_path: Path
) -> None:
    asked: list[str] = []
    posts = itertools.count(1)

    def answer(site: str, method: str, path: str) -> Answer:
        asked.append(path)
        time.sleep(0.05)
        refused = method == "POST" and next(posts) == 1
        return (503, {}) if refused else honest(site, method, path)

    found = judged(world, tmp_path, "many-tenants", answer, visits=3)
    told = found["winners"] + found["booked_before"]
    assert found["booked_before"] == 3 + 6 - 1
    assert "before 1 tenants were measured: book was answered 503 (1 times)" in found["broken"]
    assert (found["errors_5xx"], found["requests"]) == (0, len(asked) - 3 * (3 + 6))
    assert f"{told} clients were told that they are booked, 0 bookings were stored" in found["broken"]
    assert found["measured"].startswith(
        "Before each step its tenants were visited 3 times each, which is not counted"
        " (8 bookings); then, for 3 s, a tenant by chance"
    )
    assert "The database's upkeep was not known to be over before 2 tenants." in found["measured"]


def test_a_scenario_that_never_ends_is_ended(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(site: str, method: str, path: str) -> Answer:
        time.sleep(50)
        return honest(site, method, path)

    monkeypatch.setattr(laboratory, "LONGEST_SECONDS", 15)
    found = judged(world, tmp_path, "same-slot", hangs)
    assert found["broken"] == [
        "the scenario had not ended after 15 seconds, and was ended",
        "the scenario said nothing",
    ]


def test_a_run_that_ends_in_the_middle_leaves_no_verdict_of_the_last_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [tmp_path / name for name in ("same-slot.json", "same-slot.html", "mixed-day.json")]
    for path in kept:
        path.write_text("{}")
    command = ["bin/load", "same-slot", "--data", str(tmp_path), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit, match="Nothing runs in"):
        laboratory.main()
    assert [path.exists() for path in kept] == [False, False, True]


def test_a_worker_that_was_restarted_under_the_load_is_said(world: World, tmp_path: Path) -> None:
    def restart() -> None:
        facts = json.loads((tmp_path / "run.json").read_text())
        (tmp_path / "run.json").write_text(json.dumps({**facts, "children": {"worker": os.getpid()}}))

    found = judged(world, tmp_path, "same-slot", first_wins(restart), children={"worker": os.getppid()})
    assert "worker was restarted under the load" in found["broken"]


def test_only_jobs_that_waited_long_are_late_before_a_load(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.superuser() as connection:
        connection.execute(
            "INSERT INTO jobs_job (schema, kind, ref, state, due_at, attempts, last_error, created_at)"
            " VALUES (%s, 'mail', '1', 'queued', now() + '1 hour', 0, '', now())",
            [world.acme],
        )
        with monkeypatch.context() as patched:
            patched.setattr(
                aftermath, "due_jobs", lambda url: 5
            )  # always others: much to do, none of it late
            assert aftermath.settle(world.app_url()) == 0
        connection.execute("UPDATE jobs_job SET due_at = now() - interval '1 min'")
        assert aftermath.settle(world.app_url()) == 1
