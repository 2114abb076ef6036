"""What the supervisor knows about a child, and the one way in which ordinary children are started."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from holdfast.processes.leash import leash

_LOG_LIMIT_BYTES = 50_000_000


class Rank(IntEnum):
    """The order of stopping: who asks others goes before who is asked."""

    APPLICATION = 0
    SERVICE = 1
    DATABASE = 2


@dataclass(frozen=True)
class Child:
    """A process to keep alive. `spawn` starts it, `is_ready` asks whether it answers.

    `stop_signals` are sent in turn, each with the seconds to wait before the next.
    """

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool] = lambda: True
    rank: Rank = Rank.APPLICATION
    log: Path | None = None
    stop_signals: tuple[tuple[signal.Signals, float], ...] = field(
        default=((signal.SIGTERM, 12.0), (signal.SIGKILL, 5.0))
    )


def spawner(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: Path,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Callable[[], subprocess.Popen[bytes]]:
    """Return a function that starts `command` in its own session, tied to us, its output appended to `log`.

    `death_signal` is what the kernel sends it when we die; a log over 50 MB is set aside as `.1` at a start.
    """

    def spawn() -> subprocess.Popen[bytes]:
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=dict(environment),
                start_new_session=True,
                preexec_fn=leash(death_signal),
            )

    return spawn
