"""Holds and moves that outlived their deadline and that no clock swept: given back, signed."""

from datetime import timedelta

from audit.api import Action, Irreversible, StepContext
from booking.deadlines import expire_meeting
from booking.models import Booking, Meeting, Move
from booking.repairs.repair import Broken, Repair, Search
from booking.signing import subject_of

PATIENCE = timedelta(minutes=1)
MOST = 50


def find(search: Search) -> list[Broken]:
    """Return the meetings with a deadline that passed a minute ago. Three queries."""
    late = search.since(PATIENCE)
    ids = {
        *Booking.objects.filter(expires_at__lt=late).values_list("meeting_id", flat=True)[:MOST],
        *Move.objects.filter(expires_at__lt=late).values_list("meeting_id", flat=True)[:MOST],
    }
    return [
        Broken(
            subject_of(meeting.uid),
            "hold",
            f"A hold on {meeting.event_type.title} has expired and was not cleared away. It blocks nobody.",
            {"meeting": meeting.pk},
        )
        for meeting in Meeting.objects.filter(pk__in=ids).select_related("event_type").order_by("pk")
    ]


def sweep(context: StepContext) -> None:
    """Expire what is due in that meeting, by the database's clock."""
    expire_meeting(context.payload["meeting"])


sweep_hold = Action(
    name="sweep_hold",
    sentence="Cleared the expired hold away",
    write=sweep,
    undo=Irreversible(
        because="Its deadline had passed: an expired hold blocks nobody and does not come back.",
        consequence="Nothing: the client may take the time anew.",
    ),
)
REPAIR = Repair(
    "expired_hold",
    does="Clear the expired hold away",
    did="Cleared an expired hold away",
    find=find,
    actions=(sweep_hold.name,),
)
