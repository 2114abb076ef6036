"""Every rule as the set of starts that it withholds: policy, limits, hours, absence, own bookings, calendars, seats.

Used by `slots` only. To add a rule, add a line to `_member` or `policy_for`: the list, the check and the
explanation follow.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from booking.core.hours import HostHours, Week, away_time, open_windows, overrides_within
from booking.core.intervals import (
    ALWAYS,
    DAWN,
    Interval,
    Intervals,
    complement,
    contains,
    intersect,
    intersect_all,
    merge,
    subtract,
    widen,
)
from booking.core.limits import UNLIMITED, Limited, full_periods
from booking.core.policy import EventRules, booking_window, first_allowed, grid_starts
from booking.core.request import FREE, Busy, OpenStart, Rooms, Session, SlotRequest, Withheld
from kernel.reasons import Reason

Refusals = tuple[tuple[Reason, list[Interval]], ...]
"""Rules as the starts that they withhold, the most lasting obstacle first, as they are told."""


@dataclass(frozen=True, slots=True)
class Member:
    """One host: the windows that carry the grid, the windows before overrides, and what withholds starts.

    What a meeting needs beside hosts is a member without a `host_id`, open at all hours.
    """

    host_id: int | None
    windows: list[Interval]
    usual_windows: list[Interval]
    refusals: Refusals


@dataclass(frozen=True, slots=True)
class Team:
    """Hosts who take a meeting together, one for "any", all for "all"; `free` starts suit each of them."""

    members: tuple[Member, ...]
    host_ids: tuple[int, ...]
    windows: list[Interval]
    free: list[Interval]

    def explained(self, between: Interval, rules: EventRules) -> Iterator[int]:
        """Grid starts of `between` inside the hours, and inside weekly hours that an override replaced."""
        grid = {"interval": rules.interval_seconds, "offset": rules.offset_seconds}
        fitting = intersect_all([_fitting(member.windows, rules.duration_seconds) for member in self.members])
        yield from grid_starts(self.windows, intersect([between], fitting), **grid)
        if any(member.windows is not member.usual_windows for member in self.members):
            usual = intersect_all(
                [_fitting(member.usual_windows, rules.duration_seconds) for member in self.members]
            )
            windows = intersect_all([member.usual_windows for member in self.members])
            replaced = subtract(intersect([between], usual), fitting)
            yield from grid_starts(windows, replaced, **grid)


def policy_for(request: SlotRequest, between: Interval, now: int) -> Refusals:
    """What withholds starts of `between` whoever is asked: notice, booking window, limits of the event type."""
    rules, zone = request.rules, request.zone
    return (
        (Reason.NOTICE_TOO_SHORT, [(DAWN, first_allowed(rules, now=now))]),
        (Reason.OUTSIDE_WINDOW, complement(merge([booking_window(rules, zone=zone, now=now)]))),
        (Reason.LIMIT_REACHED, _full(request.limited, request, between)),
    )


def allowed_by(policy: Refusals, between: Interval) -> list[Interval]:
    """The seconds of `between` that no policy withholds."""
    return subtract([between], merge(chain.from_iterable(starts for _, starts in policy)))


def teams_for(request: SlotRequest, between: Interval) -> list[Team]:
    """The teams that could take a meeting, in the order of `request.hosts`."""
    members = [_member(host, request, between) for host in request.hosts]
    groups = [tuple(members)] if request.hosts_needed == "all" else [(member,) for member in members]
    beside = _rooms(request)
    return [_team((*group, *beside), between) for group in groups if group]


def _team(members: tuple[Member, ...], between: Interval) -> Team:
    free = [between]
    for reason, starts in chain.from_iterable(member.refusals for member in members):
        if starts and reason is not Reason.HOST_BUSY:  # what it withholds, BUFFER does as well
            free = subtract(free, starts)
    windows = intersect_all([member.windows for member in members])
    hosts = tuple(member.host_id for member in members if member.host_id is not None)
    return Team(members, hosts, windows, free)


def _rooms(request: SlotRequest) -> tuple[Member, ...]:
    """The rooms and equipment as one more member, if any are needed: a start is withheld by each that it needs, and
    by those of which it needs one if all of them are taken. They have no hours and no calendars."""
    rooms, rules = request.rooms, request.rules
    if not rooms.all_of and not rooms.one_of:
        return ()
    needed = [merge(busy) for busy in rooms.all_of.values()]
    choice = [merge(busy) for busy in rooms.one_of.values()]
    busy = _withheld_by_rooms(
        [_touching(each, rules) for each in needed], [_touching(each, rules) for each in choice]
    )
    near = _withheld_by_rooms(
        [_overlapping(each, rules) for each in needed], [_overlapping(each, rules) for each in choice]
    )
    open_always = [ALWAYS]
    refusals: Refusals = (
        (Reason.OUTSIDE_HOURS, []),
        (Reason.DATE_OVERRIDE, []),
        (Reason.OUT_OF_OFFICE, []),
        (Reason.LIMIT_REACHED, []),  # as many lines as a host has: what is told is the lasting one
        (Reason.HOST_BUSY, busy),
        (Reason.BUFFER, near),
    )
    return (Member(None, open_always, open_always, refusals),)


def _withheld_by_rooms(needed: Sequence[list[Interval]], choice: Sequence[list[Interval]]) -> list[Interval]:
    return merge([*chain.from_iterable(needed), *(intersect_all(choice) if choice else ())])


def rooms_free_at(request: SlotRequest) -> Callable[[int], tuple[int, ...]]:
    """Return who answers which of the rooms that a meeting needs one of are free at a start, in their order."""
    if not request.rooms.one_of:
        return lambda _: ()
    taken = {room: _overlapping(merge(busy), request.rules) for room, busy in request.rooms.one_of.items()}
    return lambda start: tuple(room for room, starts in taken.items() if not contains(starts, start))


def _member(host: HostHours, request: SlotRequest, between: Interval) -> Member:
    """A host's hours and rules around `between`, as starts."""
    rules, busy = request.rules, request.busy.get(host.host_id, FREE)
    reach = (between[0], between[1] + rules.duration_seconds)
    windows, fitting, closed = usual_windows, usual, _ = _weekly_hours(
        host.zone, host.weekly, reach, rules.duration_seconds
    )
    if overrides_within(host, between=reach):
        windows = open_windows(host, between=reach)
        fitting = _fitting(windows, rules.duration_seconds)
        closed = complement(merge([*usual, *fitting]))
    near = _overlapping(busy.own, rules)
    refusals: Refusals = (
        (Reason.OUTSIDE_HOURS, closed),
        (Reason.DATE_OVERRIDE, [] if fitting is usual else subtract(usual, fitting)),
        (Reason.OUT_OF_OFFICE, _touching(away_time(host, between=reach), rules)),
        (Reason.LIMIT_REACHED, _full(request.host_limits.get(host.host_id, UNLIMITED), request, between)),
        (Reason.HOST_BUSY, _touching(busy.own, rules) if rules.has_buffers else near),
        (Reason.BUFFER, near),
        *_calendar_refusals(busy, rules),
    )
    return Member(host.host_id, windows, usual_windows, refusals)


@lru_cache(maxsize=1024)
def _weekly_hours(
    zone: str, weekly: Week, reach: Interval, duration_seconds: int
) -> tuple[list[Interval], list[Interval], list[Interval]]:
    """The windows of weekly hours, the starts that fit into them, and all others; hosts of a business are often alike.

    Kept for the next who asks: nothing in it may be changed.
    """
    windows = open_windows(HostHours(0, zone, weekly), between=reach)
    fitting = _fitting(windows, duration_seconds)
    return windows, fitting, complement(fitting)


def _calendar_refusals(busy: Busy, rules: EventRules) -> Refusals:
    return (
        (Reason.CALENDAR_STALE, [ALWAYS] if busy.stale else []),
        (Reason.CALENDAR_BUSY, _overlapping(merge(busy.calendar), rules)),
    )


def _fitting(windows: Intervals, duration_seconds: int) -> list[Interval]:
    """The starts whose meeting lies inside the time that the windows cover. Buffers may lie outside."""
    return widen(merge(windows), before=0, after=1 - duration_seconds)


def _touching(busy: Intervals, rules: EventRules) -> list[Interval]:
    """The starts whose meeting itself would overlap one of the intervals, in any order. Buffers may."""
    return widen(busy, before=rules.duration_seconds - 1, after=0)


def _full(limited: Limited, request: SlotRequest, between: Interval) -> list[Interval]:
    """The starts in periods that take no more meetings."""
    if not limited.limits:
        return []
    minutes = request.rules.duration_seconds // 60
    return full_periods(limited, minutes=minutes, between=between, zone=request.zone)


def _overlapping(busy: Intervals, rules: EventRules) -> list[Interval]:
    """The starts whose blocked range, buffers included, would overlap a busy interval. These come in any order."""
    after = rules.duration_seconds + rules.buffer_after_seconds
    return widen(busy, before=after - 1, after=rules.buffer_before_seconds)


def sessions_within(request: SlotRequest, between: Interval, policy: Refusals) -> list[OpenStart | Withheld]:
    """Each session that starts in `between`, open to join or withheld. Its time is its own already, and it is
    counted already: only notice, window, seats and the calendars of its hosts can withhold it."""
    policy = tuple(rule for rule in policy if rule[0] != Reason.LIMIT_REACHED)
    sessions = [
        (start, request.sessions[start]) for start in request.sessions if between[0] <= start < between[1]
    ]
    calendars = {
        host_id: _calendar_refusals(request.busy.get(host_id, FREE), request.rules)
        for _, session in sessions
        for host_id in session.host_ids
    }
    return [_session(start, session, calendars, policy, request.rooms) for start, session in sessions]


def _session(
    start: int, session: Session, calendars: Mapping[int, Refusals], policy: Refusals, rooms: Rooms
) -> OpenStart | Withheld:
    if reason := _first(policy, start):
        return Withheld(start, reason)
    if session.seats_left <= 0:
        return Withheld(start, Reason.SEATS_FULL)
    for host_id in session.host_ids:
        if reason := _first(calendars[host_id], start):
            return Withheld(start, reason, host_id)
    # the rooms are its own already; named for who finds the session gone, and opens it anew: the guard tries them
    return OpenStart(start, session.host_ids, session.seats_left, tuple(rooms.all_of), tuple(rooms.one_of))


def refusal(start: int, teams: Sequence[Team], policy: Refusals) -> Withheld:
    """Why nobody takes this start: policy first; then the rule of the team that came nearest to taking it,
    which is the rule of that team's member who is furthest from it; of teams alike, one that lacks nothing but a
    room. Outside hours without a host: nothing but the grid."""
    if reason := _first(policy, start):
        return Withheld(start, reason)
    off_grid = (0, Withheld(start, Reason.OUTSIDE_HOURS))
    verdicts = []
    for team in teams:
        refused = [
            (rank, Withheld(start, reason, member.host_id))
            for member in team.members
            for rank, (reason, starts) in enumerate(member.refusals)
            if contains(starts, start)
        ]
        verdicts.append(min(refused, key=_rank, default=off_grid))
    return max(verdicts, key=_nearness, default=off_grid)[1]


def _rank(verdict: tuple[int, Withheld]) -> int:
    return verdict[0]


def _nearness(verdict: tuple[int, Withheld]) -> tuple[int, bool]:
    rank, withheld = verdict
    return rank, rank > 0 and withheld.host_id is None


def _first(refusals: Refusals, start: int) -> Reason | None:
    """The first rule that withholds this start, if one does."""
    return next((reason for reason, starts in refusals if contains(starts, start)), None)
