"""A data folder that PostgreSQL's own user can reach, and processes that end with the test."""

import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder name that is free, outside pytest's own closed folder; removed afterwards."""
    folder = Path(tempfile.gettempdir()) / f"holdfast-{uuid.uuid4().hex[:10]}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `python -P -c program arguments…` with its output on a pipe; killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-P", "-c", program, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
