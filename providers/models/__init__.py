"""The models of providers: calendars and their busy index; rooms, messages and webhook endpoints."""

from providers.models.calendars import BusyTime, Calendar, CalendarConnection
from providers.models.messages import Message, Notice, WebhookEndpoint
from providers.models.rooms import Room, RoomLine, RoomParticipant, RoomSignal
from providers.models.senders import MailSettings

__all__ = [
    "BusyTime",
    "Calendar",
    "CalendarConnection",
    "MailSettings",
    "Message",
    "Notice",
    "Room",
    "RoomLine",
    "RoomParticipant",
    "RoomSignal",
    "WebhookEndpoint",
]
