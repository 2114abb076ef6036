"""Time passing in booking tests: deadlines that pass, jobs that become due, everything performed."""

import time

from django.db import transaction
from django.db.models.functions import Now

from audit.api import Actor
from booking.models import Booking, Move
from booking.signing import sign
from jobs.api import Job, drain
from kernel.tenancy import PUBLIC, entered
from tests.patience import PATIENCE

CLOCK = Actor(type="automation", id="clock")
LONG_AGO = "2026-01-01T00:00:00Z"
LATER = ("remind", "fixer")  # jobs that have a time of their own: a reminder, a second look at an incident


def let_pass(what: Booking | Move) -> None:
    """Let the deadline of a hold or of a move pass; nobody has swept it yet."""
    with transaction.atomic():
        type(what)._default_manager.filter(pk=what.pk).update(expires_at=LONG_AGO)
        meeting = what.meeting
        sign("time_passes", meeting_uid=meeting.uid, actor=CLOCK, payload={})


def perform_all(*, seconds: float = 30) -> None:
    """Perform every job of every tenant, whatever it waits for; what has a time of its own waits for it."""
    deadline = time.monotonic() + PATIENCE * seconds
    while time.monotonic() < deadline:
        with entered(PUBLIC):
            waiting = Job.objects.filter(state="queued").exclude(kind__in=LATER, due_at__gt=Now())
            waiting.update(due_at=Now())
            if not waiting.exists():
                return
        drain()
    raise AssertionError(f"There are still jobs after {seconds} seconds.")


def live_ranges(meeting_id: int) -> list[tuple[str, str]]:
    """Return what a meeting blocks: (start, end) in UTC, as "HH:MM"."""
    from booking.models import Occupancy

    rows = Occupancy.objects.filter(meeting_id=meeting_id, retired_at=None).order_by("blocked")
    return [(f"{row.blocked.lower:%H:%M}", f"{row.blocked.upper:%H:%M}") for row in rows]
