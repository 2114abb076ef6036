"""What a repair is: it finds what is broken, and names the actions that mend one thing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


def is_one_thing(subject: str) -> bool:
    """Say whether an incident's subject names what is broken; the others ("webhooks", "parked") mean all there is."""
    return subject.startswith(("meeting:", "calendar:", "health:"))


@dataclass(frozen=True)
class Search:
    """When and where to look. `subject` narrows to one thing ("meeting:<uid>"), None looks at all.

    `eager`: an incident or a person asks, so what broke a moment ago counts too.
    """

    now: datetime
    subject: str | None = None
    eager: bool = False

    def since(self, patience: timedelta) -> datetime:
        """Return the instant before which something must have gone wrong to count: others may still be at it."""
        return self.now if self.eager else self.now - patience


@dataclass(frozen=True)
class Broken:
    """One thing that is broken. `subject` is the ledger's, `thing` tells it from others of that subject.

    `words` say what is broken; they may name people and stay out of the ledger. `ids` go to the actions. `because`
    says why the fixer leaves it to a person; "": it can be repaired.
    """

    subject: str
    thing: str
    words: str
    ids: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""


@dataclass(frozen=True)
class Repair:
    """A fault that has a known repair. `does` is the imperative for the dry run, `did` the past for What ran.

    `actions` name the steps of the fixer's workflow; `every` is how many passes lie between two looks of its own
    (1: each pass; 0: only when an incident asks, because its own probe looks).
    """

    name: str
    does: str
    did: str
    find: Callable[[Search], list[Broken]]
    actions: tuple[str, ...]
    every: int = 1
