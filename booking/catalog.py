"""What a business offers, as it stands: event types, hosts, hours. Read in one query, kept under its stamp.

The tables of the catalog change seldom and are read by every page, so each process keeps the last catalog of
each tenant; for a new one it reads the tables that changed and takes over the others. The stamp, which is one of each
table (booking/sql/catalog_v2.sql), changes in the very transaction that changes rows there, and is looked at again
in every request (kernel.stamps): what is kept is current or not used.
"""

import json
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from threading import Lock
from typing import Any, TypeVar, cast

from django.db import connection, models

from booking.core.hours import Away, HostHours, Span, week
from booking.models import (
    BusinessHolidays,
    DateOverride,
    EventType,
    EventTypeHost,
    EventTypeResource,
    Host,
    OutOfOffice,
    Resource,
    Schedule,
    WeeklyHours,
)
from booking.public_holidays import Place
from kernel.rows import from_row
from kernel.stamps import stamps
from kernel.tenancy import current_schema

M = TypeVar("M", bound=models.Model)
Row = Mapping[str, Any]  # of a table, as JSON tells it: dates are texts
MOST_TENANTS = 1024  # whose catalogs a process keeps; the least recently used goes
STAMP_QUERY = "SELECT stamps::text FROM booking_catalog"
TABLES: tuple[type[models.Model], ...] = (
    Resource,
    Host,
    Schedule,
    WeeklyHours,
    DateOverride,
    EventType,
    EventTypeHost,
    EventTypeResource,
    OutOfOffice,
    BusinessHolidays,
)  # each watched by its migration: SELECT catalog_watch_v1('<table>')


@dataclass(frozen=True)
class Catalog:
    """One state of what a business offers. Shared by all threads: nothing in it may be changed.

    `event_types` by slug in their order, hidden ones too; `hosts` and `resources` by id, inactive ones too (hosts in
    their order); `hosts_of` (all of them), `active_hosts_of` and `resources_of` by event type's id, best first;
    `hours` by schedule's id, `away` by host's id, both as stored: `hours_for` puts them together, by
    `chosen_schedules` (of an event type and a host) and `default_schedules` (of a host). `holidays`: whose
    the business keeps, if any.
    """

    stamp: str
    event_types: Mapping[str, EventType]
    hosts: Mapping[int, Host]
    resources: Mapping[int, Resource]
    hosts_of: Mapping[int, Sequence[EventTypeHost]]
    active_hosts_of: Mapping[int, Sequence[Host]]
    resources_of: Mapping[int, Sequence[EventTypeResource]]
    hours: Mapping[int, HostHours]
    chosen_schedules: Mapping[tuple[int | None, int], int]
    default_schedules: Mapping[int, int]
    away: Mapping[int, Sequence[OutOfOffice]]
    holidays: Place | None
    tables: "Mapping[type[models.Model], _Table]" = field(repr=False)

    def hours_for(self, event_type_id: int | None, host: Host) -> HostHours:
        """Return a host's hours for an event type: of the schedule chosen there, else of the default one; a host
        without a schedule is never open. Public holidays are not in them."""
        host_id = host.pk
        key = self.chosen_schedules.get((event_type_id, host_id)) or self.default_schedules.get(host_id, 0)
        return self.hours.get(key) or HostHours(host_id=host_id, zone=host.time_zone, weekly=week([]))

    def bookable(self, event_type_id: int) -> Sequence[Host]:
        """Return the active hosts of an event type, best first (priority, then id)."""
        return self.active_hosts_of.get(event_type_id, ())


def catalog() -> Catalog:
    """Return the current tenant's catalog. No query beyond the stamps' while it stands, one when it changed."""
    wanted, schema = stamps()["catalog"], current_schema()
    with _lock:
        kept = _kept.get(schema)
        if kept is not None and kept.stamp == wanted:
            _kept.move_to_end(schema)
            return kept
    read = _read(kept, wanted)
    if not connection.in_atomic_block:  # what a transaction sees of its own may never be committed
        with _lock:
            _kept[schema] = read
            _kept.move_to_end(schema)
            if len(_kept) > MOST_TENANTS:
                _kept.popitem(last=False)
    return read


_kept: OrderedDict[str, Catalog] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the catalog as it was read: its rows as JSON told them, and as instances."""

    rows: Sequence[Row]
    instances: Sequence[models.Model]

    def of(self, _model: type[M]) -> Sequence[M]:
        """Return the instances, which are of that model."""
        return cast("Sequence[M]", self.instances)


def _read(before: Catalog | None, wanted: str) -> Catalog:
    """Read the tables whose stamps are not those of `before`, in one statement, so in one state.

    One more where somebody changed another one since the stamps `wanted` were told.
    """
    known = json.loads(before.stamp) if before else {}
    changed = _others(known, wanted)
    stamp, told = _told(changed)
    while missed := _others(known, stamp) - changed:
        changed |= missed
        stamp, told = _told(changed)
    tables = _tables(told, before.tables if before else {})
    hosts = sorted(tables[Host].of(Host), key=lambda each: (each.position, each.resource_id))
    event_types = sorted(tables[EventType].of(EventType), key=lambda each: (each.position, each.id))
    offered = sorted(tables[EventTypeHost].of(EventTypeHost), key=lambda each: (each.priority, each.host_id))
    needed = sorted(tables[EventTypeResource].of(EventTypeResource), key=lambda each: each.resource_id)
    hosts_by_id = {each.resource_id: each for each in hosts}
    hosts_of = _grouped(offered, "event_type_id")
    return Catalog(
        stamp=stamp,
        event_types={each.slug: each for each in event_types},
        hosts=hosts_by_id,
        resources={each.id: each for each in tables[Resource].of(Resource)},
        hosts_of=hosts_of,
        active_hosts_of={
            event_type: tuple(hosts_by_id[row.host_id] for row in of_it if hosts_by_id[row.host_id].active)
            for event_type, of_it in hosts_of.items()
        },
        resources_of=_grouped(needed, "event_type_id"),
        hours=_hours(tables),
        chosen_schedules={
            (row.event_type_id, row.host_id): row.schedule_id
            for row in offered
            if row.schedule_id is not None
        },
        default_schedules=_default_schedules(tables[Schedule].rows),
        away=_grouped(tables[OutOfOffice].of(OutOfOffice), "host_id"),
        holidays=next(
            (Place(r.country, r.region) for r in tables[BusinessHolidays].of(BusinessHolidays) if r.country),
            None,
        ),
        tables=tables,
    )


def _others(known: Mapping[str, str], stamp: str) -> set[str]:
    """Return the tables whose stamps are others than the known ones."""
    return {table for table, it in json.loads(stamp).items() if known.get(table) != it}


def _told(names: Collection[str]) -> tuple[str, dict[type[models.Model], Sequence[Row]]]:
    """Return the catalog's stamp, and the rows of these tables by their key."""
    wanted = [table for table in TABLES if table._meta.db_table in names]
    lists = [
        f"(SELECT coalesce(json_agg(t ORDER BY {_key(table)}), '[]')::text FROM {table._meta.db_table} AS t)"  # noqa: S608  constants
        for table in wanted
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([f'({STAMP_QUERY})', *lists])}")
        stamp, *told = cursor.fetchone() or ("",)
    return stamp, {table: json.loads(rows) for table, rows in zip(wanted, told, strict=True)}


def _tables(
    told: Mapping[type[models.Model], Sequence[Row]], before: Mapping[type[models.Model], _Table]
) -> dict[type[models.Model], _Table]:
    """Return each table: as it was, if nothing new is told of it nor of whatever its rows point to."""
    tables: dict[type[models.Model], _Table] = {}
    for model in TABLES:  # those that are pointed to come first
        if model not in told and all(tables[to] is before[to] for to in _points_to(model)):
            tables[model] = before[model]
            continue
        rows = told[model] if model in told else before[model].rows
        is_plain = model in _READ_AS_ROWS
        tables[model] = _Table(rows, () if is_plain else [from_row(model, row) for row in rows])
    return tables


@cache
def _key(model: type[models.Model]) -> str:
    assert model._meta.pk is not None
    return str(model._meta.pk.column)


@cache
def _points_to(model: type[models.Model]) -> tuple[type[models.Model], ...]:
    """Return the tables of the catalog that rows of this one point to: an instance may keep what it points to."""
    others = (each.related_model for each in model._meta.concrete_fields)
    return tuple(each for each in others if each in TABLES and each is not model)


def _default_schedules(schedules: Sequence[Row]) -> dict[int, int]:
    """Return the default schedule of each host; the oldest one where none is marked."""
    found: dict[int, int] = {}
    for each in sorted(schedules, key=lambda row: (not row["is_default"], row["id"])):
        found.setdefault(each["host_id"], each["id"])
    return found


def _hours(tables: Mapping[type[models.Model], _Table]) -> dict[int, HostHours]:
    """Return the hours of each schedule, and when its host is out of office. Of plain rows: there are many."""
    weekly = _rows_by(tables[WeeklyHours].rows, "schedule_id")
    overrides = _rows_by(tables[DateOverride].rows, "schedule_id")
    away = _rows_by(tables[OutOfOffice].rows, "host_id")
    return {
        each["id"]: _host_hours(
            each,
            tuple(
                [
                    (row["weekday"], row["start_minute"], row["end_minute"])
                    for row in weekly.get(each["id"], ())
                ]
            ),
            overrides.get(each["id"], ()),
            away.get(each["host_id"], ()),
        )
        for each in tables[Schedule].rows
    }


def _host_hours(
    schedule: Row,
    weekly: tuple[tuple[int, int, int], ...],
    overrides: Sequence[Row],
    away: Sequence[Row],
) -> HostHours:
    if not overrides and not away:
        return _weekly_hours(schedule["host_id"], schedule["time_zone"], weekly)
    return HostHours(
        host_id=schedule["host_id"],
        zone=schedule["time_zone"],
        weekly=week(weekly),
        overrides=_overrides(overrides),
        away=tuple(Away(_date(row["first_date"]), _date(row["last_date"]), _span(row)) for row in away),
    )


@lru_cache(maxsize=1 << 12)
def _weekly_hours(host_id: int, zone: str, weekly: tuple[tuple[int, int, int], ...]) -> HostHours:
    """Return the hours of a schedule with nothing but weekly ones, as most are; made once while they stay the same."""
    return HostHours(host_id=host_id, zone=zone, weekly=week(weekly))


def _overrides(rows: Sequence[Row]) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for row in rows:
        day, span = _date(row["date"]), _span(row)
        found[day] = (*found.get(day, ()), *([span] if span else []))
    return found


def _span(row: Row) -> Span | None:
    start, end = row["start_minute"], row["end_minute"]
    return Span(start, end) if start is not None and end is not None else None


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _rows_by(rows: Sequence[Row], key: str) -> dict[int, list[Row]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


_READ_AS_ROWS = (Schedule, WeeklyHours, DateOverride)


def _grouped(rows: Sequence[M], key: str) -> dict[int, list[M]]:
    groups: defaultdict[int, list[M]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return dict(groups)
