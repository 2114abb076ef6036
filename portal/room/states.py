"""When a room is open. Pure."""

from datetime import datetime


def room_state(*, opens_at: datetime, closes_at: datetime, now: datetime) -> str:
    """Return "scheduled" before the opening, "open" in [opens_at, closes_at), "ended" from then on."""
    if now < opens_at:
        return "scheduled"
    return "open" if now < closes_at else "ended"
