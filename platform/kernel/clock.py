"""The one place that reads the wall clock; everything else is handed its `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, aware, in UTC, with microseconds."""
    return datetime.now(UTC)
