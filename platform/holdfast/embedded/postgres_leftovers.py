"""What a killed PostgreSQL leaves behind: a pid file that may name a stranger, or a dying server."""

import os
import signal
import time
from pathlib import Path

from holdfast.embedded.refusal import StartRefused


def remove_leftovers(cluster: Path, *, patience: float = 15) -> None:
    """Make the cluster free to start; the caller holds the data folder's lock.

    A pid file is believed only if that process is a postgres of this very cluster: then it is a leftover of
    a killed parent, told to stop at once and waited for (`patience` seconds). Otherwise the file is removed,
    because after a restart of the machine or container its pid may belong to anybody.
    """
    file = cluster / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        file.unlink(missing_ok=True)
        return
    if _serves(pid, cluster):
        os.kill(pid, signal.SIGQUIT)
    give_up_at = time.monotonic() + patience
    while _serves(pid, cluster):
        if time.monotonic() > give_up_at:
            raise StartRefused(
                f"A database of an earlier run (process {pid}) still holds {cluster} and does not stop."
            )
        time.sleep(0.1)
    file.unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return bool(words) and words[0].endswith(b"postgres") and str(cluster).encode() in words
