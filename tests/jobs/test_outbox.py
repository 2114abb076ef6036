"""A job lives and dies with its cause, and a dead broker costs nothing but time."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from jobs import broker as brokers
from jobs import handover
from jobs.api import Job, NoTransaction, enqueue, relay_once, unfinished
from tests.database import World

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    with world.enter("acme"):
        yield world


@pytest.fixture
def dead_broker(settings: object) -> Iterator[None]:
    """A broker's address at which nobody listens."""
    settings.BROKER_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    brokers.broker.cache_clear()
    handover.breaker.reset()
    yield
    brokers.broker.cache_clear()
    handover.breaker.reset()


def put(ref: str = "1", *, due_at: datetime | None = None) -> Job:
    with transaction.atomic():
        return Job.objects.get(pk=enqueue("test", ref=ref, now=NOW, due_at=due_at))


def test_a_job_without_the_transaction_of_its_cause_is_refused(acme: World) -> None:
    with pytest.raises(NoTransaction):
        enqueue("test", ref="1", now=NOW)
    assert Job.objects.count() == 0


def test_a_cause_that_was_taken_back_takes_its_job_with_it(acme: World) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  the job comes first
        enqueue("test", ref="1", now=NOW)
        raise ZeroDivisionError
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  the same
            enqueue("test", ref="2", now=NOW)
            raise ZeroDivisionError
        enqueue("test", ref="3", now=NOW)
    assert list(Job.objects.values_list("ref", flat=True)) == ["3"]


def test_a_job_carries_its_tenant_an_id_and_its_time(acme: World) -> None:
    put("7")
    put("8", due_at=NOW + timedelta(hours=1))
    with acme.enter("northwind"):
        put("7")
    rows = list(Job.objects.order_by("pk").values_list("schema", "kind", "ref", "state", "due_at"))
    assert rows == [
        (acme.acme, "test", "7", "queued", NOW),
        (acme.acme, "test", "8", "queued", NOW + timedelta(hours=1)),
        (acme.northwind, "test", "7", "queued", NOW),
    ]


def test_whether_a_job_is_unfinished_is_asked_per_tenant(acme: World) -> None:
    job = put("7")
    with acme.enter("northwind"):
        assert not unfinished("test", "7")
    assert (unfinished("test", "7"), unfinished("test", "8"), unfinished("other", "7")) == (
        True,
        False,
        False,
    )
    Job.objects.filter(pk=job.pk).update(state="parked")
    assert not unfinished("test", "7")


def test_a_dead_broker_costs_one_short_wait_and_the_relay_is_told(acme: World, dead_broker: None) -> None:
    started = time.monotonic()
    jobs = [put(str(number)) for number in range(20)]
    assert time.monotonic() - started < 3.0, "after the first failure the breaker leaves the broker alone"
    assert handover.breaker.is_open()
    found = Job.objects.filter(pk__in=[job.pk for job in jobs])
    assert list(found.values_list("state", "handed_at").distinct()) == [("queued", None)]


def test_the_relay_leaves_everything_as_it_is_while_the_broker_is_dead(
    acme: World, dead_broker: None
) -> None:
    put()
    assert relay_once() == 0
    assert list(Job.objects.values_list("state", "handed_at")) == [("queued", None)]


def test_the_breaker_closes_by_itself_after_its_time() -> None:
    breaker = handover.Breaker(seconds=0.05)
    assert not breaker.is_open()
    breaker.trip()
    assert breaker.is_open()
    time.sleep(0.06)
    assert not breaker.is_open()
