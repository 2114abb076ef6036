"""The tables of a business, one idea per file."""

from booking.models.bookings import Booking, IdempotencyKey, Move, Series
from booking.models.event_types import EventType, EventTypeHost, EventTypeResource
from booking.models.health import ProbeResult
from booking.models.hosts import (
    BusinessHolidays,
    DateOverride,
    Host,
    OutOfOffice,
    Resource,
    Schedule,
    WeeklyHours,
)
from booking.models.incidents import Incident
from booking.models.meetings import Meeting, MeetingHost, MeetingResource, Occupancy
from booking.models.reminders import Reminder
from booking.models.texting import TextConsent
from booking.models.wordings import MessageWording

__all__ = [
    "Booking",
    "BusinessHolidays",
    "DateOverride",
    "EventType",
    "EventTypeHost",
    "EventTypeResource",
    "Host",
    "IdempotencyKey",
    "Incident",
    "Meeting",
    "MeetingHost",
    "MeetingResource",
    "MessageWording",
    "Move",
    "Occupancy",
    "OutOfOffice",
    "ProbeResult",
    "Reminder",
    "Resource",
    "Schedule",
    "Series",
    "TextConsent",
    "WeeklyHours",
]
