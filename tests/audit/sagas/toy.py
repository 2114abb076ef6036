"""A workflow of three made-up steps whose every doing is written down, and whose faults a test chooses."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.api import (
    Action,
    Actor,
    Irreversible,
    NoEffect,
    Run,
    Step,
    StepContext,
    Undo,
    UndoPreview,
    Workflow,
    register_workflow,
    start_run,
)
from audit.models import Entry
from jobs.api import Job
from kernel.tenancy import PUBLIC, entered

OWNER = Actor(type="user", id="1")
_numbers = count(1)


@dataclass
class Toy:
    """The workflow and its diary. `faults` maps "check", "make", "keep", "tell" or "undo make" … to what happens
    instead; a fault is used up one by one."""

    diary: list[str] = field(default_factory=list)
    faults: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    recovered: list[str] = field(default_factory=list)
    deadline: datetime | None = None
    workflow: Workflow = field(init=False)

    def __post_init__(self) -> None:
        """Register the workflow under a name of its own."""
        self.workflow = register_workflow(
            Workflow(
                name=f"toy{next(_numbers)}",
                steps=(
                    Step(Action("check", "Checked", NoEffect(), call=self._does("check")), required=True),
                    Step(
                        Action(
                            "make",
                            "Made",
                            self._undo("make"),
                            call=self._does("make"),
                            write=self._writes("make"),
                        ),
                        required=True,
                        attempts=2,
                        back_off=0.01,
                    ),
                    Step(Action("keep", "Kept", self._undo("keep"), call=self._does("keep")), required=True),
                    Step(
                        Action(
                            "tell",
                            "Told",
                            Irreversible("Said is said.", "A correction is sent.", self._does("correct")),
                            call=self._does("tell"),
                        ),
                        attempts=2,
                        back_off=0.01,
                        own_undo=True,
                    ),
                    Step(
                        Action("note", "Noted", self._undo("note"), call=self._does("note")),
                        attempts=2,
                        back_off=0.01,
                        own_undo=True,
                    ),
                ),
                sentence=lambda run: f"Toy {run.pk}",
                preview=lambda run, now: UndoPreview(possible=True, consequences=("It runs backwards.",)),
                undo=self._reverse,
                fail=lambda context, code, words: self.diary.append(f"fail {code}: {words}"),
                deadline=lambda payload: self.deadline,
            )
        )

    def start(self, **options: Any) -> Run:
        """Start a run in a transaction of its own."""
        with transaction.atomic():
            return start_run(
                self.workflow, subject="test:1", payload={}, actor=OWNER, now=datetime.now(UTC), **options
            )

    def _reverse(self, run: Run, actor: Actor, now: datetime) -> Run:
        return start_run(self.workflow, subject="test:1", payload={}, actor=actor, now=now, reverses=run)

    def _undo(self, name: str) -> Undo:
        return Undo(f"{name} is taken back.", call=self._does(f"undo {name}"))

    def _does(self, name: str) -> Callable[[StepContext], dict[str, Any]]:
        def call(context: StepContext) -> dict[str, Any]:
            self.diary.append(name)
            if context.recovered:
                self.recovered.append(name)
            if self.faults.get(name):
                self.faults[name].pop(0)()
            return {"did": name}

        return call

    def _writes(self, name: str) -> Callable[[StepContext], None]:
        def write(context: StepContext) -> None:
            self.diary.append(f"write {name} {context.result['did']}")
            if self.faults.get(f"write {name}"):
                self.faults[f"write {name}"].pop(0)()

        return write


def raises(error: BaseException) -> Callable[[], None]:
    """Return a fault that raises."""

    def fault() -> None:
        raise error

    return fault


def make_due() -> None:
    """Let every waiting job be due, and every lease have run out, as if the time had passed."""
    with entered(PUBLIC):
        Job.objects.filter(state="queued").update(due_at=Now())
        Job.objects.filter(state="leased").update(leased_until="2026-01-01T00:00:00Z")


def steal_leases() -> None:
    """Give every lease to another worker."""
    with entered(PUBLIC):
        Job.objects.filter(state="leased").update(lease="00000000-0000-4000-8000-000000000000")


def states(run: Run) -> tuple[str, list[str]]:
    """Return a run's state and its steps', as the database has them."""
    run.refresh_from_db()
    return run.state, list(run.steps.values_list("state", flat=True))


def actions(run: Run) -> list[str]:
    """Return the actions of the run's signed entries, in the order of the ledger."""
    return list(Entry.objects.filter(run_id=run.pk).order_by("seq").values_list("action", flat=True))
