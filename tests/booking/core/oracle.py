"""The slow oracle: answers about slots by walking through time beat by beat, sharing no code with the
core.

A beat is five minutes; every number in these tests, and every change of clocks of our days, is a multiple
of it. The oracle knows no intervals: it reads the wall clock at every beat, and asks of every beat of a
meeting whether it is open and whether it is busy. Believe it by reading it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_BEAT = 5
BEAT = MINUTES_A_BEAT * 60
MARGIN = 4 * 24 * 12  # four days on both sides: hours may last two, and the first day walked is left out
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Host:
    """Plain facts about one host; busy times are (start, end) in epoch seconds."""

    host_id: int
    zone: str
    weekly: Mapping[int, Spans]
    overrides: Mapping[date, Spans]
    own: tuple[tuple[int, int], ...] = ()
    calendar: tuple[tuple[int, int], ...] = ()
    stale: bool = False


@dataclass(frozen=True)
class Event:
    """Plain facts about the event type, in minutes and days."""

    duration: int
    interval: int
    before: int
    after: int
    notice: int
    window_days: int
    zone: str


@lru_cache
def walls(zone: str, begin: int, count: int) -> list[datetime]:
    """What the wall clock shows at each beat."""
    return [
        datetime.fromtimestamp(begin + n * BEAT, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        for n in range(count)
    ]


@lru_cache
def first_beat(zone: str, begin: int, count: int, wanted: datetime) -> int:
    """The first beat at which the wall clock shows that time, or a later one."""
    return next(n for n, wall in enumerate(walls(zone, begin, count)) if wall >= wanted)


class Walked:
    """One host walked through once, from `first` to `last` (seconds): the open beats, and the openings."""

    def __init__(self, host: Host, first: int, last: int) -> None:
        self.host = host
        self.begin = first - MARGIN * BEAT
        self.count = (last - first) // BEAT + 2 * MARGIN
        self.open, self.openings = self.walk(host.overrides)
        self.usual, _ = self.walk({})

    def walk(self, overrides: Mapping[date, Spans]) -> tuple[set[int], set[int]]:
        """Every open beat, and every beat at which hours open."""
        opened: set[int] = set()
        openings: set[int] = set()
        seen = walls(self.host.zone, self.begin, self.count)
        day = seen[0].date() + timedelta(days=1)
        while day < seen[-1].date() - timedelta(days=2):
            for start, end in overrides.get(day, self.host.weekly.get(day.weekday(), ())):
                midnight = datetime.combine(day, time())
                beats = range(
                    first_beat(self.host.zone, self.begin, self.count, midnight + timedelta(minutes=start)),
                    first_beat(self.host.zone, self.begin, self.count, midnight + timedelta(minutes=end)),
                )
                opened.update(beats)
                openings.update(beats[:1])
            day += timedelta(days=1)
        return opened, openings

    def at(self, second: int) -> int:
        """The number of the beat at that second."""
        return (second - self.begin) // BEAT

    def reason(self, second: int, event: Event) -> str | None:
        """Why this host takes no meeting at this second, or None; the grid aside."""
        meeting = [second + n * BEAT for n in range(event.duration // MINUTES_A_BEAT)]
        before = [second - (n + 1) * BEAT for n in range(event.before // MINUTES_A_BEAT)]
        after = [meeting[-1] + (n + 1) * BEAT for n in range(event.after // MINUTES_A_BEAT)]
        if not all(self.at(beat) in self.open for beat in meeting):
            return (
                "date_override" if all(self.at(beat) in self.usual for beat in meeting) else "outside_hours"
            )
        if any(is_within(beat, self.host.own) for beat in meeting):
            return "host_busy"
        if any(is_within(beat, self.host.own) for beat in before + after):
            return "buffer"
        if self.host.stale:
            return "calendar_stale"
        if any(is_within(beat, self.host.calendar) for beat in before + meeting + after):
            return "calendar_busy"
        return None


def is_within(second: int, busy: Iterable[tuple[int, int]]) -> bool:
    """Does this beat lie in a busy time?"""
    return any(start <= second < end for start, end in busy)


def is_on_grid(hosts: list[Walked], second: int, interval: int) -> bool:
    """Walk back, while all are open, to where the last of them opened: is it whole intervals away?"""
    steps = 0
    while all(walked.at(second) - steps in walked.open for walked in hosts):
        if any(walked.at(second) - steps in walked.openings for walked in hosts):
            return steps * MINUTES_A_BEAT % interval == 0
        steps += 1
    return False


def policy_reason(second: int, event: Event, now: int) -> str | None:
    """Notice, then the booking window by local dates."""
    if second - now < event.notice * 60:
        return "notice_too_short"
    zone = ZoneInfo(event.zone)
    here, there = datetime.fromtimestamp(now, zone).date(), datetime.fromtimestamp(second, zone).date()
    return "outside_window" if (there - here).days > event.window_days else None


def open_for_any(hosts: list[Walked], event: Event, *, second: int, now: int) -> tuple[int, ...]:
    """The hosts who take a meeting at this second, each on the grid of their own hours."""
    if policy_reason(second, event, now):
        return ()
    return tuple(
        walked.host.host_id
        for walked in hosts
        if walked.reason(second, event) is None and is_on_grid([walked], second, event.interval)
    )


def open_for_all(hosts: list[Walked], event: Event, *, second: int, now: int) -> tuple[int, ...]:
    """Every host or nobody, on the grid of the time at which all of them are open."""
    if policy_reason(second, event, now) or any(walked.reason(second, event) for walked in hosts):
        return ()
    return tuple(w.host.host_id for w in hosts) if hosts and is_on_grid(hosts, second, event.interval) else ()
