"""Which starts are open, for whom, and why the others are not: one function lists them and answers for one.

Everything is asked in the space of *starts*. A rule becomes the set of seconds at which a meeting may not
start: a busy time withholds the starts whose meeting, with its buffers, would overlap it; the hours
withhold the starts whose meeting would not lie inside them; a limit withholds the periods that are full.
A start is open if no rule withholds it and it lies on the grid; its reason, if withheld, is the first rule
that holds it. So the list, the single question and the explanation are one algebra and cannot disagree.
Seconds since the epoch, UTC, half-open. O(windows + busy + slots) per host.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from operator import attrgetter

from booking.core.intervals import Interval, intersect
from booking.core.policy import grid_starts
from booking.core.refusals import allowed_by, policy_for, refusal, rooms_free_at, sessions_within, teams_for
from booking.core.request import FREE, Busy, OpenStart, Rooms, Session, SlotRequest, Starts, Withheld

__all__ = [
    "FREE",
    "Busy",
    "OpenStart",
    "Rooms",
    "Session",
    "SlotRequest",
    "Starts",
    "Withheld",
    "check_start",
    "nearest",
    "open_slots",
]


def open_slots(request: SlotRequest, *, between: Interval, now: int, explain: bool = False) -> Starts:
    """The open starts in `between`; with `explain`, also each start on the grid of the hours (or of the
    weekly hours that an override replaced) that is withheld, with its reason. Raises `UnknownZone`."""
    policy = policy_for(request, between, now)
    teams = teams_for(request, between)
    askable = allowed_by(policy, between)
    interval, offset = request.rules.interval_seconds, request.rules.offset_seconds
    alike: dict[tuple[tuple[Interval, ...], tuple[Interval, ...]], int] = {}
    bits = [alike.setdefault((tuple(team.windows), tuple(team.free)), 1 << len(alike)) for team in teams]
    free_at: dict[int, int] = {}  # by start: the bits of those who are free, who are many and mostly alike
    for (windows, free), bit in alike.items():
        starts = grid_starts(windows, intersect(free, askable), interval=interval, offset=offset)
        if not free_at:
            free_at = dict.fromkeys(starts, bit)
            continue
        for start in starts:
            free_at[start] = free_at.get(start, 0) | bit

    @cache
    def hosts_of(free: int) -> tuple[int, ...]:
        return tuple(
            chain.from_iterable(team.host_ids for team, bit in zip(teams, bits, strict=True) if bit & free)
        )

    needed, rooms_free, capacity = tuple(request.rooms.all_of), rooms_free_at(request), request.capacity
    opened = [
        OpenStart(start, hosts_of(free), capacity, needed, rooms_free(start))
        for start, free in sorted(free_at.items())
        if start not in request.sessions
    ]
    joined = sessions_within(request, between, policy)
    if to_join := [item for item in joined if isinstance(item, OpenStart)]:
        opened = sorted([*opened, *to_join], key=_start)
    withheld = [item for item in joined if isinstance(item, Withheld)]
    if explain:
        on_grid = {start for team in teams for start in team.explained(between, request.rules)}
        on_grid -= request.sessions.keys() | {item.start for item in opened}
        withheld += [refusal(start, teams, policy) for start in on_grid]
    withheld.sort(key=_start)
    return Starts(tuple(opened), tuple(withheld) if explain else ())


_start = attrgetter("start")


def check_start(request: SlotRequest, *, start: int, now: int) -> OpenStart | Withheld:
    """Is this start open? The answer of `open_slots` on an interval of one second, so the two cannot
    differ; a start that the list would not even mention is withheld with the rule it breaks, or as outside
    the hours' grid."""
    between = (start, start + 1)
    answer = open_slots(request, between=between, now=now, explain=True)
    told: tuple[OpenStart | Withheld, ...] = (*answer.open, *answer.withheld)
    if told:
        return told[0]
    return refusal(start, teams_for(request, between), policy_for(request, between, now))


def nearest(starts: Sequence[OpenStart], *, to: int, limit: int) -> tuple[OpenStart, ...]:
    """The open starts closest to a wanted one, ascending: what to offer to someone who was refused."""
    closest = sorted(starts, key=lambda item: (abs(item.start - to), item.start))[:limit]
    return tuple(sorted(closest, key=lambda item: item.start))
