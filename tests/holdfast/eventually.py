"""Waiting for a fact with an end, and looking at processes from outside."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.patience import PATIENCE


def eventually(fact: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Return True as soon as `fact` holds, False if it did not within `seconds` of a quiet machine."""
    give_up_at = time.monotonic() + PATIENCE * seconds
    while time.monotonic() < give_up_at:
        if fact():
            return True
        time.sleep(0.05)
    return fact()


def is_alive(pid: int) -> bool:
    """Return True if the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def processes_naming(text: str) -> list[int]:
    """Return the ids of living processes whose command line, working folder or open files name `text`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if is_alive(int(folder.name)) and _names(folder, text):
            found.append(int(folder.name))
    return found


def _names(process: Path, text: str) -> bool:
    try:
        if text in process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
            return True
        links = [process / "cwd", *(process / "fd").iterdir()]
    except OSError:
        return False
    return any(text in _target(link) for link in links)


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
