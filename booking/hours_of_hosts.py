"""A host's weekly hours and date overrides, read and changed. Each change is its own inverse: the entry holds
what was there before, so storing that again takes the change back. Nothing that is booked is touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from django.db import transaction

from audit.api import Actor, Json, record
from booking.core.hours import HostHours, Span, Week, date_range, get_zone, open_windows, week
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
    """When a host is open: by weekday, and on the dates of `overrides` instead (no spans: closed)."""

    zone: str
    weekly: Week
    overrides: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenDay:
    """What of one local date is open, as minutes of its wall clock, 0 to 1440; `is_override`: by exception."""

    date: date
    spans: tuple[Span, ...]
    is_override: bool


def hours_of(host: Host) -> Hours:
    """Return the host's hours; three queries."""
    schedule = (
        Schedule.objects.filter(host=host)
        .order_by("pk")
        .prefetch_related("weekly_hours", "date_overrides")
        .first()
    )
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
    host_hours = HostHours(host_id=0, zone=hours.zone, weekly=hours.weekly, overrides=hours.overrides)
    zone = get_zone(hours.zone)
    found = []
    for day in (first + timedelta(days=number) for number in range(count)):
        begins, ends = date_range(day, day, zone=hours.zone)
        spans = []
        for start, end in open_windows(host_hours, between=(begins, ends)):
            low, high = max(start, begins), min(end, ends)
            if low < high:
                opens, closes = (datetime.fromtimestamp(each, UTC).astimezone(zone) for each in (low, high))
                until = 1440 if high == ends else closes.hour * 60 + closes.minute
                spans.append(Span(opens.hour * 60 + opens.minute, until))
        found.append(OpenDay(day, tuple(spans), day in hours.overrides))
    return found


def set_weekly_hours(host: Host, weekly: Week, *, actor: Actor) -> bool:
    """Replace the weekly hours; False when nothing changes. Raises InvalidHours."""
    for weekday, spans in enumerate(weekly):
        _check(spans, weekday=weekday)
    with transaction.atomic():
        schedule = _schedule(host)
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
        payload: dict[str, Json] = {"before": _json(before), "after": _json(weekly)}
        record("change_weekly_hours", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return True


def set_override(host: Host, first: date, last: date, spans: Sequence[Span], *, actor: Actor) -> None:
    """Let `spans` (none: closed) replace the hours of each date from `first` to `last`, both included.

    What was there for these dates is replaced, too. Raises InvalidHours.
    """
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidHours(f"The last day is not before the first, and at most {MOST_DAYS} days are changed.")
    _check(spans)
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    _replace(host, dates, tuple(sorted(spans)), actor=actor, action="set_date_override")


def remove_override(host: Host, first: date, last: date, *, actor: Actor) -> None:
    """Let the weekly hours count again from `first` to `last`, both included. Raises InvalidHours."""
    if last < first or (last - first).days >= MOST_DAYS:
        raise InvalidHours("These dates make no sense.")
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    _replace(host, dates, None, actor=actor, action="remove_date_override")


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


def _replace(
    host: Host, dates: list[date], spans: tuple[Span, ...] | None, *, actor: Actor, action: str
) -> None:
    """Store the same spans for every date (None: nothing, the weekly hours count), and sign before and after."""
    with transaction.atomic():
        schedule = _schedule(host)
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
        }
        record(action, subject=f"host:{host.pk}", actor=actor, payload=payload)


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


def _schedule(host: Host) -> Schedule:
    """Return the host's first schedule, locked, made if there is none."""
    Host.objects.select_for_update().get(pk=host.pk)
    found = Schedule.objects.filter(host=host).order_by("pk").first()
    return found or Schedule.objects.create(host=host, time_zone=host.time_zone)


def _json(weekly: Week) -> list[Json]:
    return [[list(span) for span in spans] for spans in weekly]
