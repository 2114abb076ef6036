"""The plain values that every message is composed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from booking.messages.wording import Wording
from providers.api import Person

CancelledBy = Literal["attendee", "host", "business"]


@dataclass(frozen=True, kw_only=True)
class Business:
    """Who writes. `accent` is "#rrggbb"; `mail_address` sends the mail and organises the invites.

    `sender_name` stands in From ("": the business's name), `reply_to` is where clients' answers go ("": to the
    first host). `language` is that of clients' mails; `wordings` are the business's own words in it, by occasion.
    """

    name: str
    accent: str
    home_url: str
    mail_address: str
    sender_name: str = ""
    reply_to: str = ""
    language: str = "en"
    wordings: Mapping[str, Wording] = field(default_factory=dict)

    @property
    def bookings_url(self) -> str:
        """The portal's list of bookings: for a host who may not open one that is theirs no more."""
        return f"{self.home_url}portal/bookings/"


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """A host of the meeting; `time_zone` is an IANA name, and the zone of this host's mails."""

    name: str
    email: str
    time_zone: str

    def person(self) -> Person:
        """The host as an invite shows them."""
        return Person(name=self.name, email=self.email)


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another open time, and the address that leads to it."""

    starts_at: datetime
    url: str


@dataclass(frozen=True, kw_only=True)
class BookingFacts:
    """One attendee's booking. Instants are aware; URLs absolute; `join_url` is "" without an online meeting.

    `event_uid` and `sequence` are the invite's (RFC 5545); `book_again_url` leads to the same event type, length
    and place.
    `rooms` are the names of rooms and equipment; `seat_number` is of a session with several seats.
    `is_group`: the meeting has several seats; `others_remain`: it takes place without this attendee too.
    """

    business: Business
    booking_uid: str
    event_uid: str
    sequence: int
    event_type: str
    title: str
    starts_at: datetime
    ends_at: datetime
    location_kind: str
    attendee: Person
    attendee_zone: str
    hosts: tuple[HostFacts, ...]
    manage_url: str
    book_again_url: str
    portal_url: str
    description: str = ""
    location_detail: str = ""
    series_url: str = ""
    series_starts: tuple[datetime, ...] = ()
    rooms: tuple[str, ...] = ()
    seat_number: int | None = None
    join_url: str = ""
    guests: tuple[str, ...] = ()
    is_group: bool = False
    others_remain: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)

    def host_names(self) -> str:
        """The hosts in words: "Ana", "Ana and Ben", "Ana, Ben and Cleo"."""
        names = [host.name for host in self.hosts]
        if len(names) < 2:
            return names[0] if names else self.business.name
        return f"{', '.join(names[:-1])} and {names[-1]}"

    def place(self) -> str:
        """The rooms and the address, as one line; "" where neither is known."""
        return ", ".join(part for part in (*self.rooms, self.location_detail) if part)
