"""Names of time zones that come from outside."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def known_zone(name: str) -> str:
    """Return `name` if it is an IANA time zone that this machine knows, "" otherwise."""
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, or no name at all ("../x", a folder)
        return ""


def zone_named(name: str) -> ZoneInfo:
    """Return the zone of this name, UTC for one that this machine does not know any more."""
    return ZoneInfo(known_zone(name) or "UTC")
