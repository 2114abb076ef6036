"""What the machine's memory allows, where the database stands on it."""

import os
from pathlib import Path

_MB = 1024 * 1024
_OF_A_BUSINESS = 4_600_000  # bytes that a session keeps of one in which bookings are made, measured
_ELSEWHERE = 2_000_000_000  # bytes that everything else takes
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def process_tenants(processes: int) -> int:
    """Return how many businesses the database sessions of each of these processes may get to know, so that all of them
    take at most two thirds of the memory beyond 2 GB; 64 to 1280."""
    left = max(0, _memory() - _ELSEWHERE) * 2 // 3
    return min(1280, max(64, left // processes // _OF_A_BUSINESS))


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
