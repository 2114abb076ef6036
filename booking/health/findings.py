"""What a probe is asked and what it answers: plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["ok", "warn", "bad", "unknown"]
WORST_FIRST: tuple[State, ...] = ("bad", "unknown", "warn", "ok")


@dataclass(frozen=True)
class Asked:
    """When a probe looks, and whether it takes its time: `thorough` once a day and after a deploy."""

    now: datetime
    thorough: bool = False


@dataclass(frozen=True)
class Finding:
    """One thing that a probe saw. `words`: what is the case; `consequence`: what it costs whom, for people.

    `subject` is what the fault is about ("calendar:3", "meeting:<uid>"), "" for the business as a whole;
    `repair` names the fixer's repair that can help (booking.repairs), "" where a person is needed.
    """

    state: State
    words: str
    consequence: str = ""
    subject: str = ""
    repair: str = ""


Check = Callable[[Asked], list[Finding]]


@dataclass(frozen=True)
class Probe:
    """A named look at one promise. `title` ends the sentence "…: all well". `daily`: only the thorough check asks it.

    `check` returns at least one finding, raises nothing on purpose, leaves nothing behind, and is called outside
    every transaction.
    """

    name: str
    title: str
    check: Check
    daily: bool = False
    kind: str = ""  # of its incidents; "" is its name

    @property
    def incident_kind(self) -> str:
        """The kind of the incidents that it opens and resolves."""
        return self.kind or self.name


@dataclass(frozen=True)
class Reading:
    """A probe's answer as a whole: the worst state and its words; every finding that is not ok."""

    probe: Probe
    findings: tuple[Finding, ...]
    duration_ms: int

    @property
    def worst(self) -> Finding:
        """The finding that counts."""
        return min(self.findings, key=lambda each: WORST_FIRST.index(each.state))

    @property
    def state(self) -> State:
        """The worst state."""
        return self.worst.state

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What is bad."""
        return tuple(each for each in self.findings if each.state == "bad")

    @property
    def subjects(self) -> list[str]:
        """What it found fault with, sorted."""
        return sorted({each.subject for each in self.findings if each.state in ("bad", "warn")})
