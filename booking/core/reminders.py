"""When clients are reminded: minutes before the start, and which of them still lie ahead. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.errors import HoldfastError

USUAL = (1440, 60)
MOST = 5
SHORTEST_MINUTES = 5
LONGEST_MINUTES = 30 * 1440


class InvalidReminders(HoldfastError):
    """The reminder times cannot be used; the message says which and why."""

    code = "invalid_request"


def usual_reminders() -> list[int]:
    """Return the default of a new event type: a day and an hour before the start."""
    return list(USUAL)


def checked_reminders(minutes: Sequence[int]) -> list[int]:
    """Return minutes before the start, each once, the earliest reminder first; an empty list: none.

    Raises `InvalidReminders` for more than five, or one outside five minutes to 30 days.
    """
    for each in minutes:
        if isinstance(each, bool) or not isinstance(each, int):
            raise InvalidReminders("A reminder is a whole number of minutes before the start.")
        if not SHORTEST_MINUTES <= each <= LONGEST_MINUTES:
            raise InvalidReminders("A reminder goes out between 5 minutes and 30 days before the start.")
    if len(set(minutes)) > MOST:
        raise InvalidReminders(f"There can be {MOST} reminders at most.")
    return sorted(set(minutes), reverse=True)


def still_ahead(
    minutes: Sequence[int], *, starts_at: datetime, now: datetime
) -> tuple[tuple[int, datetime], ...]:
    """Return (minutes before, due instant) of the reminders whose time has not come yet, earliest first."""
    due = ((each, starts_at - timedelta(minutes=each)) for each in sorted(set(minutes), reverse=True))
    return tuple((each, instant) for each, instant in due if instant > now)
