"""What ran: runs and their steps as people read them. Two queries a page, however many runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, OuterRef, Prefetch, Q, QuerySet, Subquery

from audit.ledger.entries import Actor
from audit.models import Entry, Run
from audit.models import Step as StepRow
from audit.sagas.actions import Irreversible, NoEffect
from audit.sagas.workflows import workflow_named


@dataclass(frozen=True)
class StepView:
    """One step. `undo` is full, correct or none; `because` says why not full. Durations in milliseconds."""

    id: int
    position: int
    action: str
    sentence: str
    state: str
    attempts: int
    repeats: int
    duration_ms: int | None
    entry_seq: int | None
    error: str
    undo: str
    because: str
    own_undo: bool


@dataclass(frozen=True)
class RunView:
    """One run, newest first in a list. `entry_seq` is its last signed entry, `payload` the ids that it was given.

    `undone_by` is the run that undoes it, `is_undone` whether that is done; `undo_failed` the last one that was to and
    failed, `undo_failed_words` why.
    """

    id: int
    workflow: str
    sentence: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    subject: str
    payload: Mapping[str, Any]
    actor: Actor
    failure_words: str
    reversible: bool
    reverses: int | None
    undone_by: int | None
    is_undone: bool
    undo_failed: int | None
    undo_failed_words: str
    entry_seq: int | None
    steps: tuple[StepView, ...]


def runs(
    *,
    limit: int = 50,
    before: int | None = None,
    subject: str | Sequence[str] | None = None,
    workflow: str | None = None,
) -> tuple[RunView, ...]:
    """Return runs, newest first; `before` is the id of the last one seen; `subject` narrows to some meetings."""
    rows = _with_reversals(Run.objects.all()).prefetch_related(
        Prefetch("steps", StepRow.objects.order_by("position"))
    )
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if subject is not None:
        rows = rows.filter(subject__in=[subject] if isinstance(subject, str) else subject)
    if workflow is not None:
        rows = rows.filter(workflow=workflow)
    return _views(rows.order_by("-pk")[:limit])


@dataclass(frozen=True)
class RecentRuns:
    """What ran since an instant: how many runs, how many of them failed, and the newest ones."""

    total: int
    failed: int
    newest: tuple[RunView, ...]


def recent_runs(
    *, since: datetime, limit: int = 5, subjects: Collection[str] | None = None, failed_only: bool = False
) -> RecentRuns:
    """Return what started at `since` or later, newest first; `subjects` narrows to these. Four queries.

    A run that was undone is no failure to look after any more, nor is an undo that was tried again, so `failed_only`
    leaves them out.
    """
    rows = Run.objects.filter(started_at__gte=since)
    if subjects is not None:
        rows = rows.filter(subject__in=subjects)
    if failed_only:
        undone = _reversing().values("reverses")
        rows = rows.filter(state=Run.State.FAILED).exclude(pk__in=undone).exclude(reverses__in=undone)
    counts = rows.aggregate(total=Count("pk"), failed=Count("pk", filter=Q(state=Run.State.FAILED)))
    newest = _with_reversals(rows).prefetch_related("steps").order_by("-pk")[:limit]
    return RecentRuns(total=counts["total"], failed=counts["failed"], newest=_views(newest))


def get_run(run_id: int) -> RunView:
    """Return one run; raises `Run.DoesNotExist`."""
    run = _with_reversals(Run.objects.all()).prefetch_related("steps").get(pk=run_id)
    return _views([run])[0]


def get_step(step_id: int) -> StepRow:
    """Return one step with its run; raises `Step.DoesNotExist`."""
    return StepRow.objects.select_related("run").get(pk=step_id)


def latest_run(*subjects: str, workflow: str, **payload: object) -> Run | None:
    """Return the newest run of a workflow about one of `subjects` whose payload holds these ids, with its steps."""
    wanted = {f"payload__{name}": value for name, value in payload.items()}
    found = Run.objects.filter(subject__in=subjects, workflow=workflow, **wanted)
    return found.prefetch_related("steps").order_by("-pk").first()


def reversal_of(run: Run) -> Run:
    """Return the run that undoes it; raises `Run.DoesNotExist`. Those that failed have undone nothing."""
    return run.reversals.exclude(state=Run.State.FAILED).get()


def _reversing() -> QuerySet[Run]:
    return Run.objects.filter(reverses__isnull=False).exclude(state=Run.State.FAILED)


def _with_reversals(rows: QuerySet[Run]) -> QuerySet[Run]:
    """Add `undone_by` and its state, and of the last reversal that failed its key and words, in the same query."""
    failed = Run.objects.filter(reverses=OuterRef("pk"), state=Run.State.FAILED).order_by("-pk")
    undoing = _reversing().filter(reverses=OuterRef("pk"))
    return rows.annotate(
        undone_by=Subquery(undoing.values("pk")),
        undoing=Subquery(undoing.values("state")),
        undo_failed=Subquery(failed.values("pk")[:1]),
        undo_failed_words=Subquery(failed.values("failure_words")[:1]),
    )


def _views(rows: Iterable[Run]) -> tuple[RunView, ...]:
    found = list(rows)
    entries = Entry.objects.filter(run_id__in=[run.pk for run in found])
    of_steps: dict[int, int] = {}
    of_runs: dict[int, int] = {}
    for run_id, step_id, seq in entries.values_list("run_id", "step_id").annotate(last=Max("seq")):
        of_runs[run_id] = max(seq, of_runs.get(run_id, 0))
        if step_id is not None:
            of_steps[step_id] = seq
    return tuple(_view(run, of_runs.get(run.pk), of_steps) for run in found)


def _view(run: Run, entry_seq: int | None, of_steps: dict[int, int]) -> RunView:
    reversals = vars(run)  # what _with_reversals added
    undone_by: int | None = reversals["undone_by"]
    return RunView(
        id=run.pk,
        workflow=run.workflow,
        sentence=workflow_named(run.workflow).sentence(run),
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        subject=run.subject,
        payload=run.payload,
        actor=Actor(type=run.actor_type, id=run.actor_id),  # type: ignore[arg-type]
        failure_words=run.failure_words,
        reversible=run.state == Run.State.DONE and undone_by is None and _has_effect(run),
        reverses=run.reverses_id,
        undone_by=undone_by,
        is_undone=reversals["undoing"] == Run.State.DONE,
        undo_failed=reversals["undo_failed"],
        undo_failed_words=reversals["undo_failed_words"] or "",
        entry_seq=entry_seq,
        steps=tuple(_step_view(run, row, of_steps.get(row.pk)) for row in run.steps.all()),
    )


def _has_effect(run: Run) -> bool:
    """Say whether there is anything to take back: a run of checks only has no Undo."""
    workflow = workflow_named(run.workflow)
    return any(not isinstance(workflow.step(row.action).action.undo, NoEffect) for row in run.steps.all())


def _step_view(run: Run, row: StepRow, entry_seq: int | None) -> StepView:
    step = workflow_named(run.workflow).step(row.action)
    undo = step.action.undo
    took = (row.finished_at - row.started_at) if row.finished_at and row.started_at else None
    kind, because = "full", ""
    if isinstance(undo, NoEffect):
        kind, because = "none", "It was a check: there is nothing to take back."
    elif isinstance(undo, Irreversible):
        kind, because = ("correct" if undo.correct else "none"), undo.because
    return StepView(
        id=row.pk,
        position=row.position,
        action=row.action,
        sentence=step.action.sentence,
        state=row.state,
        attempts=row.attempts,
        repeats=row.repeats,
        duration_ms=round(took.total_seconds() * 1000) if took else None,
        entry_seq=entry_seq,
        error=row.error,
        undo=kind,
        because=because,
        own_undo=step.own_undo,
    )
