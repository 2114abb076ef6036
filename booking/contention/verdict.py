"""What a contention test must add up to, and the one sentence that says whether it did. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WANTS = {
    "same_slot": "wanted one slot",
    "round_robin": "wanted anyone of the team at one start",
    "overlapping": "wanted an hour, or the half hour inside it",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One client's answer, as the lab keeps it; `status` 0 is no answer at all."""

    number: int
    at_ms: int
    latency_ms: int
    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers counted: bookings (201), clear refusals (409 with its reason), everything else is an error."""

    bookings: int
    refusals: int
    errors: int
    p50_ms: int
    p99_ms: int
    lasted_ms: int

    @property
    def answers(self) -> int:
        """How many clients have an answer."""
        return self.bookings + self.refusals + self.errors


REFUSED = frozenset({"slot_taken", "host_busy", "buffer"})


def tally(answers: Sequence[Answer]) -> Tally:
    """Count answers; percentiles by the nearest rank, 0 without any."""
    latencies = sorted(answer.latency_ms for answer in answers)
    bookings = sum(answer.status == 201 for answer in answers)
    refusals = sum(answer.status == 409 and answer.code in REFUSED for answer in answers)
    return Tally(
        bookings=bookings,
        refusals=refusals,
        errors=len(answers) - bookings - refusals,
        p50_ms=_percentile(latencies, 50),
        p99_ms=_percentile(latencies, 99),
        lasted_ms=max((answer.at_ms for answer in answers), default=0),
    )


def passed(counted: Tally, *, clients: int, expected: int, broken: Sequence[str]) -> bool:
    """Say whether exactly as many booked as could, everybody else was clearly refused, and no promise is broken."""
    return (
        (counted.bookings, counted.refusals) == (expected, clients - expected)
        and not counted.errors
        and not broken
    )


def sentence(counted: Tally, *, scenario: str, clients: int, overlaps: int) -> str:
    """Return the verdict: "200 clients wanted one slot: 1 booking, 199 clear refusals, 0 overlaps, 0 errors."."""
    return (
        f"{_many(clients, 'client')} {WANTS[scenario]}: {_many(counted.bookings, 'booking')}, "
        f"{_many(counted.refusals, 'clear refusal')}, {_many(overlaps, 'overlap')}, {_many(counted.errors, 'error')}."
    )


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _percentile(ordered: Sequence[int], percent: int) -> int:
    if not ordered:
        return 0
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
