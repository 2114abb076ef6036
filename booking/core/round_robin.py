"""Whose turn it is: priority tiers first, then weighted fairness, then whoever was booked longest ago."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class HostLoad:
    """What one host has had of a meeting type lately. The lowest `priority` is asked first; `weight` >= 1 is the
    share among hosts of one priority; `last_booked` is an instant in any unit, None for never."""

    host_id: int
    priority: int
    weight: int
    booked: int
    last_booked: int | None


def choice_order(loads: Iterable[HostLoad]) -> tuple[int, ...]:
    """Return the ids of the hosts, the one whose turn it is first; equals keep the order in which they come.

    Within a priority the host with the smallest booked / weight is next, so that over time each gets the share
    that its weight says; a tie goes to who was booked longest ago, or never.
    """
    return tuple(load.host_id for load in sorted(loads, key=_turn))


def _turn(load: HostLoad) -> tuple[int, Fraction, int, int]:
    never = load.last_booked is None
    return load.priority, Fraction(load.booked, load.weight), 0 if never else 1, load.last_booked or 0
