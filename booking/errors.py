"""The facts that stop a booking, each with its code and words that say what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.errors import Busy, HoldfastError
from kernel.reasons import Reason

if TYPE_CHECKING:
    from booking.offers import Slot

WORDS: dict[Reason, str] = {
    Reason.SLOT_TAKEN: "Somebody took this time a moment ago. Nothing was booked. Choose another time.",
    Reason.OUTSIDE_HOURS: "This time is outside the hours on offer. Choose another time.",
    Reason.DATE_OVERRIDE: "There are no meetings on that day. Choose another day.",
    Reason.OUT_OF_OFFICE: "The host is away then. Choose another day.",
    Reason.HOST_BUSY: "This time is taken. Choose another time.",
    Reason.CALENDAR_BUSY: "The host became busy at this time. Nothing was booked. Choose another time.",
    Reason.CALENDAR_STALE: (
        "The host’s calendar cannot be read right now, so this time is not offered. Try again in a few minutes."
    ),
    Reason.BUFFER: "This time is too close to another meeting. Choose another time.",
    Reason.NOTICE_TOO_SHORT: "This time is too soon. Choose a later time.",
    Reason.OUTSIDE_WINDOW: "This time is further ahead than meetings can be booked. Choose an earlier time.",
    Reason.LIMIT_REACHED: "No more meetings are taken in that period. Choose another day.",
    Reason.SEATS_FULL: "The last seat was taken. Nothing was booked. Choose another session.",
    Reason.LINK_UNVERIFIED: "The meeting link could not be made to work, so nothing was booked. Choose a time again.",
    Reason.HOLD_EXPIRED: "The time was held for you, but the hold ran out. Choose a time again.",
    Reason.TOO_MANY_HOLDS: "You are holding several times already. Book one of them, or wait until a hold ends.",
    Reason.TENANT_PAUSED: "Bookings are paused at the moment. Try again later.",
    Reason.TENANT_SUSPENDED: "This page takes no bookings at the moment.",
}


class EventTypeNotFound(HoldfastError):
    """There is no such meeting type, or it is not offered."""

    code = "not_found"


class HostNotFound(HoldfastError):
    """There is no such host, or the host takes no meetings."""

    code = "not_found"


class BookingNotFound(HoldfastError):
    """There is no such booking here."""

    code = "not_found"


class InvalidRange(HoldfastError):
    """The dates asked about make no sense, or are too many."""

    code = "invalid_request"


class InvalidBooking(HoldfastError):
    """What the attendee gave cannot be used; `field` names which part."""

    code = "invalid_request"

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, field=field)
        self.field = field


class IdempotencyMismatch(HoldfastError):
    """The same Idempotency-Key came with another request."""

    code = "idempotency_mismatch"


class SlotRefused(HoldfastError):
    """The start cannot be had: `code` is a Reason, `alternatives` the nearest open slots."""

    def __init__(self, reason: Reason, *, alternatives: "Sequence[Slot]" = (), words: str = "") -> None:
        super().__init__(words or WORDS[reason], code=reason.value)
        self.reason = reason
        self.alternatives = tuple(alternatives)


class HoldExpired(SlotRefused):
    """The hold's deadline passed before it was submitted; the time is open to everyone again."""

    def __init__(self, *, alternatives: "Sequence[Slot]" = ()) -> None:
        super().__init__(Reason.HOLD_EXPIRED, alternatives=alternatives)


class NotChangeable(HoldfastError):
    """The booking is in a status that does not allow this; the message says which."""

    code = "invalid_request"


__all__ = [
    "WORDS",
    "BookingNotFound",
    "Busy",
    "EventTypeNotFound",
    "HoldExpired",
    "HostNotFound",
    "IdempotencyMismatch",
    "InvalidBooking",
    "InvalidRange",
    "NotChangeable",
    "SlotRefused",
]
