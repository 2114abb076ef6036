"""The bash launchers: what they say when Python or pip is missing, and that they skip a done installation."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.holdfast.conftest import ROOT

TOOLS = ("bash", "cat", "cut", "dirname", "mkdir", "readlink", "rm", "sha256sum", "mv", "flock", "id")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without .venv, and beside it a folder `tools` with the few programs that a PATH gives."""
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT / "bin", copy / "bin")
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return copy


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout.parent / "tools"), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [checkout / "bin" / "run", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def stand_in(checkout: Path, name: str, script: str) -> None:
    """Put a program on the PATH."""
    file = checkout.parent / "tools" / name
    file.write_text(f"#!/bin/bash\n{script}\n")
    file.chmod(0o755)


def test_missing_python_is_one_line(checkout: Path) -> None:
    done = run(checkout)
    assert done.stderr == (
        "holdfast: Python 3.11 or newer was not found: "
        "install it (Debian: apt install python3 python3-pip).\n"
    )
    assert done.returncode == 1


def test_missing_pip_is_one_line(checkout: Path) -> None:
    stand_in(
        checkout,
        "python3",
        '[ "$2" = pip ] && exit 1\n[[ "$*" == *executable* ]] && echo /usr/bin/none\nexit 0',
    )
    done = run(checkout)
    assert done.stderr == (
        "holdfast: pip is missing for /usr/bin/none: "
        "install it (Debian: apt install python3-pip), or install uv.\n"
    )
    assert done.returncode == 1


def test_done_installation_is_not_done_again(checkout: Path) -> None:
    """With the stamp of this very lock file neither pip nor uv is asked, and Python gets the arguments."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    python.write_text('#!/bin/bash\n[ "$1" = -c ] || echo "$@"\n')
    python.chmod(0o755)
    digest = subprocess.run(
        "sha256sum <uv.lock | cut -d' ' -f1",
        shell=True, cwd=checkout, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (checkout / ".venv" / ".holdfast").write_text(f"{digest} run\n")
    done = run(checkout, "--port", "1234")
    assert (done.returncode, done.stdout, done.stderr) == (0, "-P -m holdfast.cli up --port 1234\n", "")
    (checkout / "uv.lock").write_text("changed")
    assert run(checkout).returncode == 1


def test_no_package_registry_is_named_by_our_own_files() -> None:
    for file in (*(ROOT / "bin").iterdir(), ROOT / ".ci" / "run", ROOT / ".github" / "workflows" / "ci.yml"):
        if file.is_file():
            assert "pypi" not in file.read_text().lower().replace("needs pypi only", "")
