"""The server's CPU, process by process from /proc: what an operation costs, whoever else uses the machine.

Counted: each child of the installation with all its descendants, those that have ended included (cutime). What
idling costs in the same time is measured before and taken away. A child that was started again has lost its count.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.installation import Loaded

_TICK = os.sysconf("SC_CLK_TCK")
SERVING = ("web", "database")
WORKING = ("worker", "relay", "clock", "broker")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU by process (web, database, worker, relay, clock, broker), how long that took, and which of them
    were started again meanwhile: of those only the new process is counted."""

    by_process: Mapping[str, float]
    seconds: float
    restarted: tuple[str, ...] = ()

    def ms_each(self, operations: int, names: tuple[str, ...] = SERVING + WORKING) -> float:
        """Milliseconds for each operation, summed over these processes."""
        return round(1000 * sum(self.by_process.get(name, 0.0) for name in names) / max(1, operations), 3)


@dataclass
class Meter:
    """Measures an installation between `start` and `stop`; `strict`: not across a restart.

    Says once which processes it cannot see, because they run elsewhere.
    """

    loaded: Loaded
    strict: bool = True
    idle: Mapping[str, float] = field(default_factory=dict)
    _before: dict[str, float] = field(default_factory=dict)
    _pids: dict[str, int] = field(default_factory=dict)
    _started: float = 0.0

    def __post_init__(self) -> None:
        if missing := self.not_counted():
            print(f"Not on this machine, so their CPU is not counted: {', '.join(missing)}", flush=True)

    def not_counted(self) -> list[str]:
        """Which processes it cannot see: they run elsewhere, or where their ids mean nothing here (a container)."""
        children = self.loaded.facts["children"]
        return [
            name
            for name in SERVING + WORKING
            if name not in children or not Path(f"/proc/{children[name]}").exists()
        ]

    def learn_idle(self, seconds: float = 2.0, times: int = 3) -> None:
        """Measure what doing nothing costs, a second: the least of several looks, for something may still end."""
        self.idle = {}
        looks = []
        for _ in range(times):
            self.start()
            time.sleep(seconds)
            found = self.stop()
            looks.append({name: used / found.seconds for name, used in found.by_process.items()})
        self.idle = {name: min(look.get(name, 0.0) for look in looks) for name in looks[0]}

    def start(self) -> None:
        """Begin to count."""
        self._pids = dict(self.loaded.facts["children"])
        self._before, self._started = spent(self.loaded), time.monotonic()

    def stop(self) -> Cpu:
        """Return what was spent since `start`, idling taken away. SystemExit after a restart if it is strict."""
        pids = self.loaded.facts["children"]
        after, seconds = spent(self.loaded), time.monotonic() - self._started
        restarted = tuple(name for name, pid in self._pids.items() if pids.get(name) != pid)
        if restarted and self.strict:
            raise SystemExit(f"Started again while it was measured, so nothing was: {', '.join(restarted)}.")
        before = {name: used for name, used in self._before.items() if name not in restarted}
        return Cpu(
            {
                name: max(0.0, total - before.get(name, 0.0) - self.idle.get(name, 0.0) * seconds)
                for name, total in after.items()
            },
            seconds,
            restarted,
        )


def spent(loaded: Loaded) -> dict[str, float]:
    """Return the seconds of CPU that each child of the installation and its descendants have used so far."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(stat[1]), []).append(int(entry.name))
            ticks[int(entry.name)] = sum(map(int, stat[11:15]))  # utime stime cutime cstime, proc(5)
    return {name: _of_tree(pid, children, ticks) / _TICK for name, pid in loaded.facts["children"].items()}


def _of_tree(pid: int, children: Mapping[int, list[int]], ticks: Mapping[int, int]) -> int:
    return ticks.get(pid, 0) + sum(_of_tree(child, children, ticks) for child in children.get(pid, ()))
