"""Limits as a form: a number of meetings and of minutes for each period. Pure: data in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking.api import PERIODS, UNITS, InvalidLimits, Limit, checked_limits

_LONGEST = 6  # digits


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A period's row: its word, and (field name, what stands in it, unit) for each unit."""

    period: str
    cells: tuple[tuple[str, str, str], ...]


def limit_rows(stored: Sequence[Sequence[Any]], typed: Mapping[str, Any] | None = None) -> list[LimitRow]:
    """Return the rows of the form: as typed, else as stored."""
    known = {(period, unit): str(most) for period, unit, most in stored}

    def value(period: str, unit: str) -> str:
        return (
            known.get((period, unit), "") if typed is None else str(typed.get(f"limit_{period}_{unit}", ""))
        )

    return [
        LimitRow(period, tuple((f"limit_{period}_{unit}", value(period, unit), unit) for unit in UNITS))
        for period in PERIODS
    ]


def read_limits(data: Mapping[str, Any]) -> tuple[Limit, ...]:
    """Return the typed limits; an empty field is none. Raises InvalidLimits."""
    found = []
    for period in PERIODS:
        for unit in UNITS:
            text = str(data.get(f"limit_{period}_{unit}", "")).strip()
            if not text:
                continue
            if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
                raise InvalidLimits(
                    f"Write the limit of {unit} a {period} as a whole number, or leave it empty."
                )
            found.append((period, unit, int(text)))
    return checked_limits(found)
