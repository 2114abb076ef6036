"""Weekly hours and date overrides of a host's schedule, read and changed. Each change is its own inverse: the entry
holds what was there before, so storing that again takes the change back. Nothing that is booked is touched.

`schedule` is the id of one of the host's schedules; None is the default one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from django.db import transaction

from audit.api import Actor, Json, record
from booking.core.hours import (
    Away,
    HostHours,
    Span,
    Week,
    away_time,
    date_range,
    get_zone,
    open_windows,
    week,
)
from booking.core.intervals import intersect, subtract
from booking.models import Booking, DateOverride, Host, Meeting, Schedule, WeeklyHours
from kernel.errors import HoldfastError

MOST_DAYS = 366
MOST_STRETCHES = 6  # of one day
DAY = timedelta(days=1)


class InvalidHours(HoldfastError):
    """These hours cannot be stored; the message says why. `weekday` (0 = Monday) where it is about one."""

    def __init__(self, message: str, *, weekday: int | None = None) -> None:
        super().__init__(message)
        self.weekday = weekday


@dataclass(frozen=True, slots=True)
class Hours:
    """When a host is open: by weekday, and on the dates of `overrides` instead (no spans: closed).

    `away` is the host's, whatever the schedule; `holidays` are those of the dates asked about, by name.
    """

    zone: str
    weekly: Week
    overrides: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    away: tuple[Away, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenDay:
    """What of one local date is open, as minutes of its wall clock, 0 to 1440; `is_override`: by exception.

    `why` says in words what closes some of it: a holiday's name, "Out of office".
    """

    date: date
    spans: tuple[Span, ...]
    is_override: bool
    why: tuple[str, ...] = ()


def hours_of(host: Host, *, schedule_id: int | None = None) -> Hours:
    """Return the hours of a schedule; three queries. One that is gone reads as the default."""
    found = Schedule.objects.filter(host=host).prefetch_related("weekly_hours", "date_overrides")
    schedule = found.filter(pk=schedule_id).first() if schedule_id is not None else None
    schedule = schedule or found.order_by("-is_default", "pk").first()
    if schedule is None:
        return Hours(host.time_zone, week([]))
    overrides: dict[date, tuple[Span, ...]] = {}
    for row in sorted(schedule.date_overrides.all(), key=lambda each: (each.date, each.start_minute or 0)):
        spans = overrides.setdefault(row.date, ())
        if row.start_minute is not None and row.end_minute is not None:
            overrides[row.date] = (*spans, Span(row.start_minute, row.end_minute))
    rows = ((row.weekday, row.start_minute, row.end_minute) for row in schedule.weekly_hours.all())
    return Hours(schedule.time_zone, week(rows), overrides)


def open_days(hours: Hours, *, first: date, count: int) -> list[OpenDay]:
    """Return what is open on `count` local dates from `first` on, clock changes included. Pure."""
    closed: dict[date, tuple[Span, ...]] = dict.fromkeys(hours.holidays, ())
    host_hours = HostHours(0, hours.zone, hours.weekly, {**closed, **hours.overrides}, hours.away)
    found = []
    for day in (first + timedelta(days=number) for number in range(count)):
        between = date_range(day, day, zone=hours.zone)
        away = away_time(host_hours, between=between)
        open_time = subtract(intersect([between], open_windows(host_hours, between=between)), away)
        why = (hours.holidays[day],) if day in hours.holidays and day not in hours.overrides else ()
        if intersect([between], away):
            why = (*why, "Out of office")
        spans = tuple(_span(each, ends=between[1], zone=hours.zone) for each in open_time)
        found.append(OpenDay(day, spans, day in hours.overrides or bool(why), why))
    return found


def _span(opened: tuple[int, int], *, ends: int, zone: str) -> Span:
    """Return open seconds of a date that `ends` then as minutes of its wall clock."""
    opens, closes = (datetime.fromtimestamp(each, UTC).astimezone(get_zone(zone)) for each in opened)
    until = 1440 if opened[1] == ends else closes.hour * 60 + closes.minute
    return Span(opens.hour * 60 + opens.minute, until)


def set_weekly_hours(host: Host, weekly: Week, *, actor: Actor, schedule_id: int | None = None) -> bool:
    """Replace the weekly hours; False when nothing changes. Raises InvalidHours."""
    for weekday, spans in enumerate(weekly):
        _check(spans, weekday=weekday)
    with transaction.atomic():
        schedule = _schedule(host, schedule_id)
        before = week(
            WeeklyHours.objects.filter(schedule=schedule).values_list("weekday", "start_minute", "end_minute")
        )
        if before == weekly:
            return False
        WeeklyHours.objects.filter(schedule=schedule).delete()
        WeeklyHours.objects.bulk_create(
            WeeklyHours(schedule=schedule, weekday=weekday, start_minute=start, end_minute=end)
            for weekday, spans in enumerate(weekly)
            for start, end in spans
        )
        payload: dict[str, Json] = {"before": _json(before), "after": _json(weekly), "schedule": schedule.pk}
        record("change_weekly_hours", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return True


def set_override(
    host: Host,
    first: date,
    last: date,
    spans: Sequence[Span],
    *,
    actor: Actor,
    schedule_id: int | None = None,
) -> None:
    """Let `spans` (none: closed) replace the hours of each date from `first` to `last`, both included.

    What was there for these dates is replaced, too. Raises InvalidHours.
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidHours(f"The last day is not before the first, and at most {MOST_DAYS} days are changed.")
    _check(spans)
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    change = _Change("set_date_override", actor, schedule_id)
    _replace(host, dates, tuple(sorted(spans)), change)


def remove_override(
    host: Host, first: date, last: date, *, actor: Actor, schedule_id: int | None = None
) -> None:
    """Let the weekly hours count again from `first` to `last`, both included. Raises InvalidHours."""
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidHours("These dates make no sense.")
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    _replace(host, dates, None, _Change("remove_date_override", actor, schedule_id))


def booked_between(host: Host, first: date, last: date, *, zone: str) -> int:
    """Return how many live meetings the host has on these local dates: they stand whatever the hours say."""
    begins, ends = (datetime.fromtimestamp(each, UTC) for each in date_range(first, last, zone=zone))
    found = Meeting.objects.filter(
        hosts=host,
        released_at=None,
        starts_at__lt=ends,
        ends_at__gt=begins,
        bookings__status__in=Booking.LIVE,
    )
    return found.distinct().count()


@dataclass(frozen=True, slots=True)
class _Change:
    action: str
    actor: Actor
    schedule_id: int | None


def _replace(host: Host, dates: list[date], spans: tuple[Span, ...] | None, change: _Change) -> None:
    """Store the same spans for every date (None: nothing, the weekly hours count), and sign before and after."""
    with transaction.atomic():
        schedule = _schedule(host, change.schedule_id)
        known = DateOverride.objects.filter(schedule=schedule, date__in=dates)
        before: list[Json] = [
            [str(row.date), row.start_minute, row.end_minute]
            for row in known.order_by("date", "start_minute")
        ]
        known.delete()
        minutes: Sequence[tuple[int | None, int | None]] = spans or [(None, None)]
        rows = [
            DateOverride(schedule=schedule, date=day, start_minute=start, end_minute=end)
            for day in dates
            for start, end in (minutes if spans is not None else [])
        ]
        DateOverride.objects.bulk_create(rows)
        payload: dict[str, Json] = {
            "first": str(dates[0]),
            "last": str(dates[-1]),
            "before": before,
            "after": [list(span) for span in spans] if spans is not None else None,
            "schedule": schedule.pk,
        }
        record(change.action, subject=f"host:{host.pk}", actor=change.actor, payload=payload)


def _check(spans: Sequence[Span], *, weekday: int | None = None) -> None:
    ordered = sorted(spans)
    if len(ordered) > MOST_STRETCHES:
        raise InvalidHours(f"At most {MOST_STRETCHES} stretches on one day.", weekday=weekday)
    for start, end in ordered:
        if not (0 <= start < 1440 and start < end <= 2880):
            raise InvalidHours("A stretch opens and then closes, within a day.", weekday=weekday)
    for one, following in pairwise(ordered):
        if following.start_minute < one.end_minute:
            raise InvalidHours("Two stretches of this day overlap. Join or shorten them.", weekday=weekday)


def _schedule(host: Host, schedule_id: int | None) -> Schedule:
    """Return the host's schedule of that id, locked; None is the default one, made if there is none."""
    Host.objects.select_for_update().get(pk=host.pk)
    schedules = Schedule.objects.filter(host=host)
    if schedule_id is not None:
        found = schedules.filter(pk=schedule_id).first()
        if found is None:
            raise InvalidHours("There is no such schedule any more. Nothing was changed.")
        return found
    found = schedules.order_by("-is_default", "pk").first()
    return found or Schedule.objects.create(host=host, time_zone=host.time_zone, is_default=True)


def _json(weekly: Week) -> list[Json]:
    return [[list(span) for span in spans] for spans in weekly]
