"""The door of the app: import from here, not from the modules behind it."""

from providers.calendars.busy_index import BusyAnswer, busy_times
from providers.calendars.connections import connect_caldav, has_calendars
from providers.calendars.events import delete_event, find_event, write_event
from providers.mail.addresses import BadAddress, check_mail_address
from providers.mail.delivery import Delivery, deliver_message
from providers.mail.invite import Invite, build_invite
from providers.mail.outbox import MessageDraft, MessageNotFound, get_message, messages, queue_message
from providers.meetings.registry import UnknownLocationKind, meeting_provider
from providers.meetings.room import RoomNotFound, get_room, room_echo, room_mark
from providers.models import BusyTime, Calendar, CalendarConnection, Message, Notice, Room, WebhookEndpoint
from providers.notices.endpoints import (
    EVENTS,
    InvalidEndpoint,
    add_webhook_endpoint,
    remove_webhook_endpoint,
    webhook_endpoints,
)
from providers.notices.webhook import (
    NoticeNotFound,
    Notified,
    deliver_notice,
    get_notice,
    notices,
    queue_notices,
)
from providers.protocols import (
    CalendarEvent,
    MeetingLink,
    MeetingProvider,
    MeetingRequest,
    NotJoinable,
    Person,
    Proof,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorised,
    Unreachable,
    WrittenEvent,
)

__all__ = [
    "EVENTS",
    "BadAddress",
    "BusyAnswer",
    "BusyTime",
    "Calendar",
    "CalendarConnection",
    "CalendarEvent",
    "Delivery",
    "InvalidEndpoint",
    "Invite",
    "MeetingLink",
    "MeetingProvider",
    "MeetingRequest",
    "Message",
    "MessageDraft",
    "MessageNotFound",
    "NotJoinable",
    "Notice",
    "NoticeNotFound",
    "Notified",
    "Person",
    "Proof",
    "ProviderError",
    "RateLimited",
    "Rejected",
    "Room",
    "RoomNotFound",
    "Unauthorised",
    "UnknownLocationKind",
    "Unreachable",
    "WebhookEndpoint",
    "WrittenEvent",
    "add_webhook_endpoint",
    "build_invite",
    "busy_times",
    "check_mail_address",
    "connect_caldav",
    "delete_event",
    "deliver_message",
    "deliver_notice",
    "find_event",
    "get_message",
    "get_notice",
    "get_room",
    "has_calendars",
    "meeting_provider",
    "messages",
    "notices",
    "queue_message",
    "queue_notices",
    "remove_webhook_endpoint",
    "room_echo",
    "room_mark",
    "webhook_endpoints",
    "write_event",
]
