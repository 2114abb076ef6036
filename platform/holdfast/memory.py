"""What the machine's memory allows, where the database stands on it."""

import os
from pathlib import Path

_MB = 1024 * 1024
_OF_A_BUSINESS = 4_600_000  # bytes that a session keeps of one in which bookings are made, measured
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def session_tenants(sessions: int) -> int:
    """Return how many businesses a database session may get to know, so that this many sessions take at most half of
    the memory; 32 to 256."""
    return min(256, max(32, _memory() // 2 // sessions // _OF_A_BUSINESS))


def shared_buffers() -> str:
    """Return an eighth of the memory as PostgreSQL's setting; 128 MB to 4 GB."""
    return f"{min(4096, max(128, _memory() // 8 // _MB))}MB"


def _memory() -> int:
    """Return the bytes of memory that there are for us: the machine's, or a container's share of it."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(there, int(_LIMIT.read_text()))
    except (OSError, ValueError):  # no such limit, or "max"
        return there
