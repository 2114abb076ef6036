"""Undo, by failing closed and by button: retried, resumed, never twice, and a mail is corrected, not unsent."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection

from audit.api import (
    Outcome,
    Permanent,
    Run,
    Transient,
    UndoPreview,
    UndoRefused,
    get_run,
    get_step,
    reversal_of,
    undo_preview,
    undo_run,
    undo_step,
    undo_step_preview,
    verify_ledger,
    write_checkpoints,
)
from audit.models import Entry
from audit.sagas.undoing import UNDO_ATTEMPTS
from jobs.api import Job, drain
from kernel.tenancy import entered
from tests.audit.sagas.toy import OWNER, Toy, actions, make_due, raises, states, steal_leases
from tests.database import World


@pytest.fixture
def toy(world: World) -> Iterator[Toy]:
    with world.enter("acme"):
        yield Toy()


def now() -> datetime:
    return datetime.now(UTC)


def test_an_undo_that_fails_for_now_is_tried_again_before_earlier_ones(toy: Toy) -> None:
    toy.faults = {
        "keep": [raises(Permanent("no"))],
        "undo keep": [raises(Transient("down", retry_after=600))],
    }
    run = toy.start()
    drain()
    assert (states(run)[1], toy.diary[-1]) == (["done", "done", "undoing", "skipped", "skipped"], "undo keep")
    make_due()
    drain()
    assert toy.diary[-3:] == ["undo keep", "undo keep", "undo make"]
    assert (states(run)[0], toy.recovered) == ("failed", ["undo keep"])


def test_the_step_that_failed_keeps_its_reason_when_it_is_undone(toy: Toy) -> None:
    toy.faults = {"keep": [raises(Permanent("no"))], "undo keep": [raises(Transient("down"))]}
    run = toy.start()
    drain()
    make_due()
    drain()
    assert states(run)[1] == ["done", "undone", "undone", "skipped", "skipped"]
    assert [run.steps.get(action=name).error for name in ("make", "keep")] == ["", "no"]


@pytest.mark.parametrize("error", [Permanent("never"), Transient("down")])
def test_an_undo_that_fails_for_good_is_said_and_the_others_go_on(toy: Toy, error: Exception) -> None:
    toy.faults = {"keep": [raises(Permanent("no"))], "undo keep": [raises(error)] * UNDO_ATTEMPTS}
    run = toy.start()
    for _ in range(UNDO_ATTEMPTS + 1):
        make_due()
        drain()
    assert states(run) == ("failed", ["done", "undone", "undo_failed", "skipped", "skipped"])
    assert run.steps.get(action="keep").error == str(error)
    assert actions(run)[-2:] == ["keep.undo_failed", "make.undone"]


def test_a_worker_that_lost_its_lease_writes_no_error_of_an_undo(toy: Toy) -> None:
    def lose() -> None:
        steal_leases()
        raise Transient("seen by the one who lost")

    toy.faults = {"keep": [raises(Permanent("no"))], "undo keep": [lose]}
    run = toy.start()
    drain()
    assert (states(run)[1][2], run.steps.get(action="keep").error) == ("undoing", "no")


def done(toy: Toy) -> Run:
    run = toy.start()
    drain()
    toy.diary.clear()
    return run


def test_a_step_that_nothing_rests_on_is_undone_by_itself(toy: Toy) -> None:
    run = done(toy)
    step = run.steps.get(action="note")
    assert undo_step_preview(get_step(step.pk)) == UndoPreview(
        possible=True, consequences=("note is taken back.",)
    )
    undo_step(step.pk, actor=OWNER, now=now())
    assert undo_step_preview(get_step(step.pk)).because == "It is being undone at this moment."
    drain()
    assert (toy.diary, states(run)) == (["undo note"], ("done", ["done", "done", "done", "done", "undone"]))
    assert actions(run)[-2:] == ["note.undo_asked", "note.undone"]
    asked, undone = Entry.objects.filter(step_id=step.pk).order_by("-seq")[:2][::-1]
    assert undone.reverses == Entry.objects.get(step_id=step.pk, action="note").seq
    assert asked.reverses is None


def test_a_step_is_undone_once(toy: Toy) -> None:
    step = done(toy).steps.get(action="note")
    undo_step(step.pk, actor=OWNER, now=now())
    for because in ("It is being undone at this moment.", "It was undone already."):
        with pytest.raises(UndoRefused) as refused:
            undo_step(step.pk, actor=OWNER, now=now())
        assert refused.value.words == because
        drain()
    assert toy.diary == ["undo note"]


def test_two_clicks_at_once_undo_a_step_once(toy: Toy, world: World) -> None:
    step = done(toy).steps.get(action="note")

    def click(_: int) -> bool:
        try:
            with entered(world.acme):
                undo_step(step.pk, actor=OWNER, now=now())
        except UndoRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as clicks:
        assert sorted(clicks.map(click, range(4))) == [False, False, False, True]
    assert (drain(), toy.diary) == (1, ["undo note"])


def test_an_undo_step_delivered_again_does_nothing(toy: Toy) -> None:
    step = done(toy).steps.get(action="note")
    undo_step(step.pk, actor=OWNER, now=now())
    drain()
    Job.objects.filter(kind="undo_step").update(state="queued")
    drain()
    assert toy.diary == ["undo note"]


def test_what_was_said_is_corrected_and_never_called_undone(toy: Toy) -> None:
    run = done(toy)
    step = run.steps.get(action="tell")
    assert undo_step_preview(get_step(step.pk)) == UndoPreview(
        possible=True, consequences=("A correction is sent.",), because="Said is said."
    )
    undo_step(step.pk, actor=OWNER, now=now())
    drain()
    assert toy.diary == ["correct"]
    assert actions(run)[-2:] == ["tell.undo_asked", "tell.corrected"]
    assert Entry.objects.get(action="tell.corrected").reverses is None


def test_a_step_that_could_not_be_undone_says_so_afterwards(toy: Toy) -> None:
    step = done(toy).steps.get(action="note")
    toy.faults["undo note"] = [raises(Permanent("The server refuses."))]
    undo_step(step.pk, actor=OWNER, now=now())
    drain()
    assert undo_step_preview(get_step(step.pk)).because == (
        "Undoing it was tried and did not work: The server refuses."
    )


@pytest.mark.parametrize(
    ("action", "offers_run", "because"),
    [
        ("check", False, "It was a check: there is nothing to take back."),
        ("make", True, "What came after rests on it, so it is undone together with the whole run."),
    ],
)
def test_what_a_later_step_rests_on_is_refused_and_the_run_is_offered(
    toy: Toy, action: str, offers_run: bool, because: str
) -> None:
    step = done(toy).steps.get(action=action)
    assert undo_step_preview(get_step(step.pk)) == UndoPreview(
        possible=False, offers_run=offers_run, because=because
    )
    with pytest.raises(UndoRefused, match=because):
        undo_step(step.pk, actor=OWNER, now=now())
    assert (drain(), toy.diary) == (0, [])


def test_a_run_is_undone_once_by_a_run_that_names_it(toy: Toy) -> None:
    run = done(toy)
    undoing = undo_run(run.pk, actor=OWNER, now=now())
    assert undoing.reverses_id == run.pk
    with pytest.raises(UndoRefused, match="It was undone already"):
        undo_run(run.pk, actor=OWNER, now=now())
    drain()
    last = Entry.objects.filter(run_id=run.pk).order_by("-seq")[0]
    assert list(Entry.objects.filter(run_id=undoing.pk).order_by("seq").values_list("reverses", flat=True)) == [
        last.seq, None, None, None, None,
    ]  # fmt: skip


def test_two_clicks_at_once_undo_a_run_once(toy: Toy, world: World) -> None:
    run = done(toy)

    def click(_: int) -> str:
        try:
            with entered(world.acme):
                undo_run(run.pk, actor=OWNER, now=now())
        except UndoRefused as refused:
            return refused.words
        finally:
            connection.close()
        return "undone"

    with ThreadPoolExecutor(4) as clicks:
        assert sorted(clicks.map(click, range(4))) == [*["It was undone already."] * 3, "undone"]
    assert Run.objects.filter(reverses=run).count() == 1


def test_an_undo_that_failed_has_undone_nothing_and_is_tried_again(toy: Toy, world: World) -> None:
    run = done(toy)
    run.refresh_from_db()
    toy.faults["make"] = [raises(Permanent("The provider refuses."))]
    first = undo_run(run.pk, actor=OWNER, now=now())
    assert (get_run(run.pk).undone_by, get_run(run.pk).reversible) == (first.pk, False)
    assert not get_run(run.pk).is_undone
    drain()
    seen = get_run(run.pk)
    assert (states(first)[0], seen.undone_by, seen.reversible) == ("failed", None, True)
    assert (seen.undo_failed, seen.undo_failed_words) == (first.pk, "The provider refuses.")
    assert get_run(first.pk).reverses == run.pk
    assert undo_preview(run, now=now()).possible
    second = undo_run(run.pk, actor=OWNER, now=now())
    drain()
    assert (states(second)[0], get_run(run.pk).undone_by) == ("done", second.pk)
    assert get_run(run.pk).is_undone
    assert reversal_of(run) == second
    with pytest.raises(UndoRefused, match="It was undone already"):
        undo_run(run.pk, actor=OWNER, now=now())
    last = Entry.objects.filter(run_id=run.pk).order_by("-seq")[0].seq
    for each in (first, second):  # both say what they were to take back, and the chain holds
        assert Entry.objects.filter(run_id=each.pk).order_by("seq")[0].reverses == last
    write_checkpoints(now())
    report = verify_ledger(world.acme, now=now())
    assert report.outcome == Outcome.OK, report.words


def test_a_run_is_reversed_by_one_run_at_a_time_whoever_writes_it(toy: Toy) -> None:
    run = done(toy)
    toy.start(reverses=run)
    with pytest.raises(IntegrityError, match="audit_run_reversed_once"):
        toy.start(reverses=run)


def test_a_run_that_runs_or_failed_is_not_undone(toy: Toy) -> None:
    run = toy.start()
    assert undo_preview(run, now=now()).because == "It is still running. Wait until it has ended."
    toy.faults["make"] = [raises(Permanent("no"))]
    drain()
    run.refresh_from_db()
    because = "It failed, and what it had started was taken back by itself."
    assert undo_preview(run, now=now()) == UndoPreview(possible=False, because=because)
    with pytest.raises(UndoRefused, match="It failed"):
        undo_run(run.pk, actor=OWNER, now=now())
