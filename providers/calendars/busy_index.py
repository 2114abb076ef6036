"""When hosts are busy by their own calendars: from the index while it is young enough, else asked live."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection

from providers.calendars.asking import NetworkInsideTransaction
from providers.calendars.busy_rules import Interval
from providers.calendars.index_store import Reading, store_readings
from providers.calendars.live_reading import read_live
from providers.connected import hosts_with_conflict_calendars
from providers.models.calendars import BusyTime, Calendar, CalendarConnection

FEED_AGE = timedelta(minutes=5)
_REST_AFTER_FAILURE = timedelta(seconds=5)
_BEHIND = timedelta(days=2)  # as far as the slots of this very moment ask
_AHEAD = timedelta(days=62)
_FAR = timedelta(days=366)


@dataclass(frozen=True)
class BusyAnswer:
    """For each host with a conflict calendar either `busy` (half-open, UTC, sorted, disjoint) or `stale`.

    `stale` says in a sentence why the host's calendars cannot be read: those times are unknown, not free.
    `good_until`: when the first of these calendars has to be asked again; None where there is none.
    """

    busy: dict[int, tuple[Interval, ...]] = field(default_factory=dict)
    stale: dict[int, str] = field(default_factory=dict)
    good_until: datetime | None = field(default=None, compare=False)


def busy_times(
    host_ids: Iterable[int], *, start: datetime, end: datetime, now: datetime, max_age: timedelta | None
) -> BusyAnswer:
    """Return when the hosts are busy in [start, end) by their conflict calendars.

    A calendar whose index was read at most `max_age` before `now` (five minutes, if it is a published file) and
    covers the interval answers from it; the others are asked live, all at once, for about four seconds at most, and
    their index is replaced: 62 days, or to the end of what is asked. What starts more than a year ahead is asked live
    by itself: the time up to there is not read for it, and what cannot be read there is withheld there.
    `max_age=None` asks every calendar live. A failure makes the host stale, and for five seconds it is not asked again
    except by `max_age=None`. No query where nobody has such a calendar, two from the index; a live reading costs five
    statements more, whatever the number of hosts and connections.
    Raises NetworkInsideTransaction where it would ask inside a transaction.
    """
    (answer,) = busy_times_within(host_ids, spans=[(start, end)], now=now, max_age=max_age)
    return answer


def busy_times_within(
    host_ids: Iterable[int], *, spans: Sequence[Interval], now: datetime, max_age: timedelta | None
) -> tuple[BusyAnswer, ...]:
    """Return what `busy_times` does for each of several spans; whoever has to be asked live is asked about all of
    them at once. The statements of one span for each, and those of a live reading for each that is asked by itself."""
    readers = hosts_with_conflict_calendars()
    having = [each for each in host_ids if each in readers]
    if not having or not spans:
        return tuple(BusyAnswer() for _ in spans)
    calendars = _conflict_calendars(having)
    resting = [each.id for each in calendars if max_age is not None and _is_resting(each, now)]
    fresh = [[each for each in calendars if _is_fresh(each, *span, now, max_age)] for span in spans]
    found = [_from_index(young, *span) for young, span in zip(fresh, spans, strict=True)]
    lacking = [[each for each in calendars if each.id not in known] for known in found]
    said = _asked_live(
        [[each for each in old if each.id not in resting] for old in lacking],
        spans=spans, now=now, is_for_index=max_age is not None,
    )  # fmt: skip
    answers = []
    for span, young, known, old, readings in zip(spans, fresh, found, lacking, said, strict=True):
        readings |= {each.id: Reading(words=each.failed_words) for each in old if each.id in resting}
        answer = _answer(calendars, known, readings, *span)
        answers.append(replace(answer, good_until=_good_until(calendars, young, readings, now, max_age)))
    return tuple(answers)


def _good_until(
    calendars: Sequence[Calendar],
    fresh: Sequence[Calendar],
    readings: dict[int, Reading],
    now: datetime,
    max_age: timedelta | None,
) -> datetime | None:
    """When the oldest reading among them outlives `max_age`; `now` where one cannot be read."""
    if any(reading.intervals is None for reading in readings.values()):
        return now
    age = max_age or timedelta()
    good = [each.read_at + _allowed_age(each, age) for each in fresh if each.read_at]
    return min([*good, *(now + age for _ in readings)]) if calendars else None


def _conflict_calendars(host_ids: Iterable[int]) -> list[Calendar]:
    calendars = Calendar.objects.filter(host_id__in=list(host_ids), reads_busy=True)
    return list(calendars.select_related("connection__account").order_by("id"))


def _is_fresh(
    calendar: Calendar, start: datetime, end: datetime, now: datetime, max_age: timedelta | None
) -> bool:
    if (
        max_age is None
        or calendar.read_at is None
        or calendar.covers_from is None
        or calendar.horizon is None
    ):
        return False
    is_young = abs(now - calendar.read_at) <= _allowed_age(calendar, max_age)
    return is_young and calendar.covers_from <= start and end <= calendar.horizon


def _allowed_age(calendar: Calendar, max_age: timedelta) -> timedelta:
    """A published file is written anew by its server now and then: it is no fresher for being asked for each time."""
    is_feed = calendar.connection.kind == CalendarConnection.FEED
    return max(max_age, FEED_AGE) if is_feed and max_age else max_age


def _is_resting(calendar: Calendar, now: datetime) -> bool:
    return calendar.failed_at is not None and abs(now - calendar.failed_at) < _REST_AFTER_FAILURE


def _from_index(calendars: Sequence[Calendar], start: datetime, end: datetime) -> dict[int, list[Interval]]:
    """Return the stored busy times of each calendar that overlap [start, end). One query."""
    found: dict[int, list[Interval]] = {each.id: [] for each in calendars}
    if found:
        rows = BusyTime.objects.filter(calendar_id__in=found, starts_at__lt=end, ends_at__gt=start)
        for calendar_id, starts_at, ends_at in rows.values_list("calendar_id", "starts_at", "ends_at"):
            found[calendar_id].append((starts_at, ends_at))
    return found


def _asked_live(
    calendars: Sequence[Sequence[Calendar]], *, spans: Sequence[Interval], now: datetime, is_for_index: bool
) -> list[dict[int, Reading]]:
    """Ask the calendars of each span and keep what they said: the whole index, or only that span of it."""
    if not any(calendars):
        return [{} for _ in spans]
    if connection.in_atomic_block:
        raise NetworkInsideTransaction("busy_times has to ask live inside a database transaction")
    near = [span for span in spans if is_for_index and span[0] <= now + _FAR]
    whole = (
        min([now - _BEHIND, *(start for start, _ in near)]),
        max([now + _AHEAD, *(end for _, end in near)]),
    )
    read = [whole if span in near else span for span in spans]
    wanted: defaultdict[Interval, dict[int, Calendar]] = defaultdict(dict)
    for span, asked in zip(read, calendars, strict=True):
        wanted[span] |= {each.id: each for each in asked}
    said = read_live([(each, span) for span, by_id in wanted.items() for each in by_id.values()])
    for span, by_id in wanted.items():
        readings = {key: said[key, span] for key in by_id}
        if is_for_index and span != whole:  # only the index's own reading speaks of failures
            by_id = {key: each for key, each in by_id.items() if readings[key].intervals is not None}
            if _is_known(by_id.values(), readings, span):
                continue
        if by_id:
            start, end = span
            store_readings(
                list(by_id.values()),
                readings,
                start=start,
                end=end,
                now=now,
                is_whole=bool(near) and span == whole,
            )
    return [
        {each.id: said[each.id, span] for each in asked} for span, asked in zip(read, calendars, strict=True)
    ]


def _is_known(calendars: Collection[Calendar], readings: dict[int, Reading], span: Interval) -> bool:
    """Say whether the index holds the very same, of calendars that work: then nothing has to be written, and no page
    that is kept becomes old. One query."""
    kept = _from_index(list(calendars), *span)
    return all(
        (reading := readings[each.id]).intervals is not None
        and set(reading.intervals) == set(kept[each.id])
        and each.failed_at is None
        and each.connection.status == CalendarConnection.Status.WORKING
        for each in calendars
    )


def _answer(
    calendars: Sequence[Calendar],
    found: dict[int, list[Interval]],
    readings: dict[int, Reading],
    start: datetime,
    end: datetime,
) -> BusyAnswer:
    gathered: dict[int, list[Interval]] = defaultdict(list)
    stale: dict[int, str] = {}
    for each in calendars:
        reading = readings.get(each.id, Reading(intervals=tuple(found.get(each.id, ()))))
        if reading.intervals is None:
            stale.setdefault(each.host_id, reading.words)
        else:
            gathered[each.host_id] += [(a, b) for a, b in reading.intervals if a < end and b > start]
    busy = {host: _merged(times) for host, times in gathered.items() if host not in stale}
    return BusyAnswer(busy=busy, stale=stale)


def _merged(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Return sorted, disjoint intervals; those that touch become one."""
    merged: list[Interval] = []
    for starts_at, ends_at in sorted(intervals):
        if merged and starts_at <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends_at))
        else:
            merged.append((starts_at, ends_at))
    return tuple(merged)
