"""The cells of the matrix: provider x saga x step x fault, once or for as long as anybody asks."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.provider_matrix.faults import ONLY_LASTING
from tests.faults.provider_matrix.sides import SIDES, Steps

WORKFLOWS = {"booking": "new_booking", "move": "new_booking", "cancellation": "cancellation"}
REQUIRED = ("check_calendars", "create_meeting", "verify_link")  # without them nothing is confirmed


@dataclass(frozen=True)
class Cell:
    """This fault of a provider when this step of a saga asks it."""

    provider: str
    saga: str
    step: str
    fault: str
    lasts: bool

    def __str__(self) -> str:
        how = "lasting" if self.lasts else "once"
        return f"{self.provider:16} {self.saga:12} {self.step:21} {self.fault:11} {how:7}"

    @property
    def point(self) -> str:
        """The step as the runner names it."""
        return f"{WORKFLOWS[self.saga]}:{self.step}"

    @property
    def promised(self) -> tuple[str, ...]:
        """What may come of it. A fault that passes is outlived; one that lasts lets nothing be confirmed that needs
        the provider, and elsewhere somebody is told, who need not act where it is mended by itself."""
        if not self.lasts:
            return ("retried",)
        if self.step in REQUIRED:
            return ("fails closed", *_OUTLIVED.get(self.fault, ()))
        return ("healed", "told", *_OUTLIVED.get(self.fault, ()))


_OUTLIVED = dict.fromkeys(("slow", "answer lost"), ("retried",))  # the next try may find what was done


def cells() -> list[Cell]:
    """Return the whole matrix."""
    return list(_cells())


def _cells() -> Iterator[Cell]:
    for side in SIDES:
        for saga, step in _steps(side.steps):
            for fault in side.faults:
                for lasts in (False, True):
                    if lasts or fault not in ONLY_LASTING:
                        yield Cell(side.name, saga, step, fault, lasts)


def _steps(steps: Steps) -> Iterator[tuple[str, str]]:
    return ((saga, step) for saga, names in steps.items() for step in names)
