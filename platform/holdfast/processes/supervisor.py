"""Keep children alive: start, restart with growing pauses, stop in order. One thread, woken by signals."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from holdfast.embedded.refusal import StartRefused
from holdfast.processes.child import Child, Rank

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = float(os.environ.get("HOLDFAST_LONGEST_PAUSE_SECONDS", "30"))
STEADY_SECONDS = 30.0  # who lived this long starts again with the first pause
_STOP = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass
class _Watched:
    child: Child
    process: subprocess.Popen[bytes] | None
    started_at: float
    pause: float = FIRST_PAUSE_SECONDS
    due_at: float | None = None


class Supervisor:
    """Owns the children. `say` gets one line for each death and restart."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[_Watched] = []

    def start(self, child: Child, *, seconds: float = 300.0, say_each: float = 15.0) -> None:
        """Start the child and wait until it is ready; raises `StartRefused` if it dies or takes too long.

        What only takes its time, on a slow or busy machine, is waited for, and said every `say_each` seconds.
        """
        watched = _Watched(child, child.spawn(), time.monotonic())
        self._watched.append(watched)
        said = watched.started_at
        while not child.is_ready():
            assert watched.process is not None
            now = time.monotonic()
            if watched.process.poll() is not None:
                raise StartRefused(f"{child.name} did not start{_last_words(child)}")
            if now - watched.started_at > seconds:
                raise StartRefused(f"{child.name} did not start within {seconds:g} s{_last_words(child)}")
            if now - said >= say_each:
                said = now
                self._say(f"{child.name} is still starting ({now - watched.started_at:.0f} s)")
            time.sleep(0.05)

    def adopt(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Watch a process that was started and found ready elsewhere."""
        self._watched.append(_Watched(child, process, time.monotonic()))

    def check_alive(self) -> None:
        """Raise `StartRefused` if a child has died since its start: it would only die again."""
        for entry in self._watched:
            if entry.process is not None and entry.process.poll() is not None:
                raise StartRefused(f"{entry.child.name} did not start{_last_words(entry.child)}")

    def pids(self) -> dict[str, int]:
        """Return the process id of each living child by name."""
        return {entry.child.name: entry.process.pid for entry in self._watched if entry.process is not None}

    def watch(self, changed: Callable[[], None] = lambda: None) -> None:
        """Keep the children alive until SIGTERM, SIGINT or SIGHUP; `changed` is told of each restart."""
        signals = _STOP - {kind for kind in (signal.SIGHUP,) if signal.getsignal(kind) == signal.SIG_IGN}
        with blocked(signals | {signal.SIGCHLD}):
            while True:
                if self._tend():
                    changed()
                got = signal.sigtimedwait(signals | {signal.SIGCHLD}, self._patience())
                if got is not None and got.si_signo in signals:
                    return

    def stop(self) -> None:
        """Stop all children: the application first, the database last; more signals do not interrupt it."""
        with blocked(_STOP):
            for rank in Rank:
                self._stop_rank([entry for entry in self._watched if entry.child.rank is rank])
            self._watched.clear()

    # -- parts -------------------------------------------------------------------------------------
    def _tend(self) -> bool:
        """Note deaths and start whoever is due again; returns True if a process was started."""
        changed = False
        for entry in self._watched:
            if entry.process is not None and entry.process.poll() is not None:
                self._note_death(entry)
            if entry.due_at is not None and time.monotonic() >= entry.due_at:
                changed = self._restart(entry) or changed
        return changed

    def _note_death(self, entry: _Watched) -> None:
        assert entry.process is not None
        _kill_session(entry.process.pid)
        lived = time.monotonic() - entry.started_at
        pause = FIRST_PAUSE_SECONDS if lived > STEADY_SECONDS else entry.pause
        entry.due_at = time.monotonic() + pause
        entry.pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self._say(f"{entry.child.name} ended ({_ending(entry.process)}) and starts again in {pause:g} s")
        entry.process = None

    def _restart(self, entry: _Watched) -> bool:
        entry.started_at = time.monotonic()
        entry.due_at = None
        try:
            entry.process = entry.child.spawn()
        except (OSError, StartRefused) as error:
            entry.due_at = time.monotonic() + entry.pause
            entry.pause = min(entry.pause * 2, LONGEST_PAUSE_SECONDS)
            self._say(f"{entry.child.name} could not start again: {error}")
            return False
        return True

    def _patience(self) -> float:
        due = [entry.due_at for entry in self._watched if entry.due_at is not None]
        return max(0.01, min([10.0, *(at - time.monotonic() for at in due)]))

    def _stop_rank(self, entries: list[_Watched]) -> None:
        living = [(entry, entry.process) for entry in entries if entry.process is not None]
        started_at = time.monotonic()
        for turn in range(max((len(entry.child.stop_signals) for entry, _ in living), default=0)):
            for entry, process in living:
                if turn < len(entry.child.stop_signals) and process.poll() is None:
                    process.send_signal(entry.child.stop_signals[turn][0])
            for entry, process in living:
                if turn < len(entry.child.stop_signals):
                    limit = sum(seconds for _, seconds in entry.child.stop_signals[: turn + 1])
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(max(0.05, started_at + limit - time.monotonic()))
        for _, process in living:
            _kill_session(process.pid)


class blocked(contextlib.ContextDecorator):  # noqa: N801  reads as a verb: with blocked(signals)
    """Hold these signals back for the length of a block; what came in meanwhile is delivered after it."""

    def __init__(self, signals: set[signal.Signals]) -> None:
        self._signals = signals

    def __enter__(self) -> None:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def __exit__(self, *_error: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def _kill_session(pid: int) -> None:
    """End what a dead child left running in its own session (each child leads one)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def _last_words(child: Child) -> str:
    if child.log is None or not child.log.exists():
        return "."
    lines = child.log.read_bytes()[-4000:].decode(errors="replace").strip().splitlines()
    return f": {lines[-1].strip()} (see {child.log})" if lines else f" (see {child.log})."
