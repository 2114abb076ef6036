"""Texts about a booking: the number is kept with the client's consent, and a text is sent once more when asked."""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from audit.api import Actor, record
from booking.errors import InvalidBooking, NotChangeable
from booking.models import Booking, TextConsent
from booking.signing import subject_of
from jobs.api import Later, Lease, enqueue, handles
from kernel.clock import now as wall_clock
from kernel.ids import new_uid
from providers.api import (
    BadNumber,
    RateLimited,
    Rejected,
    TextDraft,
    TextMessage,
    Unauthorised,
    Unreachable,
    deliver_text,
    get_text,
    phone_number,
    queue_text,
    texts,
    texts_are_on,
)

REST = timedelta(minutes=1)
_LOOK_AGAIN = timedelta(seconds=30)
_GIVES_UP_AFTER = timedelta(hours=6)  # a text helps nobody later; it stays, and says why


def checked_number(text: str) -> str:
    """Return a typed number as it is kept, "" for none; raises `InvalidBooking`."""
    try:
        return phone_number(text) if text.strip() else ""
    except BadNumber as error:
        raise InvalidBooking(error.message, "phone") from None


def keep_number(bookings: Iterable[Booking], number: str, *, now: datetime) -> None:
    """Keep the number that a client gave with these bookings, in the caller's transaction; nothing for "".

    That they agreed stands in `consented_at`; the number itself enters no signed bytes.
    """
    if number:
        TextConsent.objects.bulk_create(
            TextConsent(booking=each, number=number, consented_at=now) for each in bookings
        )


def wants_texts(booking_id: int) -> bool:
    """Say whether the client of a booking asked for texts. One query."""
    return TextConsent.objects.filter(booking=booking_id).exists()


def latest_text(booking: Booking) -> TextMessage | None:
    """Return the latest text of a booking that may be sent once more; None without one. One query."""
    return next(
        (each for each in texts(booking_uid=booking.uid) if each.state not in ("queued", "sending")), None
    )


def send_text_again(booking: Booking, *, now: datetime, actor: Actor) -> int:
    """Queue a copy of the client's latest text and return its id; a job sends it.

    Raises `NotChangeable` when there is none, texts are off, or one left within the last minute.
    """
    latest = latest_text(booking)
    if latest is None or not texts_are_on():
        raise NotChangeable("There is no text to send again.")
    if now - latest.created_at < REST:
        raise NotChangeable("A text left for the client within the last minute. Wait a moment.")
    draft = TextDraft(kind=latest.kind, to_name=latest.to_name, to_number=latest.to_number, text=latest.text)
    with transaction.atomic():
        copy = queue_text(draft, booking_uid=booking.uid, dedupe_key=f"again:{new_uid()}", now=now)
        record(
            "send_text_again",
            subject=subject_of(booking.meeting.uid),
            actor=actor,
            payload={"booking": booking.uid, "text": str(copy), "copy_of": str(latest.pk)},
            reversible="none",
            because="A text that was sent cannot be unsent.",
        )
        enqueue("send_text_again", ref=str(copy), now=now)
    return copy


@handles("send_text_again")
def deliver_copy(ref: str, lease: Lease) -> None:
    """Send the copy; while the carrier cannot be reached, look again later. A refusal is its own record."""
    lease.renew()
    now = wall_clock()
    with contextlib.suppress(Rejected, Unauthorised):
        text = get_text(int(ref))
        try:
            deliver_text(text.pk, now=now)
        except (Unreachable, RateLimited):
            if now - text.created_at < _GIVES_UP_AFTER:
                raise Later(now + _LOOK_AGAIN) from None
