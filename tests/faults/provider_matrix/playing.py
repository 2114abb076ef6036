"""Playing one cell: a real booking against a provider that has the fault, then time passes, then it is well again."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import mock

from django.db import transaction
from django.db.models.functions import Now
from django.test import override_settings

from booking.api import Booking, cancel, get_booking, move
from jobs.api import Job, drain, enqueue
from kernel.breaker import BREAKER
from kernel.tenancy import PUBLIC, entered
from tests.booking.clockwork import LATER
from tests.booking.scene import OWNER, now, workday
from tests.database import World
from tests.faults.provider_matrix.cells import Cell
from tests.faults.provider_matrix.faults import Switch
from tests.faults.provider_matrix.patience import impatient
from tests.faults.provider_matrix.sides import BY_NAME, Side
from tests.faults.provider_matrix.truths import Story
from tests.simulators.smtp import mail_sink

AFTER_A_WHILE = timedelta(minutes=20)  # a pass of the fixer looks at what is older than its patience
MOST_ROUNDS = 80


@dataclass(frozen=True)
class Played:
    """What came of a cell: one word, and every truth that did not hold."""

    outcome: str
    broken: tuple[str, ...]
    seconds: float
    met: int


def play(cell: Cell, world: World) -> Played:
    """Play one cell in a fresh world."""
    began = time.monotonic()
    switch = Switch(cell.point, cell.fault, lasts=cell.lasts)
    with _stage(world, switch) as stack:
        mails = stack.enter_context(mail_sink(password="correct horse"))
        from django.conf import settings

        settings.HOLDFAST_SMTP_URL = f"smtp://holdfast:correct%20horse@127.0.0.1:{mails.port}"
        side = BY_NAME[cell.provider](stack, switch, mails)
        booking = _begun(cell, side, switch)
        story = Story(cell, side, booking.uid)
        let_time_pass()
        story.look_while_it_lasts()
        switch.end()
        if cell.fault == "revoked":
            side.reconnect()
        let_time_pass()
        the_fixer_comes()
        story.look_when_it_is_over()
        _cancelled(get_booking(booking.uid))
        story.look_when_all_is_cancelled()
        outcome = story.outcome()
    if not switch.met:
        story.broken.append("the step never asked this provider")
    elif outcome not in cell.promised:
        story.broken.append(f"“{outcome}” was not promised, but {' or '.join(cell.promised)}")
    return Played(outcome, tuple(story.broken), time.monotonic() - began, switch.met)


@contextmanager
def _stage(world: World, switch: Switch) -> Iterator[ExitStack]:
    """Enter Acme with its own settings, little patience, and the switch at the runner's points."""
    with ExitStack() as stack:
        stack.enter_context(override_settings(HOLDFAST_HTTP_ALLOW=()))
        stack.enter_context(impatient(is_slow=switch.fault == "slow"))
        stack.enter_context(mock.patch("audit.sagas.runner.crash_point", switch.reached))
        BREAKER.forget()
        stack.callback(BREAKER.forget)
        with world.enter("acme"):
            yield stack


def _begun(cell: Cell, side: Side, switch: Switch) -> Booking:
    """Begin the saga of a cell; what has to stand before it stands before the fault."""
    if cell.saga == "booking":
        switch.arm()
        return side.book()
    booking = side.book()
    let_time_pass()
    booking = get_booking(booking.uid)
    assert booking.status == "confirmed", f"{cell}: {booking.status} {booking.failure_words}"
    switch.arm()
    if cell.saga == "move":
        move(booking, start=workday(14), now=now(), actor=OWNER)
    else:
        cancel(booking, reason="", now=now(), actor=OWNER)
    return booking


def _cancelled(booking: Booking) -> None:
    if booking.status == "confirmed":
        cancel(booking, reason="", now=now(), actor=OWNER)
        let_time_pass()


def let_time_pass() -> None:
    """Perform everything, retries too, until nothing waits; between two tries a provider's rest is over."""
    for _ in range(MOST_ROUNDS):
        BREAKER.forget()
        drain()
        with entered(PUBLIC):
            waiting = Job.objects.filter(state=Job.State.QUEUED).exclude(kind__in=LATER, due_at__gt=Now())
            if not waiting.update(due_at=Now()):
                return
    raise AssertionError(f"There are still jobs after {MOST_ROUNDS} rounds.")


def the_fixer_comes() -> None:
    """Let a while pass and the fixer look at everything, as the clock has it do."""
    later: datetime = now() + AFTER_A_WHILE
    with mock.patch("booking.repairs.passes.wall_clock", return_value=later):
        with transaction.atomic():
            enqueue("fixer", ref="pass:12", now=now())
        with entered(PUBLIC):
            Job.objects.filter(state=Job.State.QUEUED, kind="fixer").update(due_at=Now())
        let_time_pass()
