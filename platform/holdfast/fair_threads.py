"""Threads that serve many hosts in turn, so that a crowd at one does not make another's visitors stand in its line."""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

Job = tuple[Future[Any], Callable[[], Any]]


class FairThreads:
    """A fixed number of threads. Jobs wait in a line of their host; a free thread takes the first of the next line.

    One host holds at most half of the threads, so another finds one free at once. Nothing is refused:
    where many wait, they wait longer. Daemon threads: what outlives the grace of a stop ends with the process.
    """

    def __init__(self, threads: int) -> None:
        self.most_of_one_host = max(1, threads // 2)
        self._lines: OrderedDict[str, deque[Job]] = (
            OrderedDict()
        )  # hosts in the order of their turn, none empty
        self._held: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._is_over = False
        for number in range(threads):
            threading.Thread(target=self._serve, name=f"web-{number}", daemon=True).start()

    def submit(self, host: str, job: Callable[[], Any]) -> Future[Any]:
        """Put a job at the end of its host's line; the future tells how it went."""
        future: Future[Any] = Future()
        with self._changed:
            if self._is_over:
                future.cancel()
                return future
            self._lines.setdefault(host, deque()).append((future, job))
            self._changed.notify()
        return future

    def shutdown(self, wait: bool = False) -> None:  # noqa: ARG002  as futures.Executor has it
        """Take no more jobs, and cancel those that wait; what runs goes on."""
        with self._changed:
            self._is_over = True
            waiting = [future for line in self._lines.values() for future, _ in line]
            self._lines.clear()
            self._changed.notify_all()
        for future in waiting:
            future.cancel()

    def _serve(self) -> None:
        while (taken := self._take()) is not None:
            host, (future, job) = taken
            if future.set_running_or_notify_cancel():
                _perform(job, future)
            del taken, future, job  # nothing of a request outlives it in a thread that waits
            with self._changed:
                self._held[host] -= 1
                if not self._held[host]:
                    del self._held[host]

    def _take(self) -> tuple[str, Job] | None:
        """Wait for a job that may be done now; None when it is over."""
        with self._changed:
            while not self._is_over:
                for host, line in self._lines.items():
                    if self._held[host] < self.most_of_one_host:
                        self._held[host] += 1
                        return host, self._first_of(host, line)
                self._changed.wait()
        return None

    def _first_of(self, host: str, line: deque[Job]) -> Job:
        """Take the first job of a line; what is left of the line goes behind the others."""
        job = line.popleft()
        if line:
            self._lines.move_to_end(host)
        else:
            del self._lines[host]
        return job


def _perform(job: Callable[[], Any], future: Future[Any]) -> None:
    try:
        result = job()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
