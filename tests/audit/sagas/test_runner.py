"""A run ends once, whoever dies on the way: retries, deaths, stolen leases, deadlines, failing closed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.api import Permanent, Transient, body_of_entry
from audit.models import Entry
from audit.sagas.runner import perform_run
from jobs.api import Job, Lease, LeaseLost, drain
from kernel.tenancy import PUBLIC, entered
from tests.audit.sagas.toy import Toy, actions, make_due, raises, states, steal_leases
from tests.database import World

ALL_DONE = ["done"] * 5


class Killed(BaseException):
    """What stands for kill -9: nothing catches it, nothing is written after it."""


@pytest.fixture
def toy(world: World) -> Iterator[Toy]:
    with world.enter("acme"):
        yield Toy()


def test_a_run_does_its_steps_in_order_once_and_signs_each(toy: Toy) -> None:
    run = toy.start()
    assert drain() == 1
    assert toy.diary == ["check", "make", "write make make", "keep", "tell", "note"]
    assert states(run) == ("done", ALL_DONE)
    assert actions(run) == ["check", "make", "keep", "tell", "note"]
    assert run.finished_at is not None
    made = body_of_entry(Entry.objects.get(run_id=run.pk, action="make"))
    assert made["payload"] == {
        "run": run.pk, "attempts": 1, "repeats": 0, "outcome": "done", "result": {"did": "make"}
    }  # fmt: skip


def test_a_run_delivered_again_after_its_end_does_nothing(toy: Toy) -> None:
    run = toy.start()
    drain()
    with entered(PUBLIC):
        Job.objects.update(state="queued", finished_at=None)
    assert drain() == 1
    assert (len(toy.diary), actions(run)) == (6, ["check", "make", "keep", "tell", "note"])


def test_the_job_is_done_in_the_transaction_that_ends_the_run(toy: Toy) -> None:
    run = toy.start()
    drain()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.xmin::text = j.xmin::text, j.state FROM audit_run r, public.jobs_job j WHERE r.id = %s",
            [run.pk],
        )
        assert cursor.fetchall() == [(True, "done")]


def test_an_end_that_is_rolled_back_leaves_the_job_to_be_tried_again(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise RuntimeError("no key to sign with")

    run = toy.start(without=("keep", "tell", "note", "make"))
    with monkeypatch.context() as patched:
        patched.setattr("audit.sagas.runner.sign_step", refuses)
        drain()
    with entered(PUBLIC):
        job = Job.objects.get()
    assert (states(run), job.state, "no key" in job.last_error) == (("running", ["started"]), "queued", True)
    make_due()
    drain()
    with entered(PUBLIC):
        job.refresh_from_db()
    assert (states(run), job.state) == (("done", ["done"]), "done")


def test_a_run_without_a_step_ahead_ends_with_its_job(toy: Toy) -> None:
    run = toy.start(at_once=("check",), without=("keep", "tell", "note", "make"))
    drain()
    with entered(PUBLIC):
        job = Job.objects.get()
    assert (states(run), job.state) == (("done", ["done"]), "done")


def test_who_lost_the_lease_takes_nothing_up(toy: Toy) -> None:
    run = toy.start()
    with entered(PUBLIC):
        job = Job.objects.get()
    with pytest.raises(LeaseLost):
        perform_run(str(run.pk), Lease(job_id=job.pk, token=uuid4(), seconds=30))
    assert (states(run), toy.diary) == (("running", ["waiting"] * 5), [])


def test_taking_up_a_run_is_one_statement(toy: Toy) -> None:
    toy.start(without=("keep", "tell", "note", "make"))
    with CaptureQueriesContext(connection) as told:
        drain()
    assert [
        each["sql"].split("(")[0] for each in told if "take_up" in each["sql"] or "run_v1" in each["sql"]
    ] == ["SELECT take_up_v1"]


def test_leading_steps_done_at_once_are_not_done_again(toy: Toy) -> None:
    run = toy.start(at_once=("check",), without=("keep",))
    assert (states(run), toy.diary) == (("running", ["done", "waiting", "waiting", "waiting"]), [])
    drain()
    assert (states(run), toy.diary) == (("done", ["done"] * 4), ["make", "write make make", "tell", "note"])


def test_a_passing_failure_is_tried_again_and_leaves_one_entry(toy: Toy) -> None:
    toy.faults["make"] = [raises(Transient("slow today", retry_after=600))]
    run = toy.start()
    drain()
    assert states(run)[0] == "running"
    assert run.steps.get(action="make").error == "slow today"
    make_due()
    drain()
    assert states(run) == ("done", ALL_DONE)
    step = run.steps.get(action="make")
    assert (step.attempts, step.repeats, step.error) == (2, 0, "")
    assert actions(run).count("make") == 1


def test_the_other_side_says_when_to_come_back(toy: Toy) -> None:
    toy.faults["make"] = [raises(Transient("busy", retry_after=600))]
    toy.start()
    before = datetime.now(UTC)
    drain()
    with entered(PUBLIC):
        job = Job.objects.get()
    assert (job.state, job.lease) == ("queued", None)
    assert timedelta(seconds=595) < job.due_at - before < timedelta(seconds=610)


def test_a_step_that_would_have_to_wait_beyond_the_deadline_fails_at_once(toy: Toy) -> None:
    toy.deadline = datetime.now(UTC) + timedelta(seconds=60)
    toy.faults["make"] = [raises(Transient("come back tomorrow", retry_after=86_400))]
    run = toy.start()
    drain()
    assert (states(run)[0], run.failure_words) == ("failed", "come back tomorrow")


def test_a_required_step_that_runs_out_of_attempts_fails_closed_and_is_undone_backwards(toy: Toy) -> None:
    toy.faults["keep"] = [raises(Permanent("no room", code="link_unverified"))]
    run = toy.start()
    drain()
    assert toy.diary == [
        "check", "make", "write make make", "keep", "fail link_unverified: no room", "undo keep", "undo make",
    ]  # fmt: skip
    assert states(run) == ("failed", ["done", "undone", "undone", "skipped", "skipped"])
    assert (run.failure_code, run.failure_words) == ("link_unverified", "no room")
    assert actions(run) == ["check", "make", "keep.failed", "keep.undone", "make.undone"]


def test_transient_until_the_attempts_are_used_up_fails_for_good(toy: Toy) -> None:
    toy.faults["make"] = [raises(Transient("down", code="link_unverified"))] * 2
    run = toy.start()
    for _ in range(3):
        make_due()
        drain()
    assert states(run) == ("failed", ["done", "undone", "skipped", "skipped", "skipped"])
    assert toy.diary == ["check", "make", "make", "fail link_unverified: down", "undo make"]


def test_a_step_that_is_not_required_fails_alone(toy: Toy) -> None:
    toy.faults["tell"] = [raises(Permanent("no such mailbox"))]
    run = toy.start()
    drain()
    assert states(run) == ("done", ["done", "done", "done", "failed", "done"])
    assert (run.steps.get(action="tell").error, run.failure_words) == ("no such mailbox", "")
    assert actions(run) == ["check", "make", "keep", "tell.failed", "note"]


@pytest.mark.parametrize("point", ["make", "write make"])
def test_a_worker_killed_after_it_started_is_followed_by_one_that_is_told_so(toy: Toy, point: str) -> None:
    toy.faults[point] = [raises(Killed())]
    run = toy.start()
    with pytest.raises(Killed):
        drain()
    assert states(run) == ("running", ["done", "started", "waiting", "waiting", "waiting"])
    assert drain() == 0, "the lease still stands"
    make_due()
    assert drain() == 1
    assert (states(run), toy.recovered) == (("done", ALL_DONE), ["make"])
    step = run.steps.get(action="make")
    assert (step.attempts, step.repeats, actions(run).count("make")) == (2, 1, 1)


def test_a_fault_of_ours_is_kept_with_the_job_and_tried_again(toy: Toy) -> None:
    toy.faults["make"] = [raises(RuntimeError("a bug"))]
    run = toy.start()
    drain()
    with entered(PUBLIC):
        job = Job.objects.get()
    assert (job.state, job.last_error, states(run)[0]) == ("queued", "RuntimeError: a bug", "running")
    make_due()
    drain()
    assert (states(run), toy.recovered) == (("done", ALL_DONE), ["make"])


@pytest.mark.parametrize(
    ("point", "fault"),
    [("make", None), ("make", Transient("slow")), ("make", Permanent("no")), ("write make", None)],
)
def test_a_worker_that_lost_its_lease_writes_nothing(toy: Toy, point: str, fault: Exception | None) -> None:
    def lose() -> None:
        steal_leases()
        if fault:
            raise fault

    toy.faults[point] = [lose]
    run = toy.start()
    drain()
    assert states(run) == ("running", ["done", "started", "waiting", "waiting", "waiting"])
    assert (actions(run), run.steps.get(action="make").error) == (["check"], "")
    assert [line for line in toy.diary if line.startswith("undo")] == []
    make_due()
    drain()
    assert (states(run), actions(run)) == (("done", ALL_DONE), ["check", "make", "keep", "tell", "note"])


def test_a_worker_that_lost_its_lease_does_not_even_start_the_next_step(toy: Toy) -> None:
    toy.faults["undo make"] = [steal_leases]
    toy.faults["keep"] = [raises(Permanent("no"))]
    run = toy.start()
    drain()
    assert states(run) == ("failing", ["done", "undoing", "undone", "skipped", "skipped"])
    make_due()
    drain()
    assert states(run) == ("failed", ["done", "undone", "undone", "skipped", "skipped"])
    assert actions(run)[-2:] == ["keep.undone", "make.undone"]


def test_past_the_deadline_a_required_step_is_not_even_called(toy: Toy) -> None:
    toy.deadline = datetime.now(UTC) - timedelta(seconds=1)
    run = toy.start()
    drain()
    assert toy.diary == ["fail link_unverified: It took longer than the slot may be held."]
    assert states(run) == ("failed", ["failed", "skipped", "skipped", "skipped", "skipped"])


def test_waiting_long_does_not_use_up_the_attempts_of_the_job(toy: Toy) -> None:
    toy.workflow.steps[1].__dict__["attempts"] = 30
    toy.faults["make"] = [raises(Transient("down"))] * 25 + [raises(RuntimeError("a hiccup"))]
    run = toy.start()
    for _ in range(27):
        make_due()
        drain()
    with entered(PUBLIC):
        assert Job.objects.get().state == "done"
    assert states(run) == ("done", ALL_DONE)
