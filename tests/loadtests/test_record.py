"""What the bench keeps and shows: each section by itself, with when, where and beside which floor it was measured."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
import bench  # noqa: E402  beside the product, not in it
from benchmarks import record  # noqa: E402
from benchmarks.figures import Figure, Floor, at_least, at_most, exactly, floor_words  # noqa: E402

sys.path.remove(LOADTESTS)

FLOOR = Floor(
    insert_rate=10_000, insert_ms=0.1, insert_wait_ms=0.8, select_ms=0.2, page_ms=0.5, page_wait_ms=0.9
)


def test_a_figure_is_so_many_times_the_floor() -> None:
    assert (FLOOR.inserts(0.84), FLOOR.inserts(8.4)) == ("8.4 bare INSERTs", "84 bare INSERTs")
    assert FLOOR.pages(1.25, 25) == "2.5; 50 bare pages"
    assert (FLOOR.page_waits(1.8), FLOOR.insert_waits(8, 0.4)) == ("2.0 bare pages", "10; 0.5 bare INSERTs")
    assert FLOOR.of_inserts(213) == "2.1% of the INSERTs"


def test_a_floor_of_which_a_part_was_kept_is_said_in_part() -> None:
    assert floor_words({"insert_rate": 11440, "page_ms": 0.5, "page_wait_ms": 0.9}) == (
        "11,440 INSERTs a second, bare page 0.5 ms of CPU, 0.9 ms of latency"
    )
    assert floor_words({}) == ""


def test_a_figure_is_met_at_its_limit_and_open_beyond() -> None:
    assert [at_most("cost", value, 4, "ms", "").met for value in (4, 4.001)] == [True, False]
    assert [at_least("rate", value, 4, "/s", "").met for value in (4, 3.999)] == [True, False]
    assert exactly("winners", 2, 1) == Figure("winners", "2", "a count", "1", False)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A page and a record of this test's own."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(record, "RECORD", tmp_path / "performance.json")
    monkeypatch.setattr(record, "PAGE", tmp_path / "performance.md")
    record.PAGE.write_text(f"# Before\n{record.BEGIN}\nold\n{record.END}\nafter\n")
    return tmp_path


Bench = Callable[..., int]


@pytest.fixture
def run(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """bin/bench with an installation that is none: its sections find what they are told."""
    loaded = SimpleNamespace(sandbox=lambda tenant: None)
    meter = SimpleNamespace(learn_idle=lambda seconds: None)

    @contextmanager
    def nothing(*_: object, **__: object) -> Iterator[Any]:
        yield loaded

    for name, stand_in in (("installation", nothing), ("Meter", lambda _: meter)):
        monkeypatch.setattr(bench, name, stand_in)
    monkeypatch.setattr(bench.bookings, "drain", lambda _: 0.0)
    monkeypatch.setattr(bench, "SECTIONS", ("floor", "one", "two"))

    def benched(
        *arguments: str, one: Sequence[Figure] = (), two: Sequence[Figure] = (), insert_ms: float = 0.1
    ) -> int:
        floor = Floor(10_000, insert_ms, 0.8, 0.2, 0.5, 0.9)
        found = [Figure("INSERT", f"{insert_ms} ms", "is the floor")]
        monkeypatch.setattr(bench.floor, "measure", lambda _: (found, floor))
        monkeypatch.setattr(bench, "MEASURES", {"one": lambda *_: list(one), "two": lambda *_: list(two)})
        monkeypatch.setattr(sys, "argv", ["bin/bench", *arguments])
        return bench.main()

    return benched


def shown() -> list[str]:
    """The lines of the page between the two marks, without the tables' heads."""
    text = record.PAGE.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("after\n")
    lines = text.split(record.BEGIN)[1].split(record.END)[0].splitlines()
    return [line for line in lines if line and not line.startswith(("| figure", "|---"))]


COST = at_most("cost", 5, 4, "ms", "5 pages")
RATE = at_least("rate", 9, 4, "/s", "1%")


def test_a_run_of_one_section_renews_that_one_and_no_other(
    run: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "machine", lambda: "a desk")
    monkeypatch.setattr(record, "commit", lambda: "abc")
    run(one=[COST, exactly("winners", 1, 1)], two=[RATE])
    before = record.read_record()
    monkeypatch.setattr(record, "commit", lambda: "def")
    monkeypatch.setattr(
        record, "datetime", SimpleNamespace(now=lambda _: SimpleNamespace(strftime=lambda _: "later"))
    )
    run("--only", "one", "--quick", one=[at_most("cost", 3, 4, "ms", "3 pages")], insert_ms=0.2)
    after = record.read_record()
    assert (after["floor"], after["two"]) == (before["floor"], before["two"])
    load, first, was = after["one"]["load"], before["floor"], before["two"]
    assert after["one"] == {
        "measured_at": "later", "machine": "a desk", "commit": "def", "quick": True, "load": load,
        "floor": {
            "insert_rate": 10_000, "insert_ms": 0.2, "insert_wait_ms": 0.8, "select_ms": 0.2, "page_ms": 0.5,
            "page_wait_ms": 0.9,
        },
        "figures": [{"name": "cost", "value": "3 ms", "floor": "3 pages", "aim": "≤ 4 ms", "met": True}],
    }  # fmt: skip
    said = "10,000 INSERTs a second, SELECT 0.2 ms of CPU, bare page 0.5 ms of CPU, 0.9 ms of latency."
    assert shown() == [
        "Machine: a desk. Client and server share it.",
        "### floor",
        f"Measured {first['measured_at']} at commit abc, full length, load of the machine {first['load']} at the end.",
        "| INSERT | 0.1 ms |  |  | is the floor |",
        "### one",
        f"Measured later at commit def, short version, load of the machine {load} at the end. "
        f"Floor of the same run: INSERT 0.2 ms of CPU, {said}",
        "| cost | 3 ms | ≤ 4 ms | met | 3 pages |",
        "### two",
        f"Measured {was['measured_at']} at commit abc, full length, load of the machine {was['load']} at the end. "
        f"Floor of the same run: INSERT 0.1 ms of CPU, {said}",
        "| rate | 9 /s | ≥ 4 /s | met | 1% |",
    ]


def test_the_floor_is_renewed_where_it_is_asked_for(run: Bench) -> None:
    run(one=[COST])
    run("--only", "floor", insert_ms=0.2)
    assert record.read_record()["floor"]["floor"]["insert_ms"] == 0.2
    assert record.read_record()["one"]["floor"]["insert_ms"] == 0.1
    assert record.read_record()["one"]["machine"].startswith(f"{os.cpu_count()} cores (")


def test_what_was_measured_before_a_section_failed_is_kept(
    run: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(one=[RATE], two=[RATE])

    def failing() -> Iterator[Figure]:
        raise SystemExit("nothing was measured")
        yield RATE

    with pytest.raises(SystemExit, match="nothing was measured"):
        run(one=[COST], two=failing())  # type: ignore[arg-type]
    assert [line for line in shown() if line.startswith("| ")][1:] == [
        "| cost | 5 ms | ≤ 4 ms | **open** | 5 pages |",
        "| rate | 9 /s | ≥ 4 /s | met | 1% |",
    ]


def test_without_a_page_nothing_is_written_and_all_is_printed(
    run: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run(one=[RATE])
    before = (record.RECORD.read_text(), record.PAGE.read_text())
    capsys.readouterr()
    run("--no-page", "--only", "one", one=[COST])
    assert (record.RECORD.read_text(), record.PAGE.read_text()) == before
    said = capsys.readouterr().out
    assert "| cost | 5 ms | ≤ 4 ms | **open** | 5 pages |" in said
    assert ("### one" in said, "### floor" in said) == (
        True,
        False,
    )  # what was kept before is not of this run
    assert said.endswith("open: 1\n  cost: 5 ms, not ≤ 4 ms\n")


def test_a_check_fails_where_what_was_met_is_not_and_leaves_the_page_alone(
    run: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    met, other = at_most("time", 3, 4, "s", "a count"), exactly("winners", 1, 1)
    run(one=[met, COST], two=[RATE, other])
    before = (record.RECORD.read_text(), record.PAGE.read_text())
    worse = at_most("time", 4.5, 4, "s", "a count")
    assert run(one=[worse], two=[]) == 0  # nobody asked
    record.RECORD.write_text(before[0])
    record.PAGE.write_text(before[1])
    capsys.readouterr()
    assert run("--check", one=[met, COST], two=[RATE, other]) == 0
    assert capsys.readouterr().out.endswith("  cost: 5 ms, not ≤ 4 ms\nmet on the page and no longer: 0\n")
    assert run("--check", one=[worse, COST], two=[other]) == 1
    assert capsys.readouterr().out.endswith(
        "\nmet on the page and no longer: 2\n  time: 4.5 s, not ≤ 4 s\n  rate: not measured\n"
    )
    assert (record.RECORD.read_text(), record.PAGE.read_text()) == before


def test_a_check_of_one_section_says_nothing_of_the_others(run: Bench) -> None:
    run(one=[RATE], two=[RATE])
    slow = at_least("rate", 3, 4, "/s", "1%")
    assert run("--check", "--only", "one", one=[RATE], two=[slow]) == 0
    assert run("--check", "--only", "two", one=[RATE], two=[slow]) == 1


def test_a_check_without_a_full_length_to_hold_it_against_fails_and_no_check_is_short(
    run: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--only", "two", two=[RATE])
    run("--quick", "--only", "one", one=[RATE])
    assert run("--check", one=[RATE], two=[RATE]) == 1
    assert capsys.readouterr().out.endswith(
        "no longer: 1\n  one: not kept at full length, so there is nothing to hold it against\n"
    )
    with pytest.raises(SystemExit, match="2"):
        run("--check", "--quick")
    assert "--check holds full length against full length: leave --quick out" in capsys.readouterr().err


def section(**facts: object) -> dict[str, Any]:
    kept = {
        "measured_at": "then",
        "machine": "a desk",
        "commit": "",
        "quick": False,
        "load": 1.5,
        "floor": {},
    }
    return {**kept, "figures": [], **facts}


def test_each_other_machine_is_named_and_what_was_not_kept_is_said() -> None:
    found = {"a": section(), "b": section(), "c": section(machine="a rack", remark="Hosts were alike.")}
    said = [
        line for line in record.tables(found, ["a", "b", "c", "d"]).splitlines() if line[:1] not in ("", "|")
    ]
    old = "Measured then at a commit that was not kept, full length, load of the machine 1.5 at the end."
    assert said == [
        "Machine: a desk. Client and server share it.",
        "### a",
        f"{old} Floor of the same run: not kept.",
        "### b",
        f"{old} Floor of the same run: not kept.",
        "Machine: a rack. Client and server share it.",
        "### c",
        f"{old} Floor of the same run: not kept. Hosts were alike.",
    ]


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b.example"]
    ran = subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def test_the_commit_is_named_with_what_is_not_in_it(kept: Path) -> None:
    assert record.commit() == ""
    git(kept, "init", "-q")
    (kept / "code").write_text("1")
    git(kept, "add", ".")
    git(kept, "commit", "-qm", "one")
    head = git(kept, "rev-parse", "--short=10", "HEAD")
    record.PAGE.write_text("what the section before this one wrote")
    assert record.commit() == head
    (kept / "code").write_text("2")
    assert record.commit() == f"{head} with uncommitted changes"


def test_the_page_shows_what_the_record_holds_and_no_figure_is_without_a_ratio_or_a_word_why() -> None:
    held = json.loads(record.RECORD.read_text())
    assert held.keys() <= set(bench.SECTIONS)
    assert f"{record.BEGIN}\n\n{record.tables(held, bench.SECTIONS)}\n{record.END}" in record.PAGE.read_text()
    assert [
        figure["name"] for each in held.values() for figure in each["figures"] if not figure["floor"]
    ] == []
