"""The models of providers: calendars and their busy index, OAuth accounts; rooms, messages, webhook endpoints."""

from providers.models.calendars import BusyTime, Calendar, CalendarConnection
from providers.models.following import CalendarChange, CalendarChannel, CalendarEntry, VendorMeeting
from providers.models.jitsi import JitsiServer
from providers.models.messages import Message, Notice, WebhookEndpoint
from providers.models.oauth import OAuthAccount, OAuthApp
from providers.models.rooms import Room, RoomLine, RoomParticipant, RoomSignal
from providers.models.senders import MailSettings
from providers.models.texts import TextCarrier, TextMessage
from providers.models.zoom import ZoomApp, ZoomMeeting

__all__ = [
    "BusyTime",
    "Calendar",
    "CalendarChange",
    "CalendarChannel",
    "CalendarConnection",
    "CalendarEntry",
    "JitsiServer",
    "MailSettings",
    "Message",
    "Notice",
    "OAuthAccount",
    "OAuthApp",
    "Room",
    "RoomLine",
    "RoomParticipant",
    "RoomSignal",
    "TextCarrier",
    "TextMessage",
    "VendorMeeting",
    "WebhookEndpoint",
    "ZoomApp",
    "ZoomMeeting",
]
