"""Texts about a booking: the number is kept with the client's consent until they take it back, and a text is sent once
more when asked."""

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
    withdraw_texts_of,
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


def text_consent(booking_id: int) -> TextConsent | None:
    """Return what the client of a booking said about texts; None where they were not asked for. One query."""
    return TextConsent.objects.filter(booking=booking_id).first()


def wants_texts(booking_id: int) -> bool:
    """Say whether the client of a booking asked for texts, and still wants them. One query."""
    return TextConsent.objects.filter(booking=booking_id, withdrawn_at=None).exists()


def withdraw_text_consent(bookings: Iterable[Booking], *, now: datetime, actor: Actor) -> int:
    """Take a client's agreement to texts back for these bookings, and return for how many there was one.

    The number is forgotten and what waits is not sent; what left stays in the record. Signed for each booking. It has
    no undo: only the client can agree, when they book.
    """
    with transaction.atomic():
        agreed = TextConsent.objects.filter(booking__in=bookings, withdrawn_at=None).order_by("pk")
        found = list(agreed.select_related("booking__meeting").select_for_update(of=("self",)))
        for consent in found:
            booking = consent.booking
            withdraw_texts_of(booking.uid, because="The client asked for no more texts.")
            record(
                "withdraw_text_consent",
                subject=subject_of(booking.meeting.uid),
                actor=actor,
                payload={"booking": booking.uid},
                reversible="none",
                because="Only the client can agree to texts again.",
            )
        TextConsent.objects.filter(pk__in=[each.pk for each in found]).update(number="", withdrawn_at=now)
    return len(found)


def latest_text(booking: Booking) -> TextMessage | None:
    """Return the latest text of a booking that may be sent once more; None without one. One query."""
    return next(
        (each for each in texts(booking_uid=booking.uid) if each.state not in ("queued", "sending")), None
    )


def send_text_again(booking: Booking, *, now: datetime, actor: Actor) -> int:
    """Queue a copy of the client's latest text and return its id; a job sends it.

    Raises `NotChangeable` when there is none, texts are off or no longer wanted, or one left within the last minute.
    """
    if not wants_texts(booking.pk):
        raise NotChangeable("The client asked for no more texts.")
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
