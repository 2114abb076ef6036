"""Every mutation still applies: its text stands exactly once, and the test that it must turn red is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Edit, Mutant, StaleMutant

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutation_applies_once_and_names_a_test(mutant: Mutant) -> None:
    for edit in mutant.edits:
        assert edit.applied(ROOT) != (ROOT / edit.file).read_text()
        if edit.file.endswith(".py"):
            ast.parse(edit.applied(ROOT))
    file, _, test = mutant.test.partition("::")
    tests = {
        node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)
    }
    assert test.partition("[")[0] in tests
    assert f"test_promise_{mutant.promise}_" in file or not file.startswith("tests/promises/")


def newest_files() -> dict[tuple[str, str], str]:
    """Return by room and SQL function the file that creates it last, in the order of the migrations."""
    newest = {}
    for migration in sorted([*ROOT.glob("*/migrations/0*.py"), *ROOT.glob("platform/*/migrations/0*.py")]):
        room = migration.relative_to(ROOT).parent.parent
        for name in re.findall(r"""["'](\w+_v\d+\.sql)["']""", migration.read_text()):
            for function in re.findall(
                r"FUNCTION (?:public\.)?(\w+)\(", (ROOT / room / "sql" / name).read_text()
            ):
                newest[str(room), function] = f"{room}/sql/{name}"
    return newest


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_no_mutation_is_in_a_function_that_a_later_file_replaces(mutant: Mutant) -> None:
    newest = newest_files()
    assert newest["booking", "check_meeting_v1"] == "booking/sql/truth_v3.sql"
    for edit in mutant.edits:
        room, _, name = edit.file.partition("/sql/")
        before = (ROOT / edit.file).read_text().partition(edit.text)[0] if name else ""
        functions = re.findall(r"FUNCTION (?:public\.)?(\w+)\(", before + edit.text.partition("$$")[0])
        assert not name or not functions or newest[room, functions[-1]] == edit.file


def test_each_promise_has_a_mutant_and_each_name_is_used_once() -> None:
    assert {mutant.promise for mutant in MUTANTS} == set(range(1, 9))
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("text", ["stands twice", "stands nowhere"])
def test_a_text_that_does_not_stand_exactly_once_is_stale(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text("stands twice stands twice stands once")
    with pytest.raises(StaleMutant):
        Edit("a.py", text, "").applied(tmp_path)
    assert Edit("a.py", "stands once", "x").applied(tmp_path) == "stands twice stands twice x"


def test_each_mutant_is_described(tmp_path: Path) -> None:
    described = (ROOT / "docs/mutants.md").read_text()
    assert [mutant.name for mutant in MUTANTS if f"`{mutant.name}`" not in described] == []
