"""Do jobs move? The age of the oldest job of this business that is due and not done, and whether the broker answers."""

from datetime import timedelta

from booking.health.findings import Asked, Finding, Probe
from jobs.api import backlog, broker_answers, others_wait

SLOW = timedelta(seconds=60)
STUCK = timedelta(minutes=5)


def check(asked: Asked) -> list[Finding]:
    """Two queries, a third where jobs are stuck, and one question to the broker.

    What all businesses wait for is no incident of each: the platform's staff see it, once. Others wait where one of
    them has waited at least half as long.
    """
    found = backlog(asked.now)
    faults: list[Finding] = []
    if found.oldest_age >= STUCK and others_wait(asked.now - found.oldest_age / 2):
        faults.append(
            Finding(
                "warn",
                f"The oldest job has waited {minutes(found.oldest_age)}, and other businesses’ jobs wait too.",
                "New online bookings are confirmed late. The platform’s staff see it.",
            )
        )
    elif found.oldest_age >= STUCK:
        faults.append(
            Finding(
                "bad",
                f"The oldest job has waited {minutes(found.oldest_age)}: the worker does not keep up.",
                "New online bookings are not confirmed in time, and nobody is told anything.",
            )
        )
    elif found.oldest_age >= SLOW:
        faults.append(Finding("warn", f"The oldest job has waited {minutes(found.oldest_age)}."))
    if found.parked:
        faults.append(
            Finding(
                "bad",
                f"{_counted(found.parked)} given up after many tries.",
                "What these jobs were to do was not done.",
                subject="parked",
                repair="stuck_run",
            )
        )
    if not broker_answers():
        faults.append(
            Finding("bad", "The broker does not answer.", "Jobs wait until it is back; none is lost.")
        )
    return faults or [Finding("ok", "No job waits longer than it should; the broker answers.")]


def minutes(age: timedelta) -> str:
    """Return an age in words: "7 minutes", "80 seconds"."""
    seconds = int(age.total_seconds())
    return f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"


def _counted(number: int) -> str:
    return "One job was" if number == 1 else f"{number} jobs were"


PROBE = Probe("jobs", "Jobs move", check)
