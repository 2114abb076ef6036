"""The relay hands on what the direct way missed and what a dead worker left, through a real Valkey."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.db import connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from holdfast.embedded.ports import free_port
from holdfast.embedded.valkey import server_binary
from jobs import broker as brokers
from jobs import handover, relay
from jobs.api import Job, enqueue, relay_once
from kernel.tenancy import entered
from tests.database import World
from tests.patience import PATIENCE

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey on loopback; its address."""
    port = free_port()
    folder = tmp_path_factory.mktemp("valkey")
    command = [server_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}/0"
    deadline = time.monotonic() + 20 * PATIENCE
    while True:
        try:
            redis.Redis.from_url(url).ping()
            break
        except redis.ConnectionError:
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
    yield url
    server.terminate()
    server.wait(10 * PATIENCE)


@pytest.fixture
def carried(valkey: str, settings: Settings, world: World) -> Iterator[list[int]]:
    """Look at the ids that the broker has been given: call `len`, compare; newest last."""
    settings.BROKER_URL = valkey
    brokers.broker.cache_clear()
    handover.breaker.reset()
    client = redis.Redis.from_url(valkey)
    client.flushall()
    with world.enter("acme"):
        yield _Carried(client)
    brokers.broker.cache_clear()


class _Carried(list[int]):
    """The ids in the broker's queue, read anew at each comparison."""

    def __init__(self, client: "redis.Redis") -> None:
        super().__init__()
        self._client = client

    def now(self) -> list[int]:
        """Return the ids, oldest first."""

        queued = self._client.lrange("holdfast:holdfast", 0, -1)
        messages = self._client.hgetall("holdfast:holdfast.msgs")
        return sorted(json.loads(messages[key])["args"][0] for key in queued)


def put(*, due_at: datetime | None = None) -> Job:
    with transaction.atomic():
        return Job.objects.get(pk=enqueue("test", ref="1", now=datetime.now(UTC), due_at=due_at))


def seconds_ago(job: Job, **columns: int) -> None:
    """Set instants of a job to so many seconds ago, by the database's clock."""
    ages = {name: Now() - timedelta(seconds=seconds) for name, seconds in columns.items()}
    Job.objects.filter(pk=job.pk).update(**ages)


def test_a_job_goes_to_the_broker_after_its_commit_and_the_relay_leaves_it_alone(carried: _Carried) -> None:
    with transaction.atomic():
        job = Job.objects.get(pk=enqueue("test", ref="1", now=datetime.now(UTC)))
        assert carried.now() == []
    assert (carried.now(), relay_once()) == ([job.pk], 0)


def test_the_relay_hands_on_what_became_due(carried: _Carried) -> None:
    job, not_yet = put(due_at=NOW + timedelta(days=36500)), put(due_at=NOW + timedelta(days=36500))
    assert (relay_once(), carried.now()) == (0, [])
    seconds_ago(job, due_at=1)
    assert (relay_once(), carried.now()) == (1, [job.pk])
    assert (relay_once(), Job.objects.get(pk=not_yet.pk).handed_at) == (0, None)


def test_the_relay_hands_on_again_what_the_broker_lost(carried: _Carried) -> None:
    job = put()
    seconds_ago(job, due_at=20, handed_at=9)
    assert relay_once() == 0
    seconds_ago(job, handed_at=11)
    assert (relay_once(), relay_once()) == (1, 0)


def test_while_the_broker_holds_many_ids_nothing_is_handed_on_twice(
    carried: _Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 2)
    waiting, lost = put(), put()
    seconds_ago(lost, due_at=60, handed_at=30)
    assert len(carried.now()) == 2
    assert relay_once() == 0, "it may be one of those that wait"
    missed = put()
    seconds_ago(missed, due_at=5)
    Job.objects.filter(pk=missed.pk).update(handed_at=None)
    assert relay_once() == 1, "what was never handed on goes at once"
    carried._client.flushall()
    assert (relay_once(), carried.now()) == (1, [lost.pk])
    assert waiting.pk not in carried.now()


def test_the_relay_hands_on_what_a_dead_worker_held(carried: _Carried) -> None:
    job = put()
    Job.objects.filter(pk=job.pk).update(
        state="leased",
        lease="00000000-0000-4000-8000-000000000000",
        leased_until=Now() + timedelta(seconds=30),
    )
    seconds_ago(job, handed_at=40)
    assert relay_once() == 0
    seconds_ago(job, leased_until=1)
    assert (relay_once(), relay_once()) == (1, 0)


@pytest.mark.parametrize("state", ["done", "parked"])
def test_the_relay_leaves_what_has_ended(carried: _Carried, state: str) -> None:
    job = put()
    Job.objects.filter(pk=job.pk).update(state=state)
    seconds_ago(job, handed_at=60, due_at=60)
    assert relay_once() == 0


def test_two_relays_do_not_hand_on_the_same_job(carried: _Carried, world: World) -> None:
    jobs = [put() for _ in range(3)]
    for job in jobs:
        seconds_ago(job, due_at=60, handed_at=30)
    carried._client.flushall()
    with transaction.atomic():
        list(Job.objects.select_for_update().filter(pk=jobs[0].pk))
        with world.app("acme") as other, other.transaction():
            taken = other.execute(
                "SELECT id FROM jobs_job WHERE id <> %s FOR UPDATE SKIP LOCKED", [jobs[1].pk]
            ).fetchall()
            assert [row[0] for row in taken] == [jobs[2].pk]
            assert relay_once() == 2, "one is another relay's; ours are this connection's own"
    assert carried.now() == [jobs[0].pk, jobs[1].pk]


def test_the_relay_works_whatever_tenant_the_connection_is_in(carried: _Carried, world: World) -> None:
    job = put()
    seconds_ago(job, due_at=60, handed_at=30)
    with entered(world.northwind):
        assert relay_once() == 1
    assert connection.schema_name == world.acme  # type: ignore[attr-defined]  # the wrapped backend


def test_the_relay_speaks_to_the_broker_outside_its_transaction(
    carried: _Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [put() for _ in range(3)]
    for number, job in enumerate(jobs):
        seconds_ago(job, due_at=60 - number, handed_at=30)
    seen: list[bool] = []

    def takes_one(job_id: int) -> bool:
        seen.append(connection.in_atomic_block)
        return job_id == jobs[0].pk

    monkeypatch.setattr("jobs.relay.send", takes_one)
    assert (relay_once(), seen) == (1, [False, False])
    handed = {job.pk: Job.objects.get(pk=job.pk).handed_at is not None for job in jobs}
    assert list(handed.values()) == [True, False, False]


def test_a_broker_that_does_not_say_what_it_holds_is_handed_the_job_again(
    carried: _Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> int:
        raise OSError("no answer")

    monkeypatch.setattr(relay, "waiting_ids", refuses)
    job = put()
    seconds_ago(job, due_at=60, handed_at=30)
    assert (relay_once(), relay_once()) == (1, 0)
