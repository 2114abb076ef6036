"""Write the meeting into its hosts' calendars, and take it out again; each is the other's inverse."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from audit.api import Action, Permanent, StepContext, Transient, Undo
from booking.actions.target import asked, target_of
from booking.facts import calendar_event
from booking.links import event_uid
from booking.models import Meeting, Move
from providers.api import CalendarEvent, WrittenEvent, delete_event, write_event


def write(context: StepContext) -> dict[str, object]:
    """Write the event to each host's destination calendar; the same UID is written once, whatever is retried.

    After a move it also leaves the calendars that it is no longer in: of a former host, of a former session; whether or
    not the others can be written, and though it was cancelled since, for its cancellation knows only where it is now.
    """
    target = target_of(context)
    meeting, move = target.meeting, target.move
    etags: dict[str, str] = {}
    efforts: list[Callable[[], None]] = [partial(_leave, move, context)] if move else []
    if meeting.released_at is None:
        efforts.insert(0, lambda: etags.update(_write(meeting, context)))
    _each(efforts)
    if meeting.released_at is not None:
        return {"skipped": "released"}
    meeting.refresh_from_db()
    if meeting.released_at is not None:  # cancelled while we wrote: its own deletion may have come first
        return delete(context)
    return {"event": event_uid(meeting.uid), "etags": etags}


def _each(efforts: Sequence[Callable[[], None]]) -> None:
    """Make every effort, however the others end; raises a failure that may pass before one for good."""
    failures: list[Transient | Permanent] = []
    for effort in efforts:
        try:
            effort()
        except (Transient, Permanent) as failure:
            failures.append(failure)
    if failures:
        raise next((each for each in failures if isinstance(each, Transient)), failures[0])


def _write(meeting: Meeting, context: StepContext) -> dict[str, str]:
    event = calendar_event(meeting)
    written = {host_id: _written(host_id, event, context) for host_id in _hosts(meeting)}
    return {str(host_id): found.etag for host_id, found in written.items() if found}


def _leave(move: Move, context: StepContext) -> None:
    """Take the event out of the former host's calendar; bring that of a session that a seat left up to date."""
    if move.from_host_id is not None and move.from_host_id not in _hosts(move.meeting):
        _deleted(move.from_host_id, move.meeting, context, kept_by=_hosts(move.meeting))
    if move.from_meeting is None:
        return
    if move.from_meeting.released_at is None:
        _write(move.from_meeting, context)
    else:
        for host_id in _hosts(move.from_meeting):
            _deleted(host_id, move.from_meeting, context)


def _written(host_id: int, event: CalendarEvent, context: StepContext) -> WrittenEvent | None:
    context.alive()
    return asked(lambda: write_event(host_id, event, now=context.now))


def _deleted(host_id: int, meeting: Meeting, context: StepContext, *, kept_by: Collection[int] = ()) -> bool:
    context.alive()
    return asked(lambda: delete_event(host_id, event_uid(meeting.uid), kept_by=kept_by))


def delete(context: StepContext) -> dict[str, object]:
    """Take the event out of each host's calendar; while others have a place, write it without this one."""
    meeting = target_of(context).meeting
    if meeting.released_at is None and context.payload.get("by"):
        return write(context)
    deleted = [str(host_id) for host_id in _hosts(meeting) if _deleted(host_id, meeting, context)]
    return {"event": event_uid(meeting.uid), "deleted_from": deleted}


def _hosts(meeting: Meeting) -> list[int]:
    return list(meeting.meeting_hosts.values_list("host_id", flat=True))


write_calendar_event = Action(
    name="write_calendar_event",
    sentence="Wrote the event into the host’s calendar",
    call=write,
    undo=Undo(consequence="The event is removed from the host’s calendar; the booking stands.", call=delete),
)
delete_calendar_event = Action(
    name="delete_calendar_event",
    sentence="Removed the event from the host’s calendar",
    call=delete,
    undo=Undo(consequence="The event is written into the host’s calendar again.", call=write),
)
