"""bin/test's bookkeeping: what did not run is said and fails; the closing line counts."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.holdfast.conftest import ROOT


@pytest.fixture(scope="module")
def groups() -> ModuleType:
    spec = importlib.util.spec_from_file_location("groups_of_bin_test", ROOT / "bin" / "groups.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_all_passed_is_success(groups: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [groups.Outcome("core", 12.34, passed=7), groups.Outcome("browser", 1.0, passed=2)]
    assert groups.report(outcomes, left_out=[]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "",
        "core                 12.3 s  7 passed, 0 failed",
        "browser               1.0 s  2 passed, 0 failed",
        "9 passed, 0 failed",
    ]


@pytest.mark.parametrize("broken", [{"failed": 1}, {"skipped": 1}, {"not_run": "needs the Debian package x"}])
def test_failed_skipped_or_not_run_is_a_failure(groups: ModuleType, broken: dict[str, object]) -> None:
    assert groups.report([groups.Outcome("core", 1.0, passed=7, **broken)], left_out=[]) == 1


def test_group_that_cannot_run_is_named_with_the_reason(
    groups: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = groups.Outcome("rabbitmq", 0.0, not_run="needs the Debian package rabbitmq-server")
    assert groups.report([outcome], left_out=["browser"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "rabbitmq              0.0 s  NOT RUN: needs the Debian package rabbitmq-server",
        "browser                    left out",
        "0 passed, 0 failed",
    ]


def test_ordinary_user_is_told_which_package_is_missing(
    groups: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(groups.MARKERS, "browser", groups.Package("chromium", lambda: False))
    monkeypatch.setattr(groups.os, "geteuid", lambda: 1000)
    assert groups.make_available("browser") == "needs the Debian package chromium"
    monkeypatch.setitem(groups.MARKERS, "browser", groups.Package("chromium", lambda: True))
    assert groups.make_available("browser") == ""


def test_counts_come_from_pytests_own_file(groups: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text('<testsuites><testsuite tests="9" failures="1" errors="2" skipped="1"/></testsuites>')
    assert groups._counted("core", 1.0, file, 1) == groups.Outcome("core", 1.0, passed=5, failed=3, skipped=1)
