"""What the laboratory makes of what it saw: the verdict, the report, the CPU."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from lab.cpu import Cpu, Meter, spent  # noqa: E402  beside the product, not in it
from lab.report import page  # noqa: E402
from lab.verdict import Verdict, note_answers, note_bookings, note_costs  # noqa: E402

sys.path.remove(LOADTESTS)

ANSWERS = [(float(n), "book", float(n), 201 if n == 1 else 409) for n in range(1, 101)]


def verdict_of(samples: list[tuple[float, str, float, int]], *wrong: str) -> Verdict:
    found = Verdict("same-slot", "bench.localhost", "2026-11-27 04:00 UTC", 100, winners=1, expected=1)
    found.broken += wrong
    note_answers(found, samples)
    return found


def test_answers_are_counted_and_their_times_ranked() -> None:
    found = verdict_of(ANSWERS)
    assert (found.requests, found.statuses, found.seconds) == (100, {"201": 1, "409": 99}, 0.1)
    assert found.latency_ms == {"book": {"p50": 50.0, "p95": 95.0, "p99": 99.0}}
    assert (found.passed, found.document()["passed"]) == (True, True)


@pytest.mark.parametrize(
    ("status", "words"), [(500, "1 answers of 5xx"), (0, "1 requests without an answer")]
)
def test_an_error_breaks_a_promise_whatever_the_scenario_says(status: int, words: str) -> None:
    found = verdict_of([*ANSWERS, (1.0, "book", 1.0, status)])
    assert (found.passed, found.broken) == (False, [words])


@pytest.mark.parametrize(("stored", "passes"), [(0, False), (1, True), (2, True), (3, False)])
def test_who_got_no_answer_may_be_booked_and_who_was_told_so_must_be(stored: int, passes: bool) -> None:
    found = verdict_of([*ANSWERS, (1.0, "book", 1.0, 0)])
    found.broken.clear()
    note_bookings(found, stored)
    words = [f"1 clients were told that they are booked, {stored} bookings were stored"]
    assert found.broken == ([] if passes else words)


@pytest.mark.parametrize(("stored", "passes"), [(1, False), (40, False), (41, True), (42, False)])
def test_what_a_warm_up_booked_stands_in_the_database_too(stored: int, passes: bool) -> None:
    found = verdict_of(ANSWERS)
    found.booked_before = 40
    note_bookings(found, stored)
    assert (found.passed, found.winners) == (passes, 1)


@pytest.mark.parametrize(
    ("costs", "not_counted", "words"),
    [
        ({10: 5.0, 100: 6.0, 1000: 5.9}, ["worker"], []),
        ({10: 5.0, 1000: 6.1}, [], ["a request costs 6.1 ms among 1,000 tenants, 5 ms among 10"]),
        ({10: 5.0}, [], ["one number of tenants is compared with nothing: give --tenants at least two"]),
        (
            {10: 0.0, 100: 0.0},
            ["web", "database"],
            [
                "the CPU of web and database was not counted, so no costs were compared",
                "no CPU was counted among 10 tenants",
                "no CPU was counted among 100 tenants",
            ],
        ),
        (
            {10: 5.0, 100: 5.0},
            ["database", "broker"],
            ["the CPU of database was not counted, so no costs were compared"],
        ),
    ],
)
def test_costs_that_were_not_measured_or_compared_with_nothing_are_no_promise_that_held(
    costs: dict[int, float], not_counted: list[str], words: list[str]
) -> None:
    found = verdict_of(ANSWERS)
    found.not_counted = not_counted
    note_costs(found, costs)
    assert found.broken == words


def test_costs_are_not_compared_where_speed_is_not_judged_and_have_to_be_measured_all_the_same() -> None:
    found = verdict_of(ANSWERS)
    found.speed_judged = False
    note_costs(found, {10: 5.0, 1000: 50.0})
    assert (found.broken, found.document()["speed_judged"]) == ([], False)
    assert "Every promise held</strong>" in page(found, ANSWERS)
    assert " Speed was not judged.</div>" in page(found, ANSWERS)
    note_costs(found, {10: 5.0, 1000: 0.0})
    assert found.broken == ["no CPU was counted among 1,000 tenants"]


def test_what_was_not_counted_stands_in_the_document_and_in_the_report() -> None:
    found = verdict_of(ANSWERS)
    assert "Not counted" not in page(found, ANSWERS)
    found.not_counted = ["database", "broker"]
    assert found.document()["not_counted"] == ["database", "broker"]
    assert "Not counted, for they run elsewhere: database, broker." in page(found, ANSWERS)


def test_how_it_was_measured_stands_in_the_document_and_in_the_report() -> None:
    found = verdict_of(ANSWERS)
    found.measured = "After 40 visits & more."
    assert found.document()["measured"] == "After 40 visits & more."
    assert "After 40 visits &amp; more.</p>" in page(found, ANSWERS)


def test_the_report_is_one_file_that_asks_for_nothing_and_escapes_what_it_was_told() -> None:
    found = verdict_of(ANSWERS, "two <b>bookings</b>")
    found.server_cpu_ms_per_operation = {"web": 1.5}
    text = page(found, ANSWERS)
    assert re.findall(r"(?:src|href)=|@import|url\(|<link|<script", text) == []
    assert "<li>two &lt;b&gt;bookings&lt;/b&gt;</li>" in text
    assert (text.count('<circle class="good"'), text.count('<rect class="soft"')) == (1, 99)
    assert "light-dark(" in text
    assert text.count("<svg") == text.count('role="img" aria-label=') == 4


def test_the_cpu_of_children_that_have_ended_counts() -> None:
    burn = "import time\nwhile time.process_time() < 0.4: pass"  # ticks of 10 ms, user and system apart, may lose some
    child = f"subprocess.run([sys.executable, '-c', {burn!r}])"
    parent = f"import subprocess, sys; {child}; print('done', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        used = spent(_Loaded({"web": process.pid, "nobody": 2**30}))  # type: ignore[arg-type]
        process.communicate("\n")
    assert used["web"] >= 0.3
    assert used["nobody"] == 0


def test_a_process_that_has_no_id_here_is_not_counted() -> None:
    loaded = _Loaded({"web": os.getpid(), "database": 2**30, "worker": os.getpid(), "relay": os.getpid()})
    assert Meter(loaded).not_counted() == ["database", "clock", "broker"]  # type: ignore[arg-type]


def test_a_process_that_was_started_again_is_named_and_the_bench_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loaded = _Loaded({"web": os.getpid(), "worker": os.getpid()})
    patient, strict = Meter(loaded, strict=False), Meter(loaded)  # type: ignore[arg-type]
    words = "Not on this machine, so their CPU is not counted: database, relay, clock, broker\n"
    assert capsys.readouterr().out == words * 2
    patient.start()
    strict.start()
    assert strict.stop().restarted == ()
    loaded.facts = {"children": {"web": os.getpid(), "worker": os.getppid()}}
    found = patient.stop()
    assert found.restarted == ("worker",)
    assert found.by_process["worker"] > 0  # what the new one has spent, not nothing
    with pytest.raises(SystemExit, match="Started again while it was measured, so nothing was: worker"):
        strict.stop()


class _Loaded:
    def __init__(self, children: dict[str, int]) -> None:
        self.facts = {"children": children}


def test_cpu_is_shared_out_by_operation_and_by_process() -> None:
    cpu = Cpu({"web": 0.4, "database": 0.1, "worker": 1.0}, seconds=2.0)
    assert (cpu.ms_each(100), cpu.ms_each(100, ("web", "database")), cpu.ms_each(0)) == (15.0, 5.0, 1500.0)
