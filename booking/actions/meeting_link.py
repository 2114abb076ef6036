"""Create the meeting link and cancel it again; each is the other's inverse. Keyed, so never made twice."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from audit.api import Action, Irreversible, StepContext, Undo
from booking.actions.target import Target, asked, target_of
from booking.models import Meeting, Move
from booking.ways import Way, ways_of
from providers.api import MeetingLink, MeetingRequest, meeting_provider


def link_key(meeting: Meeting, move: Move | None) -> str:
    """Return the provider's key of the link: another for each time a meeting is brought to life or moved.

    Whoever joins a session that has its link shares it.
    """
    if move and not move.is_seat:
        return f"{meeting.uid}-m{move.pk}"
    return meeting.link_key or f"{meeting.uid}-{meeting.sequence}"


def first_link_key(meeting_uid: str) -> str:
    """Return the key of a meeting that is about to be made."""
    return f"{meeting_uid}-0"


def request_of(target: Target, way: Way) -> MeetingRequest:
    """Return what the provider is asked for."""
    hosts = target.hosts
    return MeetingRequest(
        key=way.key,
        meeting_uid=target.meeting.uid,
        title=target.meeting.event_type.title,
        starts_at=target.starts_at,
        ends_at=target.ends_at,
        location_detail=way.detail,
        host_ids=tuple(host_id for host_id, _ in hosts),
        host_addresses=tuple(address for _, address in hosts),
    )


def link_in_use(target: Target, way: Way) -> MeetingLink | None:
    """Return the link that a session got another way than this one: by the run of another seat, which was quicker.
    A meeting that moves, or goes to another host, gets a link of its own."""
    meeting = target.meeting
    moves = target.move is not None and not target.move.is_seat
    if moves or meeting.link_proved_at is None or meeting.link_key == way.key:
        return None
    return MeetingLink(kind=meeting.link_kind, key=meeting.link_key, url=meeting.join_url)


def create(number: int, context: StepContext) -> dict[str, object]:
    """Create the link by the run's way of that number (from 0), or find the one that its key already made."""
    target = target_of(context)
    way = ways_of(context.payload, target.meeting)[number]
    link = link_in_use(target, way)
    if link is None:
        provider = meeting_provider(way.kind)
        request = request_of(target, way)
        link = asked(lambda: provider.create(request, now=context.now), code="link_unverified")
    return {"kind": link.kind, "key": link.key, "url": link.url}


def take_back(number: int, context: StepContext) -> dict[str, object]:
    """Cancel the link that a run created that way, unless others have a place in that meeting and use it."""
    target = target_of(context)
    way = ways_of(context.payload, target.meeting)[number]
    shared = target.move is None or target.move.is_seat
    if shared and target.meeting.released_at is None and target.meeting.link_key in ("", way.key):
        return {"kept": True}
    return cancel_links([[way.kind, way.key]], context.now)


def cancel(context: StepContext) -> dict[str, object]:
    """Cancel the link of a meeting that nobody has a place in any more, and what else was begun for it."""
    meeting = target_of(context).meeting
    if meeting.released_at is None:
        return {"kept": True}
    return cancel_links(_links(context, "link", meeting), context.now)


def retire(context: StepContext) -> dict[str, object]:
    """Cancel the link of the time or the host that a meeting moved away from; a session that others stay in keeps its
    own."""
    move = target_of(context).move
    left = (move.from_meeting or move.meeting) if move else None
    if left is None or (move and move.is_seat and left.released_at is None):
        return {"kept": True}
    return cancel_links(_links(context, "old_link", left), context.now)


def cancel_links(links: Sequence[Sequence[str]], now: datetime) -> dict[str, object]:
    """Cancel links given as (kind, key); says whether there was any. Each is cancelled once, however often asked."""
    live = [asked(partial(meeting_provider(kind).cancel, key, now=now)) for kind, key in links]
    return {"was_live": any(live)} if links else {"kept": True}


def _links(context: StepContext, name: str, meeting: Meeting) -> list[list[str]]:
    """Return the links that a payload names; an older one names only a key."""
    known: list[list[str]] | None = context.payload.get(f"{name}s")
    key = context.payload.get(f"{name}_key")
    return known if known is not None else [[meeting.location_kind, key]] if key else []


create_meeting = Action(
    name="create_meeting",
    sentence="Created the meeting link",
    call=partial(create, 0),
    undo=Undo(consequence="The meeting link is cancelled.", call=partial(take_back, 0)),
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
    sentence="Cancelled the former link",
    call=retire,
    undo=Irreversible(
        because="The former link stays cancelled; moving the booking back creates a new one.",
        consequence="A new link is created when the booking moves back.",
    ),
)
