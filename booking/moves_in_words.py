"""Runs that move something, in words: what they did, and what undoing them would do."""

from datetime import datetime

from audit.api import UndoPreview
from booking.models import Booking, Host, Meeting, Move
from booking.sentences import booking_sentence, when
from booking.ways import has_hosts_own_link

MOVE_IN_WORDS = ("booking__meeting__event_type", "meeting__event_type", "from_meeting", "from_host", "host")


def move_sentence(move: Move) -> str:
    """Return e.g. "Moved Ben Ode’s intro call from … to …", "Reassigned Ben Ode’s intro call on … from Ana to Rui"."""
    what = booking_sentence(move.booking)
    if move.handover:
        before, taker = move.handover
        verb = {"held": "Reassigning", "confirmed": "Reassigned"}.get(move.status, "Could not reassign")
        return f"{verb} {what} on {when(move.starts_at)} from {before.name} to {taker.name}"
    verb = {"held": "Moving", "confirmed": "Moved"}.get(move.status, "Could not move")
    return f"{verb} {what} from {when(move.from_starts_at)} to {when(move.starts_at)}"


def move_preview(booking: Booking, move: Move, now: datetime) -> UndoPreview:
    """Say what undoing a move would do; `booking` is confirmed and its meeting has not started."""
    if move.handover:
        return _reassignment(booking, *move.handover)
    if booking.meeting.starts_at != move.starts_at:
        return UndoPreview(possible=False, because="The booking was moved again since. Undo that first.")
    if move.from_starts_at <= now:
        return UndoPreview(possible=False, because="The time it came from has passed.")
    if move.from_meeting and (gone := departed(move.from_meeting)):
        return UndoPreview(possible=False, because=gone)
    return UndoPreview(possible=True, consequences=_moves_back(move))


def _reassignment(booking: Booking, before: Host, taker: Host) -> UndoPreview:
    if not booking.meeting.meeting_hosts.filter(host=taker).exists():
        return UndoPreview(
            possible=False, because="The meeting went to somebody else since. Undo that first."
        )
    if why_not := why_not_back(booking.meeting, before):
        return UndoPreview(possible=False, because=why_not)
    makes_link = has_hosts_own_link(booking.meeting)
    return UndoPreview(
        possible=True,
        consequences=(
            f"The meeting goes back to {before.name}, if they are still free then; else nothing changes.",
            *(["Its link is made anew for them, and tested, before that counts."] if makes_link else []),
            "The event moves back to their calendar, which is asked first.",
            "The client and both hosts are told: the earlier mail cannot be unsent, so it is corrected.",
        ),
    )


def departed(meeting: Meeting) -> str:
    """Say which host would have to take a meeting again that was given up, and takes it no more; "" where none."""
    if meeting.released_at is None:
        return ""
    offer = set(meeting.event_type.event_type_hosts.values_list("host_id", flat=True))
    gone = [each.name for each in meeting.hosts.all() if not each.active or each.pk not in offer]
    return f"{gone[0]} does not take this meeting any more." if gone else ""


def why_not_back(meeting: Meeting, before: Host) -> str:
    """Say why a meeting cannot go back to the host who had it, as it could go to nobody new; "" where it can."""
    if not before.active:
        return f"{before.name} takes no meetings any more. Reassign it on the booking’s page instead."
    if not meeting.event_type.event_type_hosts.filter(host=before).exists():
        return (
            f"{before.name} does not offer this meeting any more. Reassign it on the booking’s page instead."
        )
    return ""


def _moves_back(move: Move) -> tuple[str, ...]:
    if move.is_seat:
        return (
            f"The seat goes back to the session of {when(move.from_starts_at)}, if one is free; else nothing changes.",
            "That session’s link is tested anew before the move counts.",
            "The client and the hosts are told: the earlier mail cannot be unsent, so it is corrected.",
        )
    return (
        f"The booking moves back to {when(move.from_starts_at)}, if that time is still free; else nothing changes.",
        "Its link is made and tested anew before the move counts.",
        "The client and the hosts are told the new time: the earlier mail cannot be unsent, so it is corrected.",
    )
