"""An installation that counts its visitors is refused before the load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOADTESTS = str(Path(__file__).parents[2] / "loadtests")
sys.path.insert(0, LOADTESTS)
from lab.installation import installation  # noqa: E402  beside the product, not in it

sys.path.remove(LOADTESTS)


def opened(data: Path, **environment: str) -> None:
    """Open the installation whose web process has this environment."""
    kept = {name: value for name, value in os.environ.items() if name != "HOLDFAST_PUBLIC_RATE"}
    waiting = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(
        waiting, env={**kept, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as web:
        assert web.stdout is not None
        web.stdout.readline()
        (data / "run.json").write_text(json.dumps({"children": {"web": web.pid}}))
        try:
            with installation(data) as loaded:
                assert loaded.data == data
        finally:
            web.communicate("\n")


def test_limits_that_are_on_are_refused_in_words(tmp_path: Path) -> None:
    words = "has its public rate limits on.*start it with HOLDFAST_PUBLIC_RATE=off bin/run"
    with pytest.raises(SystemExit, match=words):
        opened(tmp_path)
    with pytest.raises(SystemExit, match=words):
        opened(tmp_path, HOLDFAST_PUBLIC_RATE="on")


def test_limits_that_are_off_are_let_through(tmp_path: Path) -> None:
    opened(tmp_path, HOLDFAST_PUBLIC_RATE="off")


@pytest.mark.parametrize("children", [{}, {"web": 2**30}])
def test_a_web_process_that_cannot_be_looked_at_is_believed(tmp_path: Path, children: dict[str, int]) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"children": children}))
    with installation(tmp_path) as loaded:
        assert loaded.facts["children"] == children
