"""A host's word on a pending booking: approve it, and the saga goes on; decline it, and its time is free.

The seat was taken when the booking was made: approving takes none, so it cannot oversell.
"""

import base64
import hashlib
import hmac
from datetime import datetime

from django.conf import settings

from audit.api import Actor, start_run
from booking.errors import NotChangeable
from booking.guard import guarded
from booking.models import Booking, Host
from booking.signing import subject_of
from booking.workflows.cancellation import WORKFLOW as CANCELLATION
from booking.workflows.new_booking import start_approved
from kernel.tenancy import current_schema
from tenants.api import tenant_url

MOST_WORDS = 1000
_KEPT_OF_DECLINE = frozenset({"decline_booking", "tell_declined", "notify_team"})


def approve(booking: Booking, *, now: datetime, actor: Actor) -> Booking:
    """Accept a pending booking: its link is made and tested, and only then it is confirmed.

    Raises `NotChangeable` when it is not pending any more (a second click, the deadline), `Busy`.
    """
    guarded(lambda: start_approved(booking, actor=actor, now=now))
    booking.refresh_from_db()
    return booking


def decline(booking: Booking, *, reason: str, now: datetime, actor: Actor) -> Booking:
    """Decline a pending booking: its time is free when the call returns, and the client is told.

    Raises `NotChangeable` when it is not pending any more, `Busy`.
    """
    guarded(lambda: _decline(booking, reason=reason[:MOST_WORDS], now=now, actor=actor))
    booking.refresh_from_db()
    return booking


def approval_url(booking: Booking, host: Host) -> str:
    """Return the absolute address at which this host decides without signing in: GET shows, POST acts."""
    return tenant_url(None, f"/decide/{booking.uid}/{host.pk}/{approval_token(booking.uid, host.pk)}/")


def approval_token(booking_uid: str, host_id: int) -> str:
    """Return the token of a host's decision: HMAC of tenant, booking and host, 192 bits, URL-safe; never stored."""
    message = f"approve|{current_schema()}|{booking_uid}|{host_id}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def is_approval_token(booking: Booking, host_id: int, token: str) -> bool:
    """Say whether `token` lets this host decide; compared in constant time, and only for a host of the meeting."""
    right = hmac.compare_digest(
        approval_token(booking.uid, host_id).encode(), token.encode("utf-8", "replace")
    )
    return right and booking.meeting.meeting_hosts.filter(host_id=host_id).exists()


def _decline(booking: Booking, *, reason: str, now: datetime, actor: Actor) -> None:
    # personal words stay with the booking: a run's payload holds ids only
    if not Booking.objects.filter(pk=booking.pk, status=Booking.Status.PENDING).update(cancel_reason=reason):
        booking.refresh_from_db()
        raise NotChangeable(f"This booking is {booking.status.replace('_', ' ')}, so it cannot be declined.")
    start_run(
        CANCELLATION,
        subject=subject_of(booking.meeting.uid),
        payload={
            "booking": booking.uid,
            "declined": True,
            "links": [],
            "starts_at": booking.meeting.starts_at.isoformat(),
            "by": actor.type,
        },
        actor=actor,
        now=now,
        at_once=("decline_booking",),
        without={step.action.name for step in CANCELLATION.steps} - _KEPT_OF_DECLINE,
    )
