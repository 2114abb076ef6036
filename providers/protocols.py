"""What every outside system must be able to do, in plain values: one Protocol per kind of provider, and the
closed set of ways in which a provider can fail. Imports no model, so it can be read without the database.

Instants are aware datetimes in UTC unless said otherwise. Every call that changes something takes a key and
is idempotent by it: the runner repeats a call whose outcome it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kernel.errors import HoldfastError

JsonScalar = str | int | bool | None


class ProviderError(HoldfastError):
    """An outside system did not do what was asked. `message` is a sentence for people.

    `is_transient`: asking again later may succeed, so the runner retries; otherwise the step failed for good.
    """

    code = "provider_error"
    is_transient = False


class Unreachable(ProviderError):
    """No usable answer came: refused, timed out, 5xx, a temporary 4xx of SMTP. It may have acted."""

    code = "unreachable"
    is_transient = True


class RateLimited(ProviderError):
    """It answered "later". `retry_after` is in seconds, None when it did not say."""

    code = "rate_limited"
    is_transient = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class Rejected(ProviderError):
    """It understood and refuses: asking again will not help."""

    code = "rejected"


class Unauthorised(ProviderError):
    """Our credentials are missing, wrong or revoked: a person has to connect it again."""

    code = "unauthorised"


class NotJoinable(ProviderError):
    """The link was not proven: nobody may be sent to it. `transient`: the proof may be tried again."""

    code = "link_unverified"

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.is_transient = transient


@dataclass(frozen=True, kw_only=True)
class MeetingRequest:
    """The meeting that a link is wanted for. `key` identifies the effect: the same key, the same link.

    `host_ids` are its hosts, first one first: some links are made in a host's own account, which an organisation
    knows by the host's address (`host_addresses`, in the same order).
    """

    key: str
    meeting_uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    location_detail: str = ""
    host_ids: tuple[int, ...] = ()
    host_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MeetingLink:
    """A link that was created but not yet proven. `url` is "" where people meet without one."""

    kind: str
    key: str
    url: str
    data: Mapping[str, JsonScalar] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was seen when the link was tried. `evidence` holds JSON values and no personal data."""

    checked_at: datetime
    url: str
    evidence: Mapping[str, JsonScalar] = field(default_factory=dict)


class MeetingProvider(Protocol):
    """Where people meet. All methods are idempotent by key and raise only ProviderError."""

    kind: str
    has_link: bool

    def create(self, request: MeetingRequest, *, now: datetime) -> MeetingLink:
        """Make the meeting, or return the one that this key already made. Raises Unreachable, Rejected."""

    def find(self, key: str) -> MeetingLink | None:
        """The live link of this key; None when it was never made or was cancelled. Raises Unreachable."""

    def prove(self, link: MeetingLink, request: MeetingRequest, *, now: datetime) -> Proof:
        """Try the link as a person would. Raises NotJoinable unless it answers for exactly this meeting."""

    def cancel(self, key: str, *, now: datetime) -> bool:
        """Take the link back; True when it was live until now, False when there was nothing to cancel."""

    def is_of_host(self, key: str) -> bool:
        """Say whether this key's link is one host's to start, who cannot hand it over. Two queries at most."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A name and an address, as an invite or a calendar event shows them."""

    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class CalendarEvent:
    """An event as the host's calendar shows it; `uid`, `sequence`: RFC 5545; `time_zone`: IANA name."""

    uid: str
    sequence: int
    title: str
    description: str
    location: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    organiser: Person
    attendees: tuple[Person, ...] = ()
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class WrittenEvent:
    """Where the calendar keeps an event of ours, and the version that we wrote (an echo of it is ignored)."""

    href: str
    etag: str


class CalendarClient(Protocol):
    """One connected calendar account. Raises only ProviderError; a failure never reads as "empty"."""

    def busy(self, *, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Busy intervals that touch [start, end), half-open, UTC, sorted by start; recurrences expanded."""

    def find(self, uid: str) -> WrittenEvent | None:
        """The event with this UID in the destination calendar, None when it is not there."""

    def write(self, event: CalendarEvent, *, now: datetime) -> WrittenEvent:
        """Create or replace the event with this UID: the same call twice leaves one. `now`: its DTSTAMP."""

    def delete(self, uid: str) -> bool:
        """Remove the event with this UID; True when it was there, False when it was already gone."""
