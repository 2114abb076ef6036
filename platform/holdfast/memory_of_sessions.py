"""How many businesses a database session may get to know, where the database stands on this machine."""

import os
from pathlib import Path

_OF_A_BUSINESS = 4_600_000  # bytes that a session keeps of one in which bookings are made, measured
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def session_tenants(sessions: int) -> int:
    """Return how many, so that this many sessions take at most half of the machine's memory; 32 to 256."""
    return min(256, max(32, _memory() // 2 // sessions // _OF_A_BUSINESS))


def _memory() -> int:
    """Return the bytes of memory that there are for us: the machine's, or a container's share of it."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(there, int(_LIMIT.read_text()))
    except (OSError, ValueError):  # no such limit, or "max"
        return there
