"""The slow oracle: answers about slots by walking through time beat by beat, sharing no code with the
core.

A beat is five minutes, or one where `every_zone` asks; every number in these tests, and every change of clocks of
our days, is a multiple of it. The oracle knows no intervals: it reads the wall clock at every beat, and asks of
every beat of a meeting whether it is open and whether it is busy. Believe it by reading it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTES_A_BEAT = 5
BEAT = MINUTES_A_BEAT * 60
MARGIN_DAYS = 4  # on both sides: hours may last two, and the first day walked is left out
Spans = tuple[tuple[int, int], ...]
Limits = tuple[tuple[str, str, int], ...]  # (period, unit, most)
Meetings = tuple[tuple[int, int], ...]  # (start, minutes) of live meetings
Away = tuple[date, date, tuple[int, int] | None]


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
    away: tuple[Away, ...] = ()
    limits: Limits = ()
    meetings: Meetings = ()


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
    offset: int = 0
    window_dates: tuple[date, date] | None = None
    limits: Limits = ()
    meetings: Meetings = ()


@lru_cache(maxsize=64)
def walls(zone: str, begin: int, count: int, beat: int) -> list[datetime]:
    """What the wall clock shows at each beat."""
    return [
        datetime.fromtimestamp(begin + n * beat, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        for n in range(count)
    ]


@lru_cache(maxsize=1 << 14)
def first_beat(zone: str, begin: int, count: int, beat: int, wanted: datetime) -> int:
    """The first beat at which the wall clock shows that time, or a later one."""
    return next(n for n, wall in enumerate(walls(zone, begin, count, beat)) if wall >= wanted)


class Walked:
    """One host walked through once, from `first` to `last` (seconds): open beats, openings, and beats away."""

    def __init__(
        self, host: Host, first: int, last: int, *, beat: int = BEAT, days: int = MARGIN_DAYS
    ) -> None:
        self.host, self.beat = host, beat
        self.begin = first - days * 86400
        self.count = (last - first) // beat + 2 * days * 86400 // beat
        self.open, self.openings = self.walk(host.overrides)
        self.usual = self.walk({})[0] if host.overrides else self.open
        self.away = self.walk_away()
        self.since = self.walk_since()

    def walk(self, overrides: Mapping[date, Spans]) -> tuple[set[int], set[int]]:
        """Every open beat, and every beat at which hours open."""
        opened: set[int] = set()
        openings: set[int] = set()
        for day in self.days():
            for span in overrides.get(day, self.host.weekly.get(day.weekday(), ())):
                beats = self.beats(day, span)
                opened.update(beats)
                openings.update(beats[:1])
        return opened, openings

    def walk_since(self) -> dict[int, int]:
        """For every open beat, how many beats ago its hours opened; opening anew starts afresh."""
        since: dict[int, int] = {}
        for beat in range(self.count):
            if beat in self.openings:
                since[beat] = 0
            elif beat in self.open and beat - 1 in since:
                since[beat] = since[beat - 1] + 1
        return since

    def walk_away(self) -> set[int]:
        """Every beat out of office: all of the date, or a part of it."""
        away: set[int] = set()
        for first, last, part in self.host.away:
            for day in self.days():
                if first <= day <= last:
                    away.update(self.beats(day, part or (0, 1440)))
        return away

    def days(self) -> list[date]:
        """The dates walked through."""
        seen = walls(self.host.zone, self.begin, self.count, self.beat)
        first, last = seen[0].date() + timedelta(days=1), seen[-1].date() - timedelta(days=2)
        return [first + timedelta(days=n) for n in range((last - first).days)]

    def beats(self, day: date, span: tuple[int, int]) -> range:
        """The beats between two times of a date."""
        midnight = datetime.combine(day, time())
        start, end = (
            first_beat(
                self.host.zone, self.begin, self.count, self.beat, midnight + timedelta(minutes=minute)
            )
            for minute in span
        )
        return range(start, end)

    def at(self, second: int) -> int:
        """The number of the beat at that second."""
        return (second - self.begin) // self.beat

    def reason(self, second: int, event: Event) -> str | None:
        """Why this host takes no meeting at this second, or None; the grid aside."""
        meeting = range(second, second + event.duration * 60, self.beat)
        before = range(second - event.before * 60, second, self.beat)
        after = range(meeting[-1] + self.beat, meeting[-1] + self.beat + event.after * 60, self.beat)
        around = [*before, *after]
        if not all(self.at(beat) in self.open for beat in meeting):
            return (
                "date_override" if all(self.at(beat) in self.usual for beat in meeting) else "outside_hours"
            )
        if any(self.at(beat) in self.away for beat in meeting):
            return "out_of_office"
        if is_full(second, self.host.limits, self.host.meetings, event):
            return "limit_reached"
        if any(is_within(beat, self.host.own) for beat in meeting):
            return "host_busy"
        if any(is_within(beat, self.host.own) for beat in around):
            return "buffer"
        if self.host.stale:
            return "calendar_stale"
        if any(is_within(beat, self.host.calendar) for beat in [*around, *meeting]):
            return "calendar_busy"
        return None


def is_full(second: int, limits: Limits, meetings: Meetings, event: Event) -> bool:
    """Would one more meeting at this second be more than a limit of its day, week, month or year allows?"""
    for period, unit, most in limits:
        there = [
            length
            for start, length in meetings
            if label(start, period, event) == label(second, period, event)
        ]
        total = len(there) + 1 if unit == "meetings" else sum(there) + event.duration
        if total > most:
            return True
    return False


def label(second: int, period: str, event: Event) -> tuple[int, ...]:
    """What people of the business call the day, week, month or year of that second."""
    day = datetime.fromtimestamp(second, ZoneInfo(event.zone)).date()
    names = {
        "day": (day.year, day.month, day.day),
        "week": day.isocalendar()[:2],  # from Monday
        "month": (day.year, day.month),
        "year": (day.year,),
    }
    return names[period]


def is_within(second: int, busy: Iterable[tuple[int, int]]) -> bool:
    """Does this beat lie in a busy time?"""
    return any(start <= second < end for start, end in busy)


def is_on_grid(hosts: list[Walked], second: int, event: Event) -> bool:
    """Are all open, and is it whole intervals, and the offset, since the last of them opened?"""
    waits = [walked.since.get(walked.at(second)) for walked in hosts]
    if None in waits:
        return False
    steps = min(wait for wait in waits if wait is not None)
    return (steps * hosts[0].beat - event.offset * 60) % (event.interval * 60) == 0


def policy_reason(second: int, event: Event, now: int) -> str | None:
    """Notice, then the booking window by local dates, then the limits of the event type."""
    if second - now < event.notice * 60:
        return "notice_too_short"
    zone = ZoneInfo(event.zone)
    here, there = datetime.fromtimestamp(now, zone).date(), datetime.fromtimestamp(second, zone).date()
    if event.window_dates and not event.window_dates[0] <= there <= event.window_dates[1]:
        return "outside_window"
    if not event.window_dates and (there - here).days > event.window_days:
        return "outside_window"
    return "limit_reached" if is_full(second, event.limits, event.meetings, event) else None


def open_for_any(hosts: list[Walked], event: Event, *, second: int, now: int) -> tuple[int, ...]:
    """The hosts who take a meeting at this second, each on the grid of their own hours."""
    if policy_reason(second, event, now):
        return ()
    return tuple(
        walked.host.host_id
        for walked in hosts
        if walked.reason(second, event) is None and is_on_grid([walked], second, event)
    )


def open_for_all(hosts: list[Walked], event: Event, *, second: int, now: int) -> tuple[int, ...]:
    """Every host or nobody, on the grid of the time at which all of them are open."""
    if policy_reason(second, event, now) or any(walked.reason(second, event) for walked in hosts):
        return ()
    return tuple(w.host.host_id for w in hosts) if hosts and is_on_grid(hosts, second, event) else ()
