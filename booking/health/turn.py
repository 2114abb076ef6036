"""Is a TURN server set? Without one the built-in room fails for people behind strict firewalls."""

from booking.health.findings import Asked, Finding, Probe
from booking.health.room import offers_room
from providers.api import turn_is_set


def check(_asked: Asked) -> list[Finding]:
    """A warning, not a fault: most networks need none."""
    if turn_is_set():
        return [Finding("ok", "A TURN server is set.")]
    if not offers_room():
        return [Finding("ok", "No TURN server is set, and no meeting type on offer needs one.")]
    return [
        Finding(
            "warn",
            "No TURN server is set (HOLDFAST_TURN_URLS).",
            "In the built-in room, people behind strict firewalls may not see and hear each other.",
        )
    ]


PROBE = Probe("turn", "The room reaches behind firewalls", check)
