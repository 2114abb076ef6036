"""Incidents: opened once for a kind and a subject however often the fault is seen, and resolved; both signed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from audit.api import Actor, Json, record
from booking.models import Incident
from jobs.api import enqueue

TELL_JOB = "tell_of_incident"
AUTOMATION = Actor(type="automation", id="error_handler")


def open_incident(
    kind: str,
    *,
    subject: str,
    title: str,
    consequence: str,
    repair: str = "",
    run_id: int | None = None,
    details: Mapping[str, Json] | None = None,
    tell: bool = True,
    now: datetime,
) -> Incident:
    """Open an incident, or count one more sight of the open one (`seen`), whose words become these.

    `title` says what happened and `consequence` what it means for clients, in plain words; `repair` names a
    repair that the fixer knows, "" is for a person. Signed when it opens, and the error handler tells the team
    (`tell`: unless the caller does). Any number may call this at once.
    """
    words: dict[str, Any] = {
        "title": title[:300],
        "consequence": consequence,
        "repair": repair,
        "last_seen_at": now,
    }
    if run_id is not None:
        words["run_id"] = run_id
    if details:
        words["details"] = dict(details)
    with transaction.atomic():
        found = _seen_again(kind, subject, words)
        if found:
            return found
        try:
            with transaction.atomic():
                incident = Incident.objects.create(kind=kind, subject=subject, opened_at=now, **words)
        except IntegrityError:  # another process was first
            again = _seen_again(kind, subject, words)
            if again is None:
                raise
            return again
        _sign("open_incident", incident, AUTOMATION, run_id=run_id)
        if repair:
            enqueue("fixer", ref=f"incident:{incident.pk}", now=now)
        if tell:
            enqueue(TELL_JOB, ref=str(incident.pk), now=now)
    return incident


def resolve_incident(kind: str, *, subject: str, now: datetime, by: Actor) -> Incident | None:
    """Close the open incident of this kind and subject, signed; None when there is none."""
    with transaction.atomic():
        found = Incident.objects.select_for_update().filter(kind=kind, subject=subject, state="open").first()
        return found and _close(found, now=now, by=by)


def close_incident(incident_id: int, *, now: datetime, by: Actor) -> Incident | None:
    """Close this very incident, signed; None when it is closed already."""
    with transaction.atomic():
        found = Incident.objects.select_for_update().filter(pk=incident_id, state="open").first()
        return found and _close(found, now=now, by=by)


def reopen_incident(incident_id: int, *, now: datetime, by: Actor) -> Incident | None:
    """Open a closed incident again, signed; None when it, or a later one of its kind and subject, is open."""
    with transaction.atomic():
        found = Incident.objects.select_for_update().filter(pk=incident_id, state="resolved").first()
        if found is None or _open_ones().filter(kind=found.kind, subject=found.subject).exists():
            return None
        found.state, found.resolved_at, found.resolved_by = Incident.State.OPEN, None, ""
        found.last_seen_at = now
        found.save(update_fields=["state", "resolved_at", "resolved_by", "last_seen_at"])
        _sign("reopen_incident", found, by)
        return found


def incidents(*, open_only: bool = True, limit: int = 100) -> list[Incident]:
    """Return incidents, newest first: the open ones, or all. One query."""
    rows = _open_ones() if open_only else Incident.objects.all()
    return list(rows.order_by("-opened_at", "-pk")[:limit])


def get_incident(incident_id: int) -> Incident | None:
    """Return one incident, open or not; None when there is none of that id."""
    return Incident.objects.filter(pk=incident_id).first()


def _open_ones() -> QuerySet[Incident]:
    return Incident.objects.filter(state=Incident.State.OPEN)


def _seen_again(kind: str, subject: str, words: Mapping[str, object]) -> Incident | None:
    rows = _open_ones().filter(kind=kind, subject=subject)
    if not rows.update(seen=F("seen") + 1, **words):
        return None
    return rows.get()


def _close(incident: Incident, *, now: datetime, by: Actor) -> Incident:
    incident.state, incident.resolved_at = Incident.State.RESOLVED, now
    incident.resolved_by = f"{by.type}:{by.id}"[:100]
    incident.save(update_fields=["state", "resolved_at", "resolved_by"])
    _sign("resolve_incident", incident, by)
    return incident


def _sign(action: str, incident: Incident, actor: Actor, *, run_id: int | None = None) -> None:
    """Record it with ids only: the words may name people."""
    about = incident.subject if incident.subject.startswith("meeting:") else f"incident:{incident.pk}"
    record(
        action,
        subject=about,
        actor=actor,
        payload={
            "incident": incident.pk,
            "kind": incident.kind,
            "subject": incident.subject,
            "repair": incident.repair,
            "seen": incident.seen,
        },
        run_id=run_id,
    )
