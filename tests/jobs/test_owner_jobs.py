"""Jobs that need the owner's database role: only the process that has it performs them, and no broker hears of them."""

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from holdfast import owner_jobs
from jobs import handover, registry
from jobs.api import Job, drain, enqueue, handles, perform, perform_owner_jobs, relay_once
from kernel.postgres.role import speak_as
from tests.database import World

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def roles(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The database role that each performance spoke as; the broker takes nothing."""
    seen: list[str] = []

    def notice(ref: str, lease: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            seen.append(str(cursor.fetchone()[0]))

    def refuse(job_id: int) -> bool:
        raise AssertionError(f"job {job_id} was handed to the broker")

    handles("owner:test")(notice)
    monkeypatch.setattr(handover, "send", refuse)
    monkeypatch.setattr("jobs.relay.send", refuse)
    with world.enter("acme"), transaction.atomic():
        enqueue("owner:test", ref="1", now=NOW)
    yield seen
    registry._handlers.pop("owner:test")


def test_no_worker_and_no_relay_touches_them(roles: list[str]) -> None:
    job = Job.objects.get(kind="owner:test")
    assert (relay_once(), drain(), perform(job.pk)) == (0, 0, False)
    job.refresh_from_db()
    assert (roles, job.state, job.attempts) == ([], Job.State.QUEUED, 0)


def test_whoever_speaks_as_the_owner_performs_them_once(world: World, roles: list[str]) -> None:
    with world.as_owner():
        assert (perform_owner_jobs(), perform_owner_jobs()) == (1, 0)
    assert roles == ["holdfast_owner"]


def test_the_owner_leaves_the_others_alone(world: World, roles: list[str]) -> None:
    Job.objects.all().delete()
    with world.enter("acme"), transaction.atomic():
        enqueue("run", ref="0", now=NOW, due_at=NOW)
    with world.as_owner():
        assert perform_owner_jobs() == 0


def test_the_clock_speaks_as_the_owner_in_that_thread_only(world: World) -> None:
    shared = connection.settings_dict
    try:
        speak_as(world.owner_url(), only_here=True)
        assert connection.settings_dict["USER"] == "holdfast_owner"
        assert shared["USER"] == "holdfast_app"
    finally:
        connection.close()
        connection.settings_dict = shared


def test_the_clock_knows_the_pages_addresses_before_its_first_job(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """An onboarding ends with a look at the new page: loading every view for it took half a second."""
    begun = threading.Event()
    known: list[bool] = []

    def work() -> None:
        known.append(settings.ROOT_URLCONF in sys.modules)
        begun.set()

    settings.OWNER_DATABASE_URL = "postgresql://owner@127.0.0.1/none"
    monkeypatch.setattr(owner_jobs, "_work", work)
    monkeypatch.delitem(sys.modules, settings.ROOT_URLCONF, raising=False)
    assert owner_jobs.begin()
    assert begun.wait(10)
    assert known == [True]
