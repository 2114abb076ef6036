"""The portal's words for states, each with its tone (a CSS class); one table per kind of thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """What a state is called, how it is tinted, and what it means for the client's time."""

    label: str
    tone: str = ""
    meaning: str = ""


BOOKING: dict[str, Word] = {
    "held": Word("Held", "warn", "The time is blocked until the client finishes or the hold runs out."),
    "pending": Word("Waits for approval", "warn", "The time is blocked until a host decides."),
    "awaiting_link": Word("Making the link", "accent", "The time is blocked while its link is tested."),
    "confirmed": Word("Confirmed", "good"),
    "completed": Word("Completed"),
    "no_show": Word("No-show", "", "The client did not come."),
    "cancelled": Word("Cancelled", "", "The time is free again."),
    "declined": Word("Declined", "", "The time is free again."),
    "expired": Word("Expired", "", "The hold ran out, and the time is free again."),
    "failed": Word("Failed", "bad", "It was not confirmed, and the time is free again."),
}

RUN: dict[str, Word] = {
    "running": Word("Running", "accent"),
    "stopped": Word("Stopped, waits for a decision", "bad"),
    "failing": Word("Failing, taking back what it started", "bad"),
    "failed": Word("Failed", "bad"),
    "done": Word("Done", "good"),
}

STEP: dict[str, Word] = {
    "waiting": Word("Waiting"),
    "started": Word("Running", "accent"),
    "done": Word("Done", "good"),
    "failed": Word("Failed", "bad"),
    "undoing": Word("Undoing", "accent"),
    "undone": Word("Undone"),
    "corrected": Word("Corrected"),
    "undo_failed": Word("Undo failed", "bad"),
    "skipped": Word("Not reached"),
}

MESSAGE: dict[str, Word] = {
    "queued": Word("Waiting to be sent", "accent"),
    "sending": Word("Being sent", "accent"),
    "sent": Word("Sent", "good"),
    "delivered": Word("Delivered", "good"),
    "failed": Word("Not delivered", "bad"),
    "bounced": Word("Came back", "bad", "Nobody reads mail at this address, or their server refuses ours."),
    "withdrawn": Word("Withdrawn", "", "The booking was cancelled before it left."),
}


CALENDAR: dict[str, Word] = {
    "working": Word("Calendar is read", "good"),
    "failing": Word("Calendar cannot be read", "bad", "Their times are withheld until it can."),
    "unauthorised": Word(
        "Calendar refuses the sign-in", "bad", "Their times are withheld until it is mended."
    ),
}


def word(table: dict[str, Word], state: str) -> Word:
    """Return the word of a state; one that this page does not know yet is shown as it is, never hidden."""
    return table.get(state) or Word(state.replace("_", " ").capitalize())
