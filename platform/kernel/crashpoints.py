"""Named points at which a test may kill a process, as `kill -9` would; nothing happens unless asked.

HOLDFAST_CRASH_AT names a file. While it holds "<point>" the process that reaches that point removes the file
and dies at once; with "<point> <pid> …" it kills those processes instead (broker, database, web, relay) and goes
on. Outside tests the variable is not set, and a point costs one comparison.
"""

import contextlib
import os
import signal
from pathlib import Path

_FILE = os.environ.get("HOLDFAST_CRASH_AT")


def crash_point(name: str) -> None:
    """Kill, by SIGKILL and once, whom a test named for this point; the process itself if nobody was named."""
    if _FILE is None:
        return
    path = Path(_FILE)
    try:
        wanted, *pids = path.read_text().split()
        if wanted != name:
            return
        path.unlink()
    except (FileNotFoundError, ValueError):
        return
    for pid in map(int, pids or [str(os.getpid())]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
