"""A figure, what it should be, and what it is of the physical floor that the same run measured."""

from collections.abc import Mapping
from dataclasses import dataclass

# Where a ratio to the floor makes no sense, the figure says why in a word.
COUNT, STATE = "a count", "a state"
TABLES = "none: makes and changes tables"
WORK = "none: work, mail among it"


@dataclass(frozen=True)
class Figure:
    """One line of the table; `met` is None where nothing was promised, `floor` the ratio to the floor, or why none."""

    name: str
    value: str
    floor: str
    aim: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Floor:
    """What nothing of this kind can be faster than: a bare INSERT of pgbench, a page of Django without database.

    `_ms` is CPU, of the database or of web and database; `_wait_ms` the latency of one of eight clients (INSERT), the
    p50 of one client (page).
    """

    insert_rate: float
    insert_ms: float
    insert_wait_ms: float
    select_ms: float
    page_ms: float
    page_wait_ms: float

    def inserts(self, ms: float) -> str:
        """How many bare INSERTs so much CPU is."""
        return f"{_times(ms, self.insert_ms)} bare INSERTs"

    def insert_waits(self, *ms: float) -> str:
        """How many bare INSERTs one of eight clients waits for meanwhile, of each latency."""
        return f"{'; '.join(_times(each, self.insert_wait_ms) for each in ms)} bare INSERTs"

    def of_inserts(self, rate: float) -> str:
        """What part of the INSERTs a second this rate is."""
        return f"{rate / self.insert_rate:.1%} of the INSERTs"

    def pages(self, *ms: float) -> str:
        """How many bare pages so much CPU is."""
        return f"{'; '.join(_times(each, self.page_ms) for each in ms)} bare pages"

    def page_waits(self, *ms: float) -> str:
        """How many bare pages one client gets meanwhile, of each latency."""
        return f"{'; '.join(_times(each, self.page_wait_ms) for each in ms)} bare pages"


def floor_words(floor: Mapping[str, float]) -> str:
    """The floor of a run in words, as far as it was kept: of an older run only a part was."""
    words = {
        "insert_ms": "INSERT {:g} ms of CPU",
        "insert_rate": "{:,.0f} INSERTs a second",
        "select_ms": "SELECT {:g} ms of CPU",
        "page_ms": "bare page {:g} ms of CPU",
        "page_wait_ms": "{:g} ms of latency",
    }
    return ", ".join(said.format(floor[name]) for name, said in words.items() if name in floor)


def at_most(name: str, value: float, limit: float, unit: str, floor: str, *, aim: str = "") -> Figure:
    """A figure that should not be larger than `limit`."""
    return Figure(name, f"{value:g} {unit}".strip(), floor, aim or f"≤ {limit:g} {unit}", value <= limit)


def at_least(name: str, value: float, limit: float, unit: str, floor: str) -> Figure:
    """A figure that should not be smaller than `limit`."""
    return Figure(name, f"{value:g} {unit}", floor, f"≥ {limit:g} {unit}", value >= limit)


def exactly(name: str, value: object, wanted: object, floor: str = COUNT) -> Figure:
    """A figure that has one right value."""
    return Figure(name, str(value), floor, str(wanted), value == wanted)


def _times(value: float, floor: float) -> str:
    """Two digits are enough: neither is exact to more."""
    found = value / floor
    return f"{found:.1f}" if found < 10 else f"{found:.0f}"
