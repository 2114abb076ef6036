"""Keeping what the probes said: the last state of each, and an incident for each fault as long as it lasts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction

from audit.api import Actor
from booking.health.findings import Finding, Reading
from booking.incidents import incidents, open_incident, resolve_incident
from booking.models import ProbeResult

ACTOR = Actor(type="automation", id="health_check")


def changed(readings: Iterable[Reading]) -> tuple[list[Reading], list[Reading]]:
    """Return the readings that differ from what was kept (another state, or fault with something else). One query.

    First those where a fault came or went, or a look failed; then those that went between well and nearly so.
    """
    kept = {row.probe: row for row in ProbeResult.objects.all()}
    grave: list[Reading] = []
    slight: list[Reading] = []
    for each in readings:
        row = kept.get(each.probe.name)
        if _differs(each, row):
            (slight if row and {each.state, row.state} <= {"ok", "warn"} else grave).append(each)
    return grave, slight


def keep_quietly(readings: Iterable[Reading], *, now: datetime) -> None:
    """Keep readings that changed nothing, or whose probe was never read: their age and words, without a trace in the
    ledger. One statement."""
    columns = [(each.probe.name, _values(each, now)) for each in readings]
    if columns:
        ProbeResult.objects.bulk_create(
            [ProbeResult(probe=name, since_at=now, **values) for name, values in columns],
            update_conflicts=True,
            unique_fields=["probe"],
            update_fields=list(columns[0][1]),
        )


def keep_slight(reading: Reading, *, now: datetime) -> None:
    """Keep a reading that went between well and nearly so: no entry, no incident. At most three statements."""
    with transaction.atomic():
        _keep(reading, now)


def keep(readings: Sequence[Reading], *, run_id: int, now: datetime) -> list[str]:
    """Keep readings, open an incident for each fault and resolve those that are over; return whose state changed."""
    with transaction.atomic():
        different = [each.probe.name for each in chain(*changed(readings))]
        for each in readings:
            _keep(each, now)
            if each.state != "unknown":  # what could not be looked at is neither new nor over
                _tell(each, run_id=run_id, now=now)
    return different


def _differs(reading: Reading, row: ProbeResult | None) -> bool:
    if row is None:
        return reading.state == "bad"
    return (row.state, row.subjects) != (reading.state, reading.subjects)


def _keep(reading: Reading, now: datetime) -> None:
    values = _values(reading, now)
    same = ProbeResult.objects.filter(probe=reading.probe.name, state=reading.state)
    if not same.update(**values):
        ProbeResult.objects.update_or_create(probe=reading.probe.name, defaults={**values, "since_at": now})


def _values(reading: Reading, now: datetime) -> dict[str, Any]:
    """Return a reading's columns, all but the probe and when its state began."""
    worst = reading.worst
    return {
        "state": worst.state,
        "words": _words(reading),
        "consequence": worst.consequence,
        "subjects": reading.subjects,
        "checked_at": now,
        "duration_ms": reading.duration_ms,
    }


def _words(reading: Reading) -> str:
    more = sum(each.state != "ok" for each in reading.findings) - 1
    return reading.worst.words + (f" And {more} more." if more > 0 else "")


def _tell(reading: Reading, *, run_id: int, now: datetime) -> None:
    kind = reading.probe.incident_kind
    faulty = {_subject(kind, each): each for each in reading.faults}
    for subject, fault in faulty.items():
        open_incident(
            kind,
            subject=subject,
            title=fault.words,
            consequence=fault.consequence,
            repair=fault.repair,
            run_id=run_id,
            now=now,
        )
    for each in incidents():
        if each.kind == kind and each.subject not in faulty:
            resolve_incident(kind, subject=each.subject, now=now, by=ACTOR)


def _subject(kind: str, fault: Finding) -> str:
    return fault.subject or f"health:{kind}"
