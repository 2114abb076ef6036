"""What a scenario saw, request by request: shown while it runs, written where RESULT names a file."""

import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import gevent
from locust import events

_samples: list[
    tuple[float, str, float, int]
] = []  # ended at (epoch), what, milliseconds, status (0: no answer)
_expected = 0  # answers, where their number is known from the start


@events.init.add_listener
def _look_at_the_clock(**_: object) -> None:
    """Let gevent see what time it is: the run would else be shorter by what the imports took."""
    gevent.sleep(0)


@events.request.add_listener
def _note(
    name: str, response_time: float, response: Any = None, start_time: float = 0.0, **_: object
) -> None:
    status = int(getattr(response, "status_code", 0) or 0)
    _samples.append((start_time + response_time / 1000, name, float(response_time), status))


@events.test_start.add_listener
def _show_progress(**_: object) -> None:
    started = time.time()

    def tell() -> None:
        while True:
            gevent.sleep(2)
            recent = sorted(ms for at, _, ms, _ in _samples if at > time.time() - 2)
            p95 = f", p95 {recent[len(recent) * 95 // 100]:.0f} ms" if recent else ""
            counts = Counter(f"{status // 100}xx" for *_, status in _samples)
            words = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            of = f" of {_expected:,}" if _expected else ""
            print(
                f"  {time.time() - started:4.0f} s: {len(_samples):,}{of} answers ({words}){p95}", flush=True
            )

    gevent.spawn(tell)


def expect(answers: int) -> None:
    """Let each line of progress say of how many answers it tells."""
    global _expected
    _expected = answers


def percentile(values: list[float], percent: int) -> float:
    """The nearest rank; 0 without values."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 1) if ordered else 0.0


def times_of(name: str) -> list[float]:
    """The milliseconds of each answer to `name`."""
    return [ms for _, what, ms, _ in _samples if what == name]


def statuses_of(name: str) -> Counter[int]:
    """How often each status was the answer to `name`; 0 is no answer."""
    return Counter(status for _, what, _, status in _samples if what == name)


def last_at() -> float:
    """When the last answer came (epoch); 0 without any."""
    return max((at for at, *_ in _samples), default=0.0)


def bookings() -> int:
    """How many answers were a booking."""
    return sum(status == 201 for *_, status in _samples)


def write(*, winners: int, expected: int | None, wrong: list[str]) -> None:
    """Write what was seen: `expected` winners (None where none were), and each broken expectation in words."""
    if "RESULT" not in os.environ:
        return
    first = min((at - ms / 1000 for at, _, ms, _ in _samples), default=0.0)
    Path(os.environ["RESULT"]).write_text(
        json.dumps({
            "winners": winners,
            "expected": expected,
            "wrong": wrong,
            "samples": [
                [round((at - first) * 1000, 1), what, round(ms, 1), status] for at, what, ms, status in _samples
            ],
        })
    )  # fmt: skip
