"""How far behind the jobs of a business are, and whether the broker answers: what the health check asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dramatiq.brokers.stub import StubBroker

from jobs.broker import broker
from jobs.models import Job
from jobs.registry import OWNER_PREFIX
from kernel.tenancy import current_schema


@dataclass(frozen=True)
class Backlog:
    """`oldest_age` of the job that has been due longest (zero: none is late); `parked` were given up."""

    oldest_age: timedelta
    parked: int


def backlog(now: datetime) -> Backlog:
    """Return how late the current tenant's jobs are. Two queries, which read what is late and what was given up."""
    mine = Job.objects.filter(schema=current_schema())
    late = mine.filter(state__in=[Job.State.QUEUED, Job.State.LEASED], due_at__lte=now)
    oldest: datetime | None = late.order_by("due_at").values_list("due_at", flat=True).first()
    return Backlog(
        oldest_age=now - oldest if oldest else timedelta(0),
        parked=mine.filter(state=Job.State.PARKED).count(),
    )


def others_wait(since: datetime) -> bool:
    """Say whether a job of another tenant is queued and due since then, too: not one business is late, all are.

    The owner's jobs do not count: no worker performs them, and without its address nobody does.
    """
    queued = Job.objects.filter(state=Job.State.QUEUED, due_at__lte=since)
    return queued.exclude(schema=current_schema()).exclude(kind__startswith=OWNER_PREFIX).exists()


def waiting_refs() -> set[tuple[str, str]]:
    """Return kind and ref of the current tenant's jobs that are queued or being performed. One query."""
    mine = Job.objects.filter(schema=current_schema(), state__in=[Job.State.QUEUED, Job.State.LEASED])
    return set(mine.values_list("kind", "ref"))


def parked_jobs() -> list[Job]:
    """Return the current tenant's jobs that were given up, oldest first."""
    return list(Job.objects.filter(schema=current_schema(), state=Job.State.PARKED).order_by("pk"))


def requeue(job_id: int, *, now: datetime) -> bool:
    """Put a parked job of the current tenant back into the queue; False when it was not parked any more."""
    parked = Job.objects.filter(pk=job_id, schema=current_schema(), state=Job.State.PARKED)
    return parked.update(state=Job.State.QUEUED, due_at=now, handed_at=None, attempts=0) == 1


def broker_answers() -> bool:
    """Ask this process's broker for a sign of life; within its connect timeout."""
    carrier = broker()
    if isinstance(carrier, StubBroker):
        return True
    try:
        client = getattr(carrier, "client", None)
        if client is not None:
            client.ping()
        else:
            carrier.get_declared_queues()
            carrier.connection.process_data_events()  # type: ignore[attr-defined]  # RabbitMQ's
    except Exception:  # every broker library has its own tree of connection errors
        return False
    return True
