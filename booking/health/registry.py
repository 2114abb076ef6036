"""Every probe, in the order in which the Health page lists them."""

from booking.health import calendars, constraint, job_lag, ledger, links, mail, room, trial, triggers, turn
from booking.health.findings import Probe

PROBES: tuple[Probe, ...] = (
    constraint.PROBE,
    triggers.PROBE,
    trial.PROBE,
    room.PROBE,
    links.PROBE,
    calendars.PROBE,
    job_lag.PROBE,
    mail.PROBE,
    ledger.PROBE,
    turn.PROBE,
)
BY_NAME = {probe.name: probe for probe in PROBES}
CHEAP = tuple(probe.name for probe in PROBES if not probe.daily)
DAILY = tuple(probe.name for probe in PROBES if probe.daily)
