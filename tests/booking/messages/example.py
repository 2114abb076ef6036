"""One booking as plain values, as the tests of the messages read it."""

from datetime import UTC, datetime

from booking.messages import BookingFacts, Business, HostFacts
from providers.api import Person

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
ANA = HostFacts(name="Ana Martins", email="ana@acme.example", time_zone="Europe/Lisbon")
FACTS = BookingFacts(
    business=Business(
        name="Acme Advisory",
        accent="#0b6e4f",
        home_url="http://acme.localhost:8000/",
        mail_address="bookings@holdfast.example",
    ),
    booking_uid="b1",
    event_uid="m1@t_1.holdfast",
    sequence=0,
    event_type="intro-call",
    title="Intro call",
    starts_at=datetime(2026, 11, 3, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 11, 3, 15, 0, tzinfo=UTC),
    location_kind="built_in_room",
    attendee=Person(name="Ben Müller", email="ben@example.org"),
    attendee_zone="Europe/Berlin",
    hosts=(ANA,),
    manage_url="http://acme.localhost:8000/b/b1/token/",
    book_again_url="http://acme.localhost:8000/book/intro-call/",
    portal_url="http://acme.localhost:8000/portal/bookings/b1/",
    description="Half an hour to see whether we fit.",
    join_url="http://acme.localhost:8000/room/tok/",
    guests=("guest@example.org",),
    answers={"What about?": "Growth", "Left empty": ""},
)
