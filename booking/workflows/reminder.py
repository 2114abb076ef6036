"""Reminder: at its due time, the meeting is looked at, its link is tested once more, and people are reminded.

A booking that moved, died or began is never reminded of; a link that is not joinable is waited for.
"""

from datetime import datetime, timedelta

from django.db import transaction

from audit.api import (
    Actor,
    Run,
    Step,
    StepContext,
    UndoPreview,
    UndoRefused,
    Workflow,
    register_workflow,
    start_run,
)
from booking.actions.remind import AUTOMATION, check_reminder, give_up, prove_link_again, send_reminder
from booking.actions.texting import send_text
from booking.models import Booking, Reminder
from booking.reminding import JOB
from booking.sentences import lower_title, when
from booking.signing import subject_of
from booking.texting import wants_texts
from jobs.api import Later, Lease, handles
from kernel.clock import now as wall_clock
from tenants.api import current_tenant

NAME = "reminder"
WHILE_SUSPENDED = timedelta(minutes=5)
_CANNOT = (
    "A reminder that was sent cannot be unsent. Its step can send a mail that says how the booking stands."
)


@handles(JOB)
def start_reminder(ref: str, lease: Lease) -> None:
    """Start the run of reminder `ref`, once; one that was skipped or started meanwhile starts none."""
    now = wall_clock()
    with transaction.atomic():
        reminder = Reminder.objects.select_for_update(of=("self",)).get(pk=int(ref))
        if reminder.state != Reminder.State.DUE or reminder.run_id is not None:
            return
        if reminder.due_at > now:
            raise Later(reminder.due_at)
        if current_tenant().suspended_at is not None:
            raise Later(now + WHILE_SUSPENDED)  # what its start has overtaken by then is skipped, as ever
        booking = Booking.objects.select_related("meeting").get(pk=reminder.booking_id)
        run = start_run(
            WORKFLOW,
            subject=subject_of(booking.meeting.uid),
            payload={
                "booking": booking.uid,
                "reminder": reminder.pk,
                "starts_at": reminder.starts_at.isoformat(),
            },
            actor=AUTOMATION,
            now=now,
            without=(
                *(() if booking.meeting.is_online else (prove_link_again.name,)),
                *(() if wants_texts(booking.pk) else (send_text.name,)),
            ),
        )
        lease.check()
        Reminder.objects.filter(pk=reminder.pk).update(run_id=run.pk)


def fail(context: StepContext, _code: str, words: str) -> None:
    """Write down whom the reminder did not reach; in the failing transaction."""
    give_up(context, words)


def sentence(run: Run) -> str:
    """Return the run in words: reminded, waits, or not and why."""
    reminder = Reminder.objects.select_related("booking__meeting__event_type").get(pk=run.payload["reminder"])
    booking = reminder.booking
    start = when(datetime.fromisoformat(run.payload["starts_at"]))
    about = f"{booking.attendee_name} of the {lower_title(booking.meeting.event_type.title)} on {start}"
    if reminder.state == Reminder.State.SENT:
        tested = " (link tested again)" if booking.meeting.is_online else ""
        return f"Reminded {about}{tested}"
    if reminder.state == Reminder.State.SKIPPED:
        return f"Did not remind {about}: {lower_title(reminder.because).rstrip('.')}"
    return f"Reminding {about}"


def preview(run: Run, _now: datetime) -> UndoPreview:
    """Say why a reminder cannot be undone as a whole."""
    sent = Reminder.objects.filter(pk=run.payload["reminder"], state=Reminder.State.SENT).exists()
    return UndoPreview(possible=False, because=_CANNOT if sent else "Nobody was written to.")


def undo(run: Run, _actor: Actor, now: datetime) -> Run:
    """Refuse: `preview` says why."""
    raise UndoRefused(preview(run, now).because)


WORKFLOW = register_workflow(
    Workflow(
        name=NAME,
        steps=(
            Step(check_reminder, required=True),
            Step(
                prove_link_again, required=True, attempts=100_000
            ),  # until the start, where it says so itself
            Step(send_reminder, required=True, attempts=14, back_off=2.0, own_undo=True),
            Step(send_text, attempts=8, back_off=2.0, own_undo=True),
        ),
        sentence=sentence,
        preview=preview,
        undo=undo,
        fail=fail,
    )
)
