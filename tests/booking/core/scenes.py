"""Scenes for the properties: random hosts, hours and bookings around the days on which clocks change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from hypothesis import strategies as st

from booking.core.hours import Away, HostHours, Span, week
from booking.core.intervals import Interval
from booking.core.limits import Limited, Used, checked_limits, intervals_to_count
from booking.core.policy import EventRules
from booking.core.slots import Busy, SlotRequest
from tests.booking.core.oracle import BEAT, Event, Host, Limits, Meetings, Spans, Walked

CHANGES = {
    "Europe/Lisbon": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),  # half an hour
    "America/Sao_Paulo": (date(2018, 11, 4), date(2018, 2, 18)),  # at midnight
    "Africa/Cairo": (date(2026, 4, 24), date(2026, 10, 30)),  # at midnight
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 25)),  # at midnight
    "Atlantic/Azores": (date(2026, 3, 29), date(2026, 10, 25)),  # to and from midnight
    "America/Nuuk": (date(2026, 3, 28), date(2026, 10, 24)),  # on the eve
    "Africa/Casablanca": (date(2026, 2, 15), date(2026, 3, 22)),  # for Ramadan
    "Pacific/Apia": (date(2011, 12, 30), date(2011, 12, 31)),  # a date that never was
    "Asia/Kathmandu": (date(2026, 5, 5), date(2026, 5, 6)),  # no change; 45 minutes off
}


@dataclass(frozen=True)
class Scene:
    """One question, in the words of the oracle and in those of the core."""

    hosts: tuple[Host, ...]
    event: Event
    needed: Literal["any", "all"]
    first: int
    last: int
    now: int

    @property
    def request(self) -> SlotRequest:
        """The question as the core takes it."""
        return SlotRequest(
            rules=EventRules(
                duration_seconds=self.event.duration * 60,
                interval_seconds=self.event.interval * 60,
                buffer_before_seconds=self.event.before * 60,
                buffer_after_seconds=self.event.after * 60,
                minimum_notice_seconds=self.event.notice * 60,
                window_days=self.event.window_days,
                offset_seconds=self.event.offset * 60,
                window_dates=self.event.window_dates,
            ),
            zone=self.event.zone,
            hosts=tuple(host_hours(host) for host in self.hosts),
            hosts_needed=self.needed,
            busy={host.host_id: Busy(host.own, host.calendar, host.stale) for host in self.hosts},
            limited=self.limited(self.event.limits, self.event.meetings),
            host_limits={host.host_id: self.limited(host.limits, host.meetings) for host in self.hosts},
        )

    def limited(self, limits: Limits, meetings: Meetings) -> Limited:
        """Limits as the core takes them: with what is used of the periods that it asks for, counted one by one."""
        checked = checked_limits(limits)
        asked = intervals_to_count(checked, between=(self.first, self.last), zone=self.event.zone)
        return Limited(checked, {each: _used(meetings, each) for each in asked})

    def walked(self) -> list[Walked]:
        """The hosts as the oracle sees them."""
        return [Walked(host, self.first, self.last) for host in self.hosts]

    def beats(self) -> range:
        """Every start that could be in question."""
        return range(self.first, self.last, BEAT)


def _used(meetings: Meetings, period: Interval) -> Used:
    there = [minutes for start, minutes in meetings if period[0] <= start < period[1]]
    return Used(len(there), sum(there))


def host_hours(host: Host) -> HostHours:
    """The same host in the core's words."""
    rows = [(weekday, *span) for weekday, spans in host.weekly.items() for span in spans]
    overrides = {day: tuple(Span(*span) for span in spans) for day, spans in host.overrides.items()}
    away = tuple(Away(first, last, Span(*part) if part else None) for first, last, part in host.away)
    return HostHours(host.host_id, host.zone, week(rows), overrides, away)


def minutes(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole beats, in minutes."""
    return st.integers(low // 5, high // 5).map(lambda beats: beats * 5)


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    """Up to three spans of one date; they may overlap, touch, hide in a gap, or run past midnight."""
    drawn = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 0]))):
        start = draw(st.one_of(st.sampled_from([0, 60, 120, 540, 1320]), minutes(0, 1435)))
        length = draw(
            st.one_of(st.sampled_from([1440, 1440, 600, 60, 15]), minutes(480, 1440), minutes(5, 480))
        )
        drawn.append((start, min(start + length, 2880)))
    return tuple(drawn)


@st.composite
def away(draw: st.DrawFn, day: date) -> tuple[date, date, tuple[int, int] | None]:
    """Out of office near `day`, all day or for a part of each date, past midnight too."""
    first = day + timedelta(days=draw(st.integers(-3, 2)))
    last = first + timedelta(days=draw(st.integers(0, 3)))
    part = draw(st.one_of(st.none(), st.tuples(minutes(0, 1435), minutes(5, 900))))
    return first, last, part and (part[0], part[0] + part[1])


limits = st.lists(
    st.tuples(
        st.sampled_from(["day", "week", "month", "year"]),
        st.sampled_from(
            [("meetings", 1), ("meetings", 2), ("minutes", 30), ("minutes", 90), ("minutes", 400)]
        ),
    ).map(lambda drawn: (drawn[0], *drawn[1])),
    max_size=2,
    unique_by=lambda limit: limit[:2],
).map(tuple)


@st.composite
def meetings(draw: st.DrawFn, midnight: int) -> Meetings:
    """Live meetings in the weeks around a midnight, most of them within a day of it."""
    starts = st.one_of(minutes(-1440, 2880), minutes(-40 * 1440, 40 * 1440))
    drawn = draw(st.lists(st.tuples(starts, minutes(5, 120)), max_size=3))
    return tuple((midnight + start * 60, length) for start, length in drawn)


@st.composite
def hosts(draw: st.DrawFn, host_id: int, zone: str, day: date) -> Host:
    """A host with hours, overrides near `day`, and things in the way."""
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    busy = st.lists(
        st.tuples(minutes(-1440, 2880), minutes(0, 120)).map(
            lambda drawn: (midnight + drawn[0] * 60, midnight + (drawn[0] + drawn[1]) * 60)
        ),
        max_size=3,
    ).map(tuple)
    weekly: Mapping[int, Spans] = {weekday: draw(spans()) for weekday in range(7)}
    overridden = draw(st.lists(st.integers(-1, 1), max_size=2, unique=True))
    overrides = {day + timedelta(days=away): draw(spans()) for away in overridden}
    return Host(
        host_id, zone, weekly, overrides, draw(busy), draw(busy), stale=draw(st.integers(0, 15)) == 7,
        away=tuple(draw(st.lists(away(day), max_size=draw(st.sampled_from([0, 1, 2]))))),
        limits=draw(st.one_of(st.just(()), limits)), meetings=draw(meetings(midnight)),
    )  # fmt: skip


@st.composite
def scenes(draw: st.DrawFn, zone: str | None = None, day: date | None = None) -> Scene:
    """One to three hosts, in one zone or several, around a day on which a clock changes."""
    zone = zone or draw(st.sampled_from(sorted(CHANGES)))
    day = day or draw(st.sampled_from(CHANGES[zone]))
    zones = [zone, *draw(st.lists(st.sampled_from([zone, "Europe/Lisbon", "America/New_York"]), max_size=2))]
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    interval = draw(st.sampled_from([15, 30, 60, 50, 5, 180]))
    fixed = st.tuples(st.integers(-2, 1), st.integers(0, 2)).map(
        lambda drawn: (day + timedelta(days=drawn[0]), day + timedelta(days=sum(drawn)))
    )
    event = Event(
        duration=draw(st.sampled_from([15, 30, 60, 50, 5, 90, 300])),
        interval=interval,
        offset=draw(st.one_of(st.just(0), minutes(0, interval - 5))),
        window_dates=draw(st.one_of(st.none(), st.none(), fixed)),
        limits=draw(st.one_of(st.just(()), limits)),
        meetings=draw(meetings(midnight)),
        before=draw(st.sampled_from([0, 5, 30])),
        after=draw(st.sampled_from([0, 10, 45])),
        notice=draw(st.sampled_from([0, 0, 0, 60, 1440])),
        window_days=draw(st.sampled_from([60, 60, 60, 2, 1, 0])),
        zone=draw(st.sampled_from(zones)),
    )
    first = midnight + draw(minutes(-1440, 720)) * 60
    return Scene(
        hosts=tuple(draw(hosts(n + 1, zones[n], day)) for n in range(len(zones))),
        event=event,
        needed=draw(st.sampled_from(["any", "all"])),
        first=first,
        last=first + draw(st.sampled_from([2160, 1440, 600])) * 60,
        now=midnight + draw(st.one_of(st.just(-1440), st.just(-1440), minutes(-4320, 1440))) * 60,
    )
