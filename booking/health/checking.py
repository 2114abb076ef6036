"""When the health check looks, and what becomes of it.

Every five minutes the cheap probes look quietly: nothing new leaves no trace but the readings' age. Where a fault
came or went, and once a day, after a deploy, or when somebody asks, a run looks (again) and leaves its entry.
"""

import logging
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.db import connection, transaction

from audit.api import Actor, Run
from booking.health import keeping
from booking.health.findings import Asked, Finding, Probe, Reading
from booking.health.registry import BY_NAME, CHEAP, DAILY
from booking.models import ProbeResult
from booking.repairs.passes import run_pass
from booking.workflows.health_check import NAME, SUBJECT, start_health_check
from jobs.api import Job, Lease, enqueue, handles
from kernel.build import build_id
from kernel.clock import now as wall_clock
from kernel.tenancy import PUBLIC, current_schema, entered

log = logging.getLogger(__name__)
DAY = timedelta(days=1)
UNDER_WAY = timedelta(minutes=10)


def schedule_looks(schemas: Collection[str], *, now: datetime) -> int:
    """Enqueue the look of each of these tenants whose slot of five minutes has none yet; return how many.

    One statement where none is due. Several clocks may call this at once.
    """
    slots = {schema: str(_slot(schema, now)) for schema in schemas}
    with entered(PUBLIC):
        jobs = Job.objects.filter(kind=NAME, schema__in=slots, ref__in=set(slots.values()))
        there = set(jobs.values_list("schema", "ref"))
    made = 0
    for schema, _ in sorted(slots.items() - there):
        try:
            with entered(schema):
                made += schedule_look(now=now)
        except Exception:
            log.exception("The look at %s could not be scheduled; the next round tries again.", schema)
    return made


def _slot(schema: str, now: datetime) -> int:
    """Return the number of a tenant's slot at that time; tenants are spread over it. 0: nobody looks here."""
    seconds = settings.HOLDFAST_HEALTH_SECONDS
    return int(now.timestamp() + crc32(schema.encode()) % seconds) // seconds if seconds else 0


def schedule_look(*, now: datetime) -> bool:
    """Enqueue the current tenant's look if this slot has none yet. Several clocks may call this at once."""
    schema = current_schema()
    slot = _slot(schema, now)
    if not slot or _has_look(schema, slot):
        return False
    with transaction.atomic():
        _one_at_a_time("look")
        if _has_look(schema, slot):
            return False
        enqueue(NAME, ref=str(slot), now=now)
    return True


def _has_look(schema: str, slot: int) -> bool:
    with entered(PUBLIC):
        return bool(Job.objects.filter(schema=schema, kind=NAME, ref=str(slot)).exists())


@handles(NAME)
def perform_look(ref: str, lease: Lease) -> None:
    """Look quietly; once a day, and after a deploy, start the thorough run instead. A pass of the fixer follows."""
    now = wall_clock()
    if is_daily_due(now):
        start_check("daily", now=now)
    else:
        run_probes(now, alive=lease.keep)
    run_pass(int(ref), lease)


def is_daily_due(now: datetime) -> bool:
    """Say whether the last daily run is a day old, or was made by another build of the product."""
    daily = Run.objects.filter(subject=SUBJECT, workflow=NAME, payload__why="daily")
    last = daily.order_by("-pk").first()
    return last is None or last.started_at <= now - DAY or last.payload.get("build") != build_id()


def run_probes(now: datetime, *, alive: Callable[[], None] = lambda: None) -> list[Reading]:
    """Ask the cheap probes; keep what is as it was or nearly so, and start a run about the rest.

    Outside any transaction.
    """
    readings = read(wanted(), Asked(now), alive=alive)
    grave, slight = keeping.changed(readings)
    keeping.keep_quietly([each for each in readings if each not in grave and each not in slight], now=now)
    for each in slight:
        keeping.keep_slight(each, now=now)
    if grave:
        start_check("change", probes=[each.probe.name for each in grave], now=now)
    return readings


def wanted() -> list[str]:
    """Return the cheap probes, and of the daily ones those that were bad: their end is not awaited for a day."""
    bad = set(ProbeResult.objects.filter(probe__in=DAILY, state="bad").values_list("probe", flat=True))
    return [*CHEAP, *(name for name in DAILY if name in bad)]


def start_check(
    why: str, *, now: datetime, actor: Actor = keeping.ACTOR, probes: Collection[str] | None = None
) -> Run:
    """Start a run of the health check, `why` being daily, change or asked; one under way is returned instead."""
    if probes is None:
        probes = CHEAP if why == "daily" else wanted()
    with transaction.atomic():
        _one_at_a_time("run")
        recent = Run.objects.filter(subject=SUBJECT, workflow=NAME, started_at__gt=now - UNDER_WAY)
        running = recent.filter(state=Run.State.RUNNING).order_by("-pk").first()
        if running is not None and set(probes) <= set(running.payload["probes"]):
            return running
        return start_health_check(why, probes=probes, build=build_id(), actor=actor, now=now)


def read(names: Collection[str], asked: Asked, *, alive: Callable[[], None] = lambda: None) -> list[Reading]:
    """Ask these probes one after the other; `alive` is called before each. One that breaks reads as unknown."""
    readings = []
    for name in names:
        alive()
        readings.append(_reading(BY_NAME[name], asked))
    return readings


def _reading(probe: Probe, asked: Asked) -> Reading:
    began = time.monotonic()
    try:
        findings = probe.check(asked)
    except Exception as error:  # one probe's own fault must not silence the others
        log.exception("The probe %s of %s broke.", probe.name, current_schema())
        findings = [Finding("unknown", f"This could not be looked at ({type(error).__name__}).")]
    return Reading(probe, tuple(findings), round((time.monotonic() - began) * 1000))


def _one_at_a_time(what: str) -> None:
    """Hold a lock of this tenant until the transaction ends."""
    with connection.cursor() as cursor:
        key = f"{current_schema()}|{NAME}|{what}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


__all__ = [
    "is_daily_due",
    "perform_look",
    "read",
    "run_probes",
    "schedule_look",
    "schedule_looks",
    "start_check",
]
