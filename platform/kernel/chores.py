"""What the clock does for every business now and then: apps register a chore with a question that costs little.

All questions go to a business in one statement, and only what is answered with yes is done: a thousand quiet businesses
cost a thousand short statements in a round, whatever the number of chores. A question may be answered yes too often,
never no while there is something to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Chore:
    """`question`: a SELECT of one boolean, which every tenant's schema can answer. `do` is called there with now.

    `between_rounds_seconds`: so often also between two rounds, where the last round's answer was yes.
    """

    name: str
    question: str
    do: Callable[[datetime], object]
    between_rounds_seconds: float | None = None


_chores: dict[str, Chore] = {}


def register_chore(
    name: str,
    question: str,
    do: Callable[[datetime], object],
    *,
    between_rounds_seconds: float | None = None,
) -> None:
    """Add a chore; it is done in the order of registration."""
    _chores[name] = Chore(name, question, do, between_rounds_seconds)


def chores() -> list[Chore]:
    """Return every chore, in the order of registration."""
    return list(_chores.values())


def chores_due() -> list[Chore]:
    """Return the chores that the current tenant has something for. One statement."""
    known = chores()
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"({chore.question})" for chore in known))
        answers = cursor.fetchone() or ()
    return [chore for chore, answer in zip(known, answers, strict=True) if answer]
