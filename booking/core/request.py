"""What is asked about slots and what is answered: the values that `slots` takes and returns.

Seconds since the epoch, UTC; intervals are half-open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from booking.core.hours import HostHours
from booking.core.intervals import Interval
from booking.core.limits import UNLIMITED, Limited
from booking.core.policy import EventRules
from kernel.reasons import Reason


@dataclass(frozen=True, slots=True)
class Busy:
    """What blocks one host: `own` are blocked ranges of occupancy with their own buffers inside;
    `calendar` is busy time of conflict calendars. In any order, overlapping or not. `stale`: a calendar
    cannot be read, so nothing is open."""

    own: Sequence[Interval] = ()
    calendar: Sequence[Interval] = ()
    stale: bool = False


FREE: Final = Busy()


@dataclass(frozen=True, slots=True)
class Session:
    """A scheduled meeting of this group event type, which takes more attendees while it has seats."""

    host_ids: tuple[int, ...]
    seats_left: int


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms and equipment that a meeting needs, by resource id, each with its own blocked ranges: each of
    `all_of`, and one of `one_of` unless that is empty. One out of use is blocked always."""

    all_of: Mapping[int, Sequence[Interval]] = field(default_factory=dict)
    one_of: Mapping[int, Sequence[Interval]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """Everything the answer depends on, but `now`.

    `zone` counts the days of the booking window and the periods of limits: `limited` is the event type's,
    `host_limits` those of its hosts. `hosts_needed`: "any" one of `hosts` (one-on-one, round
    robin), or "all" of them (collective). Group: `capacity` is the seats of a new session, `sessions`
    those already scheduled, by start: they are joined whatever hours, grid, limits and own occupancy say, and no
    second one is opened at their start. `busy` must reach at least a meeting and its buffers beyond the
    range that is asked about.
    """

    rules: EventRules
    zone: str
    hosts: tuple[HostHours, ...]
    hosts_needed: Literal["any", "all"] = "any"
    busy: Mapping[int, Busy] = field(default_factory=dict)
    capacity: int | None = None
    sessions: Mapping[int, Session] = field(default_factory=dict)
    limited: Limited = UNLIMITED
    host_limits: Mapping[int, Limited] = field(default_factory=dict)
    rooms: Rooms = field(default_factory=Rooms)


class OpenStart(NamedTuple):
    """A start that may be booked now. `host_ids`: who could take it ("any"), or all who will ("all").

    `needed` are the rooms and equipment that it takes whoever takes it, `room_ids` those of which it takes one.
    """

    start: int
    host_ids: tuple[int, ...]
    seats_left: int | None = None
    needed: tuple[int, ...] = ()
    room_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A start that may not be booked, and the reason; `host_id` if it is a matter of one host."""

    start: int
    reason: Reason
    host_id: int | None = None


@dataclass(frozen=True, slots=True)
class Starts:
    """Sorted by start. `withheld` is filled when an explanation was asked for."""

    open: tuple[OpenStart, ...]
    withheld: tuple[Withheld, ...] = ()
