"""What a calendar tells of its changes, in plain values."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from providers.calendars.busy_rules import Interval
from providers.protocols import CalendarClient, CalendarEvent, WrittenEvent


class SyncTokenExpired(Exception):
    """The server does not know this token any more: read the whole window again."""


@dataclass(frozen=True, kw_only=True)
class OwnEvent:
    """An event as the calendar holds it now. `uid` is "" where the server no longer tells (it was deleted)."""

    remote_id: str
    uid: str
    etag: str
    is_deleted: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class WholeReading:
    """All busy times of a window, and from where on to ask for changes ("" where the server gives no token)."""

    intervals: tuple[Interval, ...]
    sync_token: str
    own: tuple[OwnEvent, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since a token: whether anything did that may change busy times, and our own or deleted events."""

    sync_token: str
    is_changed: bool
    events: tuple[OwnEvent, ...] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class OpenChannel:
    """A push channel as the vendor opened it."""

    remote_id: str
    expires_at: datetime


class TwoWayCalendar(CalendarClient, Protocol):
    """A calendar that can be asked what changed in it, and what its owner did to our events."""

    def whole(self, *, start: datetime, end: datetime) -> WholeReading:
        """Read the window and a token for its changes. Raises ProviderError."""

    def changes(self, sync_token: str) -> Changes:
        """Return what changed since. Raises SyncTokenExpired, ProviderError."""

    def look(self, remote_id: str) -> OwnEvent | None:
        """Return one event as it is now, deleted or not; None where it never was. Raises ProviderError."""

    def restore(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Put our event back as it has to be, whatever its SEQUENCE says. Raises ProviderError."""


class FollowedCalendar(TwoWayCalendar, Protocol):
    """A calendar whose vendor also calls us when something changes in it, on a channel that lasts so long."""

    channel_lasts: ClassVar[timedelta]

    def open_channel(self, *, key: str, secret: str, address: str, expires_at: datetime) -> OpenChannel:
        """Ask to be called at `address` with `secret` until about `expires_at`. Raises ProviderError."""

    def prolong_channel(self, *, remote_id: str, expires_at: datetime) -> datetime | None:
        """Let a channel live longer; None where the vendor cannot, or it is gone. Raises ProviderError."""

    def close_channel(self, *, key: str, remote_id: str) -> None:
        """End a channel; one that is gone already is no failure. Raises ProviderError."""
