"""The six workflows, one file each; importing this package registers them with the runner."""

from booking.workflows import (
    cancellation,
    error_handler,
    fixer,
    health_check,
    new_booking,
    reminder,
)
from booking.workflows.telling_failed import tell_failed
from booking.workflows.telling_unanswered import tell_unanswered

__all__ = [
    "cancellation",
    "error_handler",
    "fixer",
    "health_check",
    "new_booking",
    "reminder",
    "tell_failed",
    "tell_unanswered",
]
