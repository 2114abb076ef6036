"""How long a host has to approve a booking: what the meeting type allows, and never beyond the start."""

_FOR_THE_LINK_SECONDS = 60


def approval_seconds(*, approval_minutes: int, start: int, now: int) -> int:
    """Return the seconds for which a pending booking blocks its time; `start` and `now` in seconds since the epoch.

    It ends a minute before the start, so that a meeting link can still be made; at least one second, so that a
    start that is about to pass still expires by itself.
    """
    return max(1, min(approval_minutes * 60, start - now - _FOR_THE_LINK_SECONDS))
