"""How a business stands: for its Health page, and in one line for the platform's console."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from booking.health.findings import WORST_FIRST, State
from booking.health.job_lag import STUCK, minutes
from booking.health.registry import PROBES
from booking.incidents import incidents
from booking.models import Incident, ProbeResult
from jobs.api import backlog

MISSED_LOOKS = 3
_NOT_LOOKED = "It was not looked at yet."


@dataclass(frozen=True)
class ProbeView:
    """One probe's last reading; the instants are None when it never looked."""

    name: str
    title: str
    state: State
    words: str
    consequence: str
    checked_at: datetime | None
    since_at: datetime | None


@dataclass(frozen=True)
class HealthView:
    """The whole: the worst state, open incidents (newest first), probes in their order, and what stands still now.

    `standstill` says in words that the check itself does not run (workers or clock are away), "" when it does.
    """

    state: State
    incidents: tuple[Incident, ...]
    probes: tuple[ProbeView, ...]
    checked_at: datetime | None
    standstill: str


@dataclass(frozen=True)
class HealthSummary:
    """One line for the console: the worst state, what it costs clients ("" when nothing), and how much is open."""

    state: State
    consequence: str
    open_incidents: int
    bad_probes: int
    checked_at: datetime | None


def health(now: datetime) -> HealthView:
    """Return how the current business stands. Three queries; nothing is asked outside."""
    rows = {row.probe: row for row in ProbeResult.objects.all()}
    probes = tuple(_probe_view(probe.name, probe.title, rows.get(probe.name)) for probe in PROBES)
    found = tuple(incidents())
    looked = [each.checked_at for each in probes if each.checked_at]
    newest = max(looked, default=None)
    standstill = _standstill(newest, now)
    states: list[State] = [each.state for each in probes if each.checked_at]
    states += ["bad"] if standstill or found else []
    return HealthView(
        state=min(states or ["unknown"], key=WORST_FIRST.index),
        incidents=found,
        probes=probes,
        checked_at=newest,
        standstill=standstill,
    )


def health_summary() -> HealthSummary:
    """Return the current business's line. Two queries."""
    rows = list(ProbeResult.objects.values_list("probe", "state", "consequence", "checked_at"))
    found = list(
        Incident.objects.filter(Q(state=Incident.State.OPEN))
        .order_by("-opened_at")
        .values_list("consequence")
    )
    order = {probe.name: place for place, probe in enumerate(PROBES)}
    bad = sorted((row for row in rows if row[1] == "bad"), key=lambda row: order.get(row[0], len(order)))
    costs = [row[2] for row in bad if row[2]] + [row[0] for row in found if row[0]]
    states: list[State] = [row[1] for row in rows]  # type: ignore[misc]  # its constraint is the enumeration
    return HealthSummary(
        state="bad" if found else min(states or ["unknown"], key=WORST_FIRST.index),
        consequence=costs[0] if costs else "",
        open_incidents=len(found),
        bad_probes=len(bad),
        checked_at=max((row[3] for row in rows), default=None),
    )


def _probe_view(name: str, title: str, row: ProbeResult | None) -> ProbeView:
    if row is None:
        return ProbeView(name, title, "unknown", _NOT_LOOKED, "", None, None)
    return ProbeView(name, title, row.state, row.words, row.consequence, row.checked_at, row.since_at)  # type: ignore[arg-type]


def _standstill(newest: datetime | None, now: datetime) -> str:
    """Say whether jobs or the check itself stand still: a dead worker cannot report its own death."""
    late = backlog(now).oldest_age
    if late >= STUCK:
        return f"The oldest job has waited {minutes(late)}: no worker seems to run."
    silent = timedelta(seconds=settings.HOLDFAST_HEALTH_SECONDS) * MISSED_LOOKS
    if newest is not None and silent and now - newest > silent:
        return f"The last check was {minutes(now - newest)} ago: no clock seems to run."
    return ""
