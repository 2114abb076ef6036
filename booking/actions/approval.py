"""Approval: a host is asked, and accepts or declines; the client is told each time."""

from datetime import timedelta

from django.conf import settings

from audit.api import Action, Irreversible, Json, StepContext
from booking import messages as compose
from booking.actions.messages import send
from booking.actions.target import target_of
from booking.choosing import of_meeting
from booking.errors import NotChangeable
from booking.facts import booking_facts, host_facts
from booking.guard import ClockTimestamp, call, in_time
from booking.messages import Alternative, BookingFacts
from booking.models import Booking
from booking.offers import alternatives


def ask(context: StepContext) -> dict[str, Json]:
    """Ask each host by mail, with the links that decide, and tell the attendee that the time is kept meanwhile."""
    from booking.approving import approval_url  # approving starts runs of the workflows that have this action

    booking = target_of(context).booking
    if booking.status != Booking.Status.PENDING or booking.expires_at is None:
        return {"skipped": booking.status}
    facts = booking_facts(booking)
    drafts = [compose.pending_for_attendee(facts, until=booking.expires_at)]
    drafts += [
        compose.approval_for_host(
            facts, host_facts(host), until=booking.expires_at, decide_url=approval_url(booking, host)
        )
        for host in booking.meeting.hosts.order_by("meetinghost__position")
    ]
    return send(context, {booking.uid: drafts})


def accept(context: StepContext) -> None:
    """Turn pending into awaiting_link by a guarded update; raises `NotChangeable` when it is too late."""
    booking = target_of(context).booking
    deadline = ClockTimestamp() + timedelta(seconds=settings.HOLDFAST_LINK_SECONDS)
    if not in_time(booking, Booking.Status.PENDING).update(
        status=Booking.Status.AWAITING_LINK, expires_at=deadline
    ):
        booking.refresh_from_db()
        why = (
            "has waited too long" if booking.status == "pending" else f"is {booking.status.replace('_', ' ')}"
        )
        raise NotChangeable(f"This booking {why}, so it cannot be approved any more.")


def decline(context: StepContext) -> None:
    """Turn pending into declined and give the time back; raises `NotChangeable` when it is not pending."""
    booking = target_of(context).booking
    words = "Your host could not accept this time."
    if call("release_v1", booking.pk, ["pending"], "declined", "", words, "") is None:
        booking.refresh_from_db()
        raise NotChangeable(f"This booking is {booking.status.replace('_', ' ')}, so it cannot be declined.")


def tell(context: StepContext) -> dict[str, Json]:
    """Tell the attendee that the host declined, why, and which times are open."""
    booking = target_of(context).booking
    facts = booking_facts(booking)
    draft = compose.declined_for_attendee(
        facts, reason=booking.cancel_reason, alternatives=_open(booking, facts, context)
    )
    return send(context, {booking.uid: [draft]})


def _open(booking: Booking, facts: BookingFacts, context: StepContext) -> list[Alternative]:
    meeting = booking.meeting
    found = alternatives(of_meeting(meeting), start=meeting.starts_at, now=context.now)
    return [Alternative(starts_at=slot.start, url=facts.book_again_url) for slot in found]


_SENT = "A mail that was sent cannot be unsent."
ask_host = Action(
    name="ask_host",
    sentence="Asked the host to approve",
    call=ask,
    undo=Irreversible(because=_SENT, consequence="Nothing is sent; the host decides on the booking’s page."),
)
approve_booking = Action(
    name="approve_booking",
    sentence="Approved the booking",
    write=accept,
    undo=Irreversible(
        because="An approval is not taken back by itself; undoing the run cancels the booking.",
        consequence="The booking ends with its run.",
    ),
)
decline_booking = Action(
    name="decline_booking",
    sentence="Declined the booking and freed its time",
    write=decline,
    undo=Irreversible(
        because="The time is open to everyone at once, and a declined booking stays declined.",
        consequence="Book the client again from the booking’s page.",
    ),
)
tell_declined = Action(
    name="tell_declined",
    sentence="Told the client",
    call=tell,
    undo=Irreversible(because=_SENT, consequence="Nothing is sent; the booking stays declined."),
)
