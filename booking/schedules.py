"""A host's named schedules: made, renamed, deleted, and which one counts where a meeting type chooses none.

Each change is signed with what was there before. Nothing that is booked is touched.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from audit.api import Actor, Json, record
from booking.core.hours import UnknownZone, get_zone
from booking.models import DateOverride, EventTypeHost, Host, Schedule, WeeklyHours
from kernel.errors import HoldfastError

MOST_SCHEDULES = 20
LONGEST_NAME = 80


class InvalidSchedule(HoldfastError):
    """The schedule cannot be made or changed so; the message says why."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule in a list; `chosen_by` are the titles of the meeting types that ask for it by name."""

    id: int
    name: str
    time_zone: str
    is_default: bool
    chosen_by: tuple[str, ...]


def schedules_of(host: Host) -> list[ScheduleView]:
    """Return the host's schedules, the default one first, then by name; two queries."""
    rows = list(Schedule.objects.filter(host=host).order_by("-is_default", "pk"))
    chosen: dict[int, list[str]] = {}
    asking = EventTypeHost.objects.filter(host=host, schedule__isnull=False).order_by("event_type__position")
    for schedule_id, title in asking.values_list("schedule_id", "event_type__title"):
        chosen.setdefault(schedule_id, []).append(title)
    views = [
        ScheduleView(row.pk, row.name, row.time_zone, number == 0, tuple(chosen.get(row.pk, ())))
        for number, row in enumerate(rows)
    ]
    return [*views[:1], *sorted(views[1:], key=lambda each: each.name.casefold())]


def schedule_names(host_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """Return (id, name) of the schedules that are not a host's default one, by host; one query."""
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = Schedule.objects.filter(host__in=host_ids, is_default=False).order_by("name")
    for host_id, pk, name in rows.values_list("host_id", "pk", "name"):
        found[host_id].append((pk, name))
    return dict(found)


def create_schedule(host: Host, name: str, *, like: int | None, actor: Actor) -> Schedule:
    """Store another schedule, with the hours of the schedule `like` (None: closed). Raises InvalidSchedule."""
    with transaction.atomic():
        _lock(host)
        if Schedule.objects.filter(host=host).count() >= MOST_SCHEDULES:
            raise InvalidSchedule(f"At most {MOST_SCHEDULES} schedules. Delete one that nobody needs.")
        source = _find(host, like) if like is not None else None
        made = Schedule(
            host=host,
            name=_checked(name),
            time_zone=source.time_zone if source else host.time_zone,
            is_default=not Schedule.objects.filter(host=host).exists(),
        )
        _save(made)
        if source:
            _copy_hours(source, made)
        payload: dict[str, Json] = {"schedule": made.pk, "like": like}
        record("create_schedule", subject=f"host:{host.pk}", actor=actor, payload=payload)
    return made


def change_schedule(host: Host, schedule_id: int, *, name: str, time_zone: str, actor: Actor) -> Schedule:
    """Rename a schedule, and set the zone on whose wall its hours are. Raises InvalidSchedule."""
    with transaction.atomic():
        _lock(host)
        found = _find(host, schedule_id)
        before: dict[str, Json] = {"time_zone": found.time_zone}
        try:
            get_zone(time_zone)
        except UnknownZone:
            raise InvalidSchedule("Choose a time zone from the list.") from None
        renamed = found.name != _checked(name)
        found.name, found.time_zone = _checked(name), time_zone
        _save(found)
        payload: dict[str, Json] = {
            "schedule": found.pk, "before": before, "after": {"time_zone": time_zone}, "renamed": renamed,
        }  # fmt: skip
        record("change_schedule", subject=f"host:{host.pk}", actor=actor, payload=payload,
               reversible="partial", because="Names are not kept.")  # fmt: skip
    return found


def make_default_schedule(host: Host, schedule_id: int, *, actor: Actor) -> None:
    """Let this schedule count where a meeting type chooses none. Raises InvalidSchedule."""
    with transaction.atomic():
        _lock(host)
        found = _find(host, schedule_id)
        before = list(Schedule.objects.filter(host=host, is_default=True).values_list("pk", flat=True))
        if before == [found.pk]:
            return
        Schedule.objects.filter(host=host, is_default=True).update(is_default=False)
        Schedule.objects.filter(pk=found.pk).update(is_default=True)
        payload: dict[str, Json] = {"before": before[0] if before else None, "after": found.pk}
        record("make_default_schedule", subject=f"host:{host.pk}", actor=actor, payload=payload)


def delete_schedule(host: Host, schedule_id: int, *, actor: Actor) -> None:
    """Delete a schedule that no meeting type chose and that is not the default. Raises InvalidSchedule."""
    with transaction.atomic():
        _lock(host)
        found = _find(host, schedule_id)
        if next(each for each in schedules_of(host) if each.id == found.pk).is_default:
            raise InvalidSchedule("This is the default schedule. Make another one the default first.")
        titles = EventTypeHost.objects.filter(schedule=found).values_list("event_type__title", flat=True)
        if titles:
            named = ", ".join(sorted(titles)[:3])
            raise InvalidSchedule(f"{named} asks for this schedule. Choose another one there first.")
        hours: list[Json] = [
            list(row) for row in found.weekly_hours.values_list("weekday", "start_minute", "end_minute")
        ]
        payload: dict[str, Json] = {"schedule": found.pk, "time_zone": found.time_zone, "weekly": hours}
        record("delete_schedule", subject=f"host:{host.pk}", actor=actor, payload=payload,
               reversible="partial", because="Its name and its dates that differ are not kept.")  # fmt: skip
        found.delete()


def _lock(host: Host) -> None:
    Host.objects.select_for_update().get(pk=host.pk)


def _find(host: Host, schedule_id: int) -> Schedule:
    found = Schedule.objects.filter(host=host, pk=schedule_id).first()
    if found is None:
        raise InvalidSchedule("There is no such schedule any more. Look again.")
    return found


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidSchedule(f"Give the schedule a name of up to {LONGEST_NAME} characters.")
    return name


def _save(schedule: Schedule) -> None:
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        if "booking_schedule_name_once" not in str(error):
            raise
        raise InvalidSchedule("There is a schedule of this name already. Choose another name.") from None


def _copy_hours(source: Schedule, made: Schedule) -> None:
    for model, kept in ((WeeklyHours, "weekly_hours"), (DateOverride, "date_overrides")):
        rows = list(getattr(source, kept).all())
        for row in rows:
            row.pk, row.schedule = None, made
        model.objects.bulk_create(rows)
