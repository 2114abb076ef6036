"""Undo of a cancellation: the same booking takes its old place back, through the guard, and is confirmed anew."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now

from audit.api import Actor, Run, UndoRefused
from booking.guard import call
from booking.models import Booking
from booking.places import limits_at
from booking.sentences import when
from booking.signing import sign, sign_expired
from booking.workflows.new_booking import start_new_booking
from kernel.reasons import Reason


def retake_within(booking: Booking, *, actor: Actor, now: datetime, reverses: Run) -> Run | None:
    """Take the place back and start its run, in the caller's transaction; None when the time is gone. Raises
    `UndoRefused` where a limit of its period is reached by now."""
    meeting, seconds = booking.meeting, settings.HOLDFAST_LINK_SECONDS
    length = meeting.ends_at - meeting.starts_at
    hosts = meeting.meeting_hosts.values_list("host_id", flat=True)
    limits = limits_at(meeting.event_type, meeting.starts_at, hosts, minutes=length // timedelta(minutes=1))
    asked = [booking.pk, seconds]
    answer = call("retake_within_v1", *asked, limits) if limits else call("retake_v1", *asked)
    if answer["outcome"] == Reason.LIMIT_REACHED:
        raise UndoRefused(
            f"No more meetings are taken in the period of {when(meeting.starts_at)}: its limit is reached by now. "
            "Nothing changed."
        )
    if answer["outcome"] != "held":
        return None
    sign_expired(answer["swept"])
    sign(
        "retake_slot",
        meeting_uid=booking.meeting.uid,
        actor=actor,
        payload={"booking": booking.uid},
        attendee=(booking.attendee_name, booking.attendee_email),
    )
    Booking.objects.filter(pk=booking.pk, status=Booking.Status.HELD).update(
        status=Booking.Status.AWAITING_LINK,
        expires_at=Now() + timedelta(seconds=settings.HOLDFAST_LINK_SECONDS),
    )
    fresh = Booking.objects.select_related("meeting__event_type").get(pk=booking.pk)
    return start_new_booking(fresh, actor=actor, now=now, reverses=reverses)
