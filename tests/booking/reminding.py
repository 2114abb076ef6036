"""Letting the time of a reminder come, without waiting for it: it becomes one that is due a minute ago."""

import math
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from booking.models import Booking, Meeting, Reminder
from booking.signing import sign
from jobs.api import Job
from kernel.tenancy import PUBLIC, entered
from tests.booking.clockwork import CLOCK
from tests.booking.scene import now


def let_come(booking: Booking) -> Reminder:
    """Let the first due reminder of a booking be due; returns it. Its job is performed by whoever works next."""
    reminder = Reminder.objects.filter(booking=booking, state="due", due_at__gt=now())[0]
    left = reminder.starts_at - now()
    minutes = math.ceil(left.total_seconds() / 60) + 1
    due_at = reminder.starts_at - timedelta(minutes=minutes)
    Reminder.objects.filter(pk=reminder.pk).update(minutes_before=minutes, due_at=due_at)
    with entered(PUBLIC):
        Job.objects.filter(kind="remind", ref=str(reminder.pk), state="queued").update(due_at=Now())
    reminder.refresh_from_db()
    return reminder


def let_proof_age(booking: Booking) -> None:
    """Let the proof of a booking's link be eleven minutes old."""
    with transaction.atomic():
        Meeting.objects.filter(pk=booking.meeting_id).update(link_proved_at=now() - timedelta(minutes=11))
        sign("time_passes", meeting_uid=booking.meeting.uid, actor=CLOCK, payload={})
