"""Performing: one claim at a time, by lease; who lost it writes nothing; what fails backs off and is parked."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from jobs import registry
from jobs.api import Job, Later, Lease, LeaseLost, drain, enqueue, handles, perform
from jobs.perform import PARK_AFTER_ATTEMPTS
from kernel.tenancy import current_schema
from tests.database import World

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Done = list[tuple[str, str]]


@pytest.fixture
def done(world: World) -> Iterator[Done]:
    """What the handler of kind "test" saw: (schema, ref); `behave` decides what it does."""
    seen: Done = []

    def perform_test(ref: str, lease: Lease) -> None:
        seen.append((current_schema(), ref))
        BEHAVIOUR.get(ref, lambda lease: None)(lease)

    handles("test")(perform_test)
    with world.enter("acme"):
        yield seen
    registry._handlers.pop("test")
    BEHAVIOUR.clear()


BEHAVIOUR: dict[str, Any] = {}


def put(ref: str = "1", *, kind: str = "test", due_at: datetime | None = None) -> Job:
    with transaction.atomic():
        return Job.objects.get(pk=enqueue(kind, ref=ref, now=NOW, due_at=due_at))


def behaves(ref: str, error: BaseException) -> None:
    def fail(lease: Lease) -> None:
        raise error

    BEHAVIOUR[ref] = fail


def row(job: Job) -> Job:
    job.refresh_from_db()
    return job


def test_a_job_runs_in_its_tenant_and_is_done(done: Done, world: World) -> None:
    job = put()
    with world.enter("northwind"):
        put("2")
        assert drain() == 2
        assert current_schema() == world.northwind
    assert done == [(world.acme, "1"), (world.northwind, "2")]
    assert (row(job).state, job.lease, job.leased_until, job.attempts) == ("done", None, None, 1)
    assert job.finished_at is not None


def test_a_job_delivered_twice_is_performed_once(done: Done) -> None:
    job = put()
    assert [perform(job.pk), perform(job.pk), perform(10**9)] == [True, False, False]
    assert len(done) == 1


def test_eight_deliveries_at_once_perform_it_once(done: Done) -> None:
    job = put()
    gate = threading.Barrier(8)

    def deliver(_: int) -> bool:
        gate.wait(10)
        try:
            return perform(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(deliver, range(8))) == 1
    assert len(done) == 1


def test_a_job_that_is_not_due_is_not_performed(done: Done) -> None:
    job = put(due_at=datetime.now(UTC) + timedelta(hours=1))
    assert (perform(job.pk), drain(), done) == (False, 0, [])


def test_later_gives_the_job_back_until_then_and_is_no_failed_attempt(done: Done) -> None:
    due_at = datetime.now(UTC) + timedelta(minutes=5)
    behaves("1", Later(due_at))
    job = put()
    assert perform(job.pk)
    assert (row(job).state, job.due_at, job.lease, job.handed_at, job.attempts) == (
        "queued",
        due_at,
        None,
        None,
        0,
    )
    assert not perform(job.pk)


def test_a_lease_that_ran_out_is_taken_over_and_the_first_worker_writes_nothing(done: Done) -> None:
    job = put()
    told: list[str] = []

    def slow(lease: Lease) -> None:
        BEHAVIOUR.pop("1")
        Job.objects.filter(pk=job.pk).update(leased_until="2026-01-01T00:00:00Z")
        assert perform(job.pk), "another worker takes over and finishes"
        finished = row(job).finished_at
        with pytest.raises(LeaseLost):
            lease.renew()
        with transaction.atomic(), pytest.raises(LeaseLost):
            lease.check()
        told.append(str(finished))

    BEHAVIOUR["1"] = slow
    perform(job.pk)
    assert (row(job).state, str(job.finished_at), job.attempts, len(done)) == ("done", told[0], 2, 2)


def test_a_worker_that_lost_its_lease_does_not_requeue_what_it_failed_at(done: Done) -> None:
    job = put()

    def slow(lease: Lease) -> None:
        BEHAVIOUR.pop("1")
        Job.objects.filter(pk=job.pk).update(leased_until="2026-01-01T00:00:00Z")
        perform(job.pk)
        raise RuntimeError("too late to matter")

    BEHAVIOUR["1"] = slow
    perform(job.pk)
    assert (row(job).state, job.last_error) == ("done", "")


def test_a_lease_lasts_as_long_as_it_says_and_is_renewed(done: Done, settings: Settings) -> None:
    settings.HOLDFAST_LEASE_SECONDS = 40
    job = put()
    left: list[float] = []

    def look(lease: Lease) -> None:
        Job.objects.filter(pk=job.pk).update(leased_until=Now() + timedelta(seconds=3))
        lease.renew()
        left.append((row(job).leased_until - datetime.now(UTC)).total_seconds())  # type: ignore[operator]
        assert (perform(job.pk), drain()) == (False, 0)

    BEHAVIOUR["1"] = look
    perform(job.pk)
    assert 35 < left[0] <= 40.5


def test_a_failure_backs_off_longer_each_time_and_is_parked_in_the_end(done: Done) -> None:
    behaves("1", RuntimeError("always"))
    job = put()
    waits = []
    for _ in range(PARK_AFTER_ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(due_at=Now())
        before = datetime.now(UTC)
        assert perform(job.pk)
        waits.append(round((row(job).due_at - before).total_seconds()))
    assert waits[:9] == [2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert (job.state, job.last_error, job.lease, len(done)) == ("parked", "RuntimeError: always", None, 20)
    Job.objects.filter(pk=job.pk).update(due_at=Now())
    assert (perform(job.pk), drain()) == (False, 0)


def test_a_kind_that_nobody_performs_is_kept_with_its_reason(done: Done) -> None:
    job = put(kind="of another version")
    drain()
    assert (row(job).state, job.attempts, job.last_error) == (
        "queued", 1, "RuntimeError: Nothing here performs jobs of kind 'of another version'.",
    )  # fmt: skip


def test_one_kind_has_one_handler(done: Done) -> None:
    with pytest.raises(RuntimeError, match="Two handlers"):
        handles("test")(lambda ref, lease: None)


def test_a_lease_is_kept_by_a_statement_once_a_quarter_of_its_time_has_passed(done: Done) -> None:
    def work(lease: Lease) -> None:
        for passed, statements in ((0.0, 0), (lease.seconds / 4 + 1, 1), (0.0, 0)):
            lease.renewed_at -= passed
            with CaptureQueriesContext(connection) as asked:
                lease.keep()
            assert len(asked) == statements

    BEHAVIOUR["keeps"] = work
    job = put("keeps")
    assert perform(job.pk) is True
    assert (row(job).state, len(done)) == ("done", 1)


def test_a_lease_of_somebody_else_is_no_lease(done: Done) -> None:
    job = put()
    with pytest.raises(LeaseLost):
        Lease(job_id=job.pk, token=uuid4(), seconds=30).renew()
