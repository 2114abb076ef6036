"""Alternatives within a run: which step comes next, and which are left out on the way to it. Pure."""

from collections.abc import Callable, Sequence
from itertools import takewhile

from audit.models import Step as StepRow
from audit.sagas.actions import Step

StepOf = Callable[[str], Step]
AHEAD = (StepRow.State.WAITING, StepRow.State.STARTED)


def after(
    row: StepRow, rows: Sequence[StepRow], step_of: StepOf, *, gives_way: bool
) -> tuple[list[StepRow], StepRow | None]:
    """Return what is left out now that `row` has ended, and the step that comes next (None: the run is done).

    `gives_way`: it failed, and the next branch is tried. `rows` are the run's, in their order, as they stand.
    """
    branch = step_of(row.action).branch
    ahead = [each for each in rows if each.position > row.position and each.state in AHEAD]
    alternatives = list(takewhile(lambda each: branch and step_of(each.action).branch, ahead))
    rest = [each for each in alternatives if step_of(each.action).branch == branch]
    out = rest if gives_way else [] if rest else alternatives
    gave_way = gives_way or _gave_way(rows, step_of)
    for each in ahead:
        if each in out:
            continue
        if not step_of(each.action).on_giving_way or gave_way:
            return out, each
        out = [*out, each]
    return out, None


def has_alternative(row: StepRow, rows: Sequence[StepRow], step_of: StepOf) -> bool:
    """Say whether another branch may be tried when `row`, a required step, has failed for good."""
    branch = step_of(row.action).branch
    return bool(branch) and any(
        step_of(each.action).branch > branch and each.state == StepRow.State.WAITING for each in rows
    )


def _gave_way(rows: Sequence[StepRow], step_of: StepOf) -> bool:
    return any(step_of(each.action).branch and each.state == StepRow.State.FAILED for each in rows)
