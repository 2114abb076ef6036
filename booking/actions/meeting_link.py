"""Create the meeting link and cancel it again; each is the other's inverse. Keyed, so never made twice."""

from datetime import datetime

from audit.api import Action, Irreversible, StepContext, Undo
from booking.actions.target import Target, asked, target_of
from booking.models import Meeting, Move
from providers.api import MeetingLink, MeetingRequest, meeting_provider


def link_key(meeting: Meeting, move: Move | None) -> str:
    """Return the provider's key of the link: another for each time a meeting is brought to life or moved.

    Whoever joins a session that has its link shares it.
    """
    if move and not move.is_seat:
        return f"{meeting.uid}-m{move.pk}"
    return meeting.link_key or f"{meeting.uid}-{meeting.sequence}"


def request_of(context: StepContext, target: Target) -> MeetingRequest:
    """Return what the provider is asked for."""
    return MeetingRequest(
        key=context.payload["link_key"],
        meeting_uid=target.meeting.uid,
        title=target.meeting.event_type.title,
        starts_at=target.starts_at,
        ends_at=target.ends_at,
        location_detail=target.meeting.location_detail,
        host_ids=tuple(target.host_ids),
    )


def link_of(context: StepContext, target: Target) -> MeetingLink:
    """Return the link that an earlier step of this run created."""
    made = context.results["create_meeting"]
    return MeetingLink(kind=target.meeting.location_kind, key=made["key"], url=made["url"])


def create(context: StepContext) -> dict[str, object]:
    """Create the link, or find the one that this key already made."""
    target = target_of(context)
    provider = meeting_provider(target.meeting.location_kind)
    link = asked(
        lambda: provider.create(request_of(context, target), now=context.now), code="link_unverified"
    )
    return {"kind": link.kind, "key": link.key, "url": link.url}


def take_back(context: StepContext) -> dict[str, object]:
    """Cancel the link that a run created, unless others have a place in that meeting and use it."""
    target = target_of(context)
    shared = target.move is None or target.move.is_seat
    if shared and target.meeting.released_at is None:
        return {"kept": True}
    return _cancel(target.meeting, context.payload["link_key"], context.now)


def cancel(context: StepContext) -> dict[str, object]:
    """Cancel the link of a meeting that nobody has a place in any more."""
    target = target_of(context)
    if target.meeting.released_at is None or not context.payload["link_key"]:
        return {"kept": True}
    return _cancel(target.meeting, context.payload["link_key"], context.now)


def retire(context: StepContext) -> dict[str, object]:
    """Cancel the link of the time that a meeting moved away from; a session that others stay in keeps its own."""
    move = target_of(context).move
    left = (move.from_meeting or move.meeting) if move else None
    old = context.payload["old_link_key"]
    if left is None or not old or (move and move.is_seat and left.released_at is None):
        return {"kept": True}
    return _cancel(left, old, context.now)


def _cancel(meeting: Meeting, key: str, now: datetime) -> dict[str, object]:
    provider = meeting_provider(meeting.location_kind)
    return {"was_live": asked(lambda: provider.cancel(key, now=now))}


create_meeting = Action(
    name="create_meeting",
    sentence="Created the meeting link",
    call=create,
    undo=Undo(consequence="The meeting link is cancelled.", call=take_back),
)
cancel_meeting = Action(
    name="cancel_meeting",
    sentence="Cancelled the meeting link",
    call=cancel,
    undo=Irreversible(
        because="A cancelled link stays cancelled; undoing the cancellation creates a new one.",
        consequence="A new link is created when the booking is taken back.",
    ),
)
retire_old_link = Action(
    name="retire_old_link",
    sentence="Cancelled the link of the old time",
    call=retire,
    undo=Irreversible(
        because="The old time's link stays cancelled; moving the booking back creates a new one.",
        consequence="A new link is created when the booking moves back.",
    ),
)
