"""Mails that nobody tries to send any more: sent now if they are still true, or it is named why not."""

from datetime import datetime, timedelta

from audit.api import Action, Irreversible, Json, Run, StepContext
from booking.actions.target import asked
from booking.models import Booking
from booking.repairs.dead_room_link import SENT
from booking.repairs.repair import Broken, Repair, Search
from booking.signing import subject_of
from providers.api import Message, deliver_message

PATIENCE = timedelta(minutes=10)
FORGOTTEN = timedelta(days=7)
MOST = 50
_STATES = ("queued", "sending", "failed")
_ABOUT_A_PLACE = ("confirmation", "moved", "reassigned", "reminder", "new_link")
_STANDS = (Booking.Status.CONFIRMED, Booking.Status.COMPLETED, Booking.Status.NO_SHOW)


def find(search: Search) -> list[Broken]:
    """Return the mails of the last seven days that wait although no run is at them any more. Four queries."""
    rows = Message.objects.filter(state__in=_STATES, created_at__gt=search.now - FORGOTTEN)
    waiting = list(rows.filter(created_at__lte=search.since(PATIENCE)).order_by("pk")[:MOST])
    uids = {each.booking_uid for each in waiting}
    bookings = {each.uid: each for each in Booking.objects.filter(uid__in=uids).select_related("meeting")}
    subjects = {subject_of(each.meeting.uid) for each in bookings.values()}
    at_it = set(
        Run.objects.filter(subject__in=subjects, state__in=[Run.State.RUNNING, Run.State.FAILING])
        .exclude(workflow="fixer")
        .values_list("subject", flat=True)
    )
    return [
        broken
        for each in waiting
        if each.booking_uid in bookings
        and (broken := _broken(each, bookings[each.booking_uid], search.now)).subject not in at_it
        and search.subject in (None, broken.subject)
    ]


def _broken(message: Message, booking: Booking, now: datetime) -> Broken:
    return Broken(
        subject_of(booking.meeting.uid),
        f"message:{message.pk}",
        f"The mail “{message.subject}” to {message.to_address} was not sent: {message.failed_words or 'it waits'}",
        {"message": message.pk, "booking": booking.uid},
        because=why_not(message, booking, now),
    )


def why_not(message: Message, booking: Booking, now: datetime) -> str:
    """Say why this mail must not be sent any more; "" if it may be."""
    if message.state == "failed":
        return "The mail server refused it for good. Correct the address, then book or tell the person another way."
    if message.kind.startswith(_ABOUT_A_PLACE) and booking.status not in _STANDS:
        return f"The booking is {booking.status.replace('_', ' ')} by now: this mail would be wrong."
    if booking.meeting.ends_at <= now and not message.kind.startswith("team"):
        return "The meeting is over: this mail comes too late."
    return ""


def deliver(context: StepContext) -> dict[str, Json]:
    """Send it once, under its own Message-ID; one that was sent meanwhile is not sent again."""
    message = Message.objects.get(pk=context.payload["message"])
    booking = Booking.objects.select_related("meeting").get(uid=context.payload["booking"])
    lost = message.state != "sent" and why_not(message, booking, context.now)
    if lost:
        return {"skipped": lost}
    delivery = asked(lambda: deliver_message(message.pk, now=context.now))
    return {"message": str(message.pk), "already_sent": delivery.already_sent, "repeats": delivery.repeats}


send_message = Action(
    name="send_message",
    sentence="Sent the mail that had been waiting",
    call=deliver,
    undo=Irreversible(
        because=SENT, consequence="Nothing is sent; a wrong mail is corrected from its booking."
    ),
)
REPAIR = Repair(
    "unsent_message",
    does="Send it now",
    did="Sent a mail that had been waiting",
    find=find,
    actions=(send_message.name,),
)
