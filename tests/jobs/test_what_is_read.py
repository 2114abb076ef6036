"""Looking for work reads what waits now: neither what lies ahead (reminders) nor what is done; and that is pruned."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import relay
from jobs.api import Job, backlog, drain, perform_owner_jobs, prune_jobs, relay_once, waiting_refs
from kernel.tenancy import current_schema
from tests.database import World

NOW = datetime.now(UTC)
AHEAD, DONE, PARKED = 300, 400, 2


@pytest.fixture
def acme(world: World) -> Iterator[World]:
    """A business with many reminders ahead and a long history; its table is large enough for an index to matter."""
    with world.enter("acme"):
        put(AHEAD, due_at=NOW + timedelta(days=3))
        put(DONE, state="done", finished_at=NOW - timedelta(days=1))
        put(PARKED, state="parked")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE public.jobs_job")
        yield world


def put(number: int, **values: Any) -> None:
    known = {"schema": current_schema(), "kind": "remind", "due_at": NOW, "created_at": NOW, **values}
    Job.objects.bulk_create(Job(ref=str(each), **known) for each in range(number))


def rows_read(look: Callable[[], object]) -> int:
    """Return how many rows of the jobs' table the statements of a look read, those that it threw away included."""
    with CaptureQueriesContext(connection) as told:
        look()
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for each in told:
            if each["sql"].startswith("SELECT") and "jobs_job" in each["sql"]:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {each['sql']}")
                (found,) = cursor.fetchone()
                plans.append((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])
        cursor.execute("RESET enable_seqscan")
    assert plans, "the look asked nothing"
    return sum(map(_read, plans))


def _read(plan: dict[str, Any]) -> int:
    own = 0
    if plan.get("Relation Name") == "jobs_job":
        own = round(plan["Actual Rows"] * plan["Actual Loops"]) + round(plan.get("Rows Removed by Filter", 0))
    return own + sum(map(_read, plan.get("Plans", ())))


@pytest.mark.parametrize("look", [relay_once, drain, perform_owner_jobs])
def test_nobody_who_looks_for_due_jobs_reads_those_ahead(acme: World, look: Callable[[], object]) -> None:
    assert rows_read(look) == 0


def test_the_health_check_reads_what_is_late_and_what_was_given_up(acme: World) -> None:
    put(1, due_at=NOW - timedelta(minutes=7))
    assert rows_read(lambda: backlog(NOW)) <= 1 + PARKED
    found = backlog(NOW)
    assert (found.oldest_age, found.parked) == (timedelta(minutes=7), PARKED)


def test_the_fixer_reads_no_history(acme: World) -> None:
    assert rows_read(waiting_refs) <= AHEAD + PARKED
    assert len(waiting_refs()) == AHEAD


def test_what_was_done_a_week_ago_is_deleted_and_nothing_else(
    acme: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "PRUNED_AT_ONCE", 3)
    put(7, state="done", finished_at=NOW - timedelta(days=7, seconds=1))
    put(1, due_at=NOW - timedelta(days=30))
    assert (prune_jobs(now=NOW), prune_jobs(now=NOW)) == (7, 0)
    assert Job.objects.count() == AHEAD + DONE + PARKED + 1
