"""The six workflows, one file each; importing this package registers them with the runner."""

from booking.workflows import cancellation, fixer, health_check, new_booking
from booking.workflows.telling_failed import tell_failed

__all__ = ["cancellation", "fixer", "health_check", "new_booking", "tell_failed"]
