"""Write the meeting into its hosts' calendars, and take it out again; each is the other's inverse."""

from audit.api import Action, StepContext, Undo
from booking.actions.target import asked, target_of
from booking.facts import calendar_event
from booking.links import event_uid
from booking.models import Meeting
from providers.api import delete_event, write_event


def write(context: StepContext) -> dict[str, object]:
    """Write the event to each host's destination calendar; the same UID is written once, whatever is retried."""
    meeting = target_of(context).meeting
    if meeting.released_at is not None:
        return {"skipped": "released"}
    event = calendar_event(meeting)
    written = {}
    for host_id in _hosts(meeting):
        found = asked(lambda host_id=host_id: write_event(host_id, event, now=context.now))  # type: ignore[misc]
        if found:
            written[str(host_id)] = found.etag
    meeting.refresh_from_db()
    if meeting.released_at is not None:  # cancelled while we wrote: its own deletion may have come first
        return delete(context)
    return {"event": event.uid, "etags": written}


def delete(context: StepContext) -> dict[str, object]:
    """Take the event out of each host's calendar; while others have a place, write it without this one."""
    meeting = target_of(context).meeting
    if meeting.released_at is None and context.payload.get("by"):
        return write(context)
    deleted = [
        str(host_id)
        for host_id in _hosts(meeting)
        if asked(lambda host_id=host_id: delete_event(host_id, event_uid(meeting.uid)))  # type: ignore[misc]
    ]
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
