"""Named points at which a test may kill this process, as `kill -9` would; nothing happens unless asked.

HOLDFAST_CRASH_AT names a file. While it exists and holds the name of a point, the process that reaches that
point removes the file and dies at once. Outside tests the variable is not set, and a point costs one look-up.
"""

import os
import signal
from pathlib import Path

_FILE = os.environ.get("HOLDFAST_CRASH_AT")


def crash_point(name: str) -> None:
    """Die here, by SIGKILL and once, if a test asked for `name`."""
    if _FILE is None:
        return
    path = Path(_FILE)
    try:
        if path.read_text().strip() != name:
            return
        path.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
