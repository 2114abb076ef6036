"""One scenario's verdict: what the clients saw, what the database says, what it cost. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

PARTS = (50, 95, 99)
FLAT = 0.20  # how much more a request may cost among many tenants
Sample = tuple[float, str, float, int]  # ended at ms, what, ms, status


@dataclass
class Verdict:
    """What stands in the JSON file; `broken` is empty if every promise held."""

    scenario: str
    site: str
    started_at: str
    clients: int
    seconds: float = 0.0
    requests: int = 0
    speed_judged: bool = True  # False: latency and CPU are told, and none of them breaks a promise
    measured: str = ""  # how, where that does not go without saying
    winners: int = 0
    expected: int | None = None
    booked_before: int = 0  # by a warm-up: in the database, and in no other figure
    statuses: dict[str, int] = field(default_factory=dict)
    errors_5xx: int = 0
    unanswered: int = 0
    overlaps: int = 0
    deadlocks: int = 0
    latency_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    server_cpu_ms_per_operation: dict[str, float] = field(default_factory=dict)
    not_counted: list[str] = field(default_factory=list)  # processes whose CPU is in none of these figures
    broken: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Say whether no promise broke."""
        return not self.broken

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {"passed": self.passed, **asdict(self)}

    def sentence(self) -> str:
        """The verdict in one sentence."""
        of = "" if self.expected is None else f" of {self.expected} possible"
        return (
            f"{self.clients:,} clients, {self.requests:,} requests: {self.winners:,} bookings{of}, "
            f"{self.overlaps} overlaps, {self.deadlocks} deadlocks, {self.errors_5xx} answers of 5xx, "
            f"{self.unanswered} without an answer."
        )


def note_answers(verdict: Verdict, samples: Sequence[Sample]) -> None:
    """Count all answers into the verdict; a 5xx and a missing answer break a promise whatever the scenario says."""
    verdict.requests = len(samples)
    verdict.seconds = round(max((at for at, *_ in samples), default=0.0) / 1000, 1)
    verdict.statuses = dict(Counter(str(status) for *_, status in samples))
    verdict.errors_5xx = sum(status >= 500 for *_, status in samples)
    verdict.unanswered = sum(status == 0 for *_, status in samples)
    for name in sorted({what for _, what, _, _ in samples}):
        mine = sorted(ms for _, what, ms, _ in samples if what == name)
        verdict.latency_ms[name] = {f"p{part}": percentile(mine, part) for part in PARTS}
    if verdict.errors_5xx:
        verdict.broken.append(f"{verdict.errors_5xx} answers of 5xx")
    if verdict.unanswered:
        verdict.broken.append(f"{verdict.unanswered} requests without an answer")


def note_bookings(verdict: Verdict, stored: int) -> None:
    """Compare who was told 201, in a warm-up too, with the bookings that the database holds; who got no answer may
    have one or not."""
    told = verdict.winners + verdict.booked_before
    if not told <= stored <= told + verdict.unanswered:
        verdict.broken.append(f"{told} clients were told that they are booked, {stored} bookings were stored")


def note_costs(verdict: Verdict, costs: Mapping[int, float]) -> None:
    """Compare what a request cost in ms of CPU among each number of tenants: not more among many, and what was not
    measured, or compared with nothing, is no such thing. Where speed is not judged, only whether it was measured."""
    verdict.server_cpu_ms_per_operation = {f"{count:,} tenants": cost for count, cost in costs.items()}
    if unseen := [name for name in ("web", "database") if name in verdict.not_counted]:
        verdict.broken.append(f"the CPU of {' and '.join(unseen)} was not counted, so no costs were compared")
    if len(costs) < 2:
        verdict.broken.append("one number of tenants is compared with nothing: give --tenants at least two")
    verdict.broken += [
        f"no CPU was counted among {count:,} tenants" for count, cost in costs.items() if not cost
    ]
    if not verdict.speed_judged:
        return
    fewest = min(costs)
    verdict.broken += [
        f"a request costs {cost:g} ms among {count:,} tenants, {costs[fewest]:g} ms among {fewest:,}"
        for count, cost in costs.items()
        if cost > costs[fewest] * (1 + FLAT)
    ]


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest rank of sorted values; 0 without any."""
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 1) if ordered else 0.0
