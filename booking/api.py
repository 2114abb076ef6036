"""The door of the app: import from here, not from the modules behind it."""

from booking.models import EventType, EventTypeHost, Host, Resource, Schedule, WeeklyHours

__all__ = ["EventType", "EventTypeHost", "Host", "Resource", "Schedule", "WeeklyHours"]
