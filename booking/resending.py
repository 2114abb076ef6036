"""Sending a client their latest message once more: a mail of its own, counted and signed, never unsent."""

import contextlib
from datetime import datetime, timedelta

from django.db import transaction

from audit.api import Actor, record
from booking.errors import NotChangeable
from booking.models import Booking
from booking.signing import subject_of
from jobs.api import Later, Lease, enqueue, handles
from kernel.clock import now as wall_clock
from kernel.ids import new_uid
from providers.api import (
    Message,
    MessageDraft,
    Rejected,
    Unreachable,
    deliver_message,
    get_message,
    messages,
    queue_message,
)

REST = timedelta(minutes=1)
_LOOK_AGAIN = timedelta(seconds=30)
_GIVES_UP_AFTER = timedelta(days=1)  # a meeting's mail helps nobody later; the message stays, and says why


def sendable_again(booking: Booking) -> Message | None:
    """Return the client's latest message that was sent or has failed; None while there is none. One query."""
    ours = (each for each in messages(booking_uid=booking.uid) if each.to_address == booking.attendee_email)
    return next((each for each in ours if each.state in ("sent", "failed")), None)


def send_again(booking: Booking, *, now: datetime, actor: Actor) -> int:
    """Queue a copy of the client's latest message and return its id; a job delivers it.

    Raises `NotChangeable` when there is nothing to send again, or a message left within the last minute.
    """
    latest = sendable_again(booking)
    if latest is None:
        raise NotChangeable("There is no message to send again yet.")
    if now - latest.created_at < REST:
        raise NotChangeable("A message left for the client within the last minute. Wait a moment.")
    with transaction.atomic():
        copy = queue_message(_copy(latest), booking_uid=booking.uid, dedupe_key=f"again:{new_uid()}", now=now)
        record(
            "send_message_again",
            subject=subject_of(booking.meeting.uid),
            actor=actor,
            payload={"booking": booking.uid, "message": str(copy), "copy_of": str(latest.pk)},
            reversible="none",
            because="A mail that was sent cannot be unsent.",
        )
        enqueue("send_message_again", ref=str(copy), now=now)
    return copy


@handles("send_message_again")
def deliver_copy(ref: str, lease: Lease) -> None:
    """Deliver the copy; while the mail server cannot be reached, look again later. A refusal is its own record."""
    lease.renew()
    now = wall_clock()
    with contextlib.suppress(Rejected):
        message = get_message(int(ref))
        try:
            deliver_message(message.pk, now=now)
        except Unreachable:
            if now - message.created_at < _GIVES_UP_AFTER:
                raise Later(now + _LOOK_AGAIN) from None


def _copy(latest: Message) -> MessageDraft:
    return MessageDraft(
        kind=latest.kind,
        sender_name=latest.sender_name,
        reply_to=latest.reply_to,
        to_name=latest.to_name,
        to_address=latest.to_address,
        subject=latest.subject,
        text=latest.text,
        html=latest.html,
        ics=latest.ics,
        ics_method=latest.ics_method,
    )
