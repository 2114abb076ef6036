"""What bookings leave in the ledger: ids in clear, personal data under the person's key."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from audit.api import Actor, Json, record
from booking.models import Booking, Move
from jobs.api import enqueue
from kernel.clock import now as wall_clock
from kernel.tenancy import current_schema

AUTOMATION = Actor(type="automation", id="clock")


def subject_of(meeting_uid: str) -> str:
    """Return the ledger's subject of a meeting; the database's trigger looks for this very text."""
    return f"meeting:{meeting_uid}"


def subjects_of(booking: Booking) -> tuple[str, ...]:
    """Return the ledger's subjects of a booking: its meeting, and each session that its seat was in or moved to."""
    if not booking.meeting.is_session:
        return (subject_of(booking.meeting.uid),)
    uids = {booking.meeting.uid: None}
    moves = Move.objects.filter(booking=booking, from_meeting__isnull=False)
    for there, left in moves.order_by("-pk").values_list("meeting__uid", "from_meeting__uid"):
        uids |= {there: None, left: None}
    return tuple(subject_of(uid) for uid in uids)


def person_of(email: str) -> str:
    """Return the pseudonym under which a person's key is kept: a keyed hash, not guessable from the address."""
    message = f"{current_schema()}|{email.strip().lower()}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()[:32]


def sign(
    action: str,
    *,
    meeting_uid: str,
    actor: Actor,
    payload: Mapping[str, Json],
    attendee: tuple[str, str] | None = None,
    reverses: int | None = None,
    because: str = "",
) -> None:
    """Record an act on a meeting; `attendee` is (name, email), encrypted with that person's key."""
    personal = {"name": attendee[0], "email": attendee[1]} if attendee and attendee[1] else None
    record(
        action,
        subject=subject_of(meeting_uid),
        actor=actor,
        payload=payload,
        personal=personal,
        person=person_of(attendee[1]) if attendee and personal else None,
        reverses=reverses,
        reversible="full",
        because=because,
    )


def sign_expired(changes: Sequence[Mapping[str, Any]]) -> None:
    """Record what expire_v1 or a sweep gave back, in the same transaction; who waited for approval is told."""
    for change in changes:
        if change["was"] == Booking.Status.PENDING:
            enqueue("tell_unanswered", ref=change["booking"], now=wall_clock())
        record(
            "expire_hold",
            subject=subject_of(change["meeting"]),
            actor=AUTOMATION,
            payload={"booking": change["booking"], "was": change["was"], "becomes": change["becomes"]},
            reversible="none",
            because="The deadline has passed; the time is open to everyone.",
        )
