"""The lab's chart, as figures for an SVG and for its table twin: answers over time, stacked by how they ended. Pure.

Drawn by the server, so it needs no script, no library and no exception from the content policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from booking.api import Answer

WIDTH, HEIGHT = 720, 220
BARS = 24
_STEPS = (10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000)
KINDS = (("booked", "Booked"), ("refused", "Refused clearly"), ("error", "Error"))


@dataclass(frozen=True, slots=True)
class Part:
    """One rectangle of a bar, in the SVG's units."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """One stretch of time as the table says it."""

    from_ms: int
    to_ms: int
    booked: int
    refused: int
    error: int
    slowest_ms: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn and said; `ticks` are (x, milliseconds), `most` is the highest bar."""

    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, int], ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def chart_of(answers: Sequence[Answer]) -> Chart:
    """Return the chart of the answers so far; stretches are of equal, round length."""
    step = _step(max((answer.at_ms for answer in answers), default=0))
    lines = _lines(answers, step)
    most = max((line.booked + line.refused + line.error for line in lines), default=0)
    slot = WIDTH / max(len(lines), 1)
    parts = tuple(part for number, line in enumerate(lines) for part in _bar(line, number * slot, slot, most))
    ticks = tuple((number * slot, line.from_ms) for number, line in enumerate(lines) if number % 4 == 0)
    return Chart(parts=parts, lines=lines, ticks=ticks, most=most)


def kind_of(answer: Answer) -> str:
    """Return how an answer ended: booked, refused or error."""
    return "booked" if answer.status == 201 else "refused" if answer.status == 409 else "error"


def _step(last_ms: int) -> int:
    """Return the shortest round length of which at most BARS cover the time."""
    return next((step for step in _STEPS if last_ms < step * BARS), _STEPS[-1])


def _lines(answers: Sequence[Answer], step: int) -> tuple[Line, ...]:
    if not answers:
        return ()
    stretches: list[list[Answer]] = [
        [] for _ in range(min(max(a.at_ms for a in answers) // step + 1, 10 * BARS))
    ]
    for answer in answers:
        stretches[min(answer.at_ms // step, len(stretches) - 1)].append(answer)
    return tuple(_line(number * step, step, found) for number, found in enumerate(stretches))


def _line(from_ms: int, step: int, found: Sequence[Answer]) -> Line:
    kinds = [kind_of(answer) for answer in found]
    return Line(
        from_ms=from_ms,
        to_ms=from_ms + step,
        booked=kinds.count("booked"),
        refused=kinds.count("refused"),
        error=kinds.count("error"),
        slowest_ms=max((answer.latency_ms for answer in found), default=0),
    )


def _bar(line: Line, x: float, slot: float, most: int) -> list[Part]:
    """Return a bar's rectangles from the ground up: bookings, refusals, errors; one answer is at least 3 units high."""
    parts, ground = [], float(HEIGHT)
    for kind, _words in KINDS:
        count = getattr(line, kind)
        if count:
            height = max(3.0, count / most * (HEIGHT - 8))
            ground -= height
            parts.append(Part(kind, round(x + 1, 1), round(ground, 1), round(slot - 2, 1), round(height, 1)))
    return parts
