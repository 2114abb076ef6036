"""Undo of a cancellation: the same booking takes its old place back, through the guard, and is confirmed anew."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Now

from audit.api import Actor, Run
from booking.guard import call
from booking.models import Booking
from booking.signing import sign, sign_expired
from booking.workflows.new_booking import start_new_booking


def retake_within(booking: Booking, *, actor: Actor, now: datetime, reverses: Run) -> Run | None:
    """Take the place back and start its run, in the caller's transaction; None when the time is gone."""
    answer = call("retake_v1", booking.pk, settings.HOLDFAST_LINK_SECONDS)
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
