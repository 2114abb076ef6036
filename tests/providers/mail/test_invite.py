"""The invite read back is exactly what was put in, whatever people typed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from providers.mail.addresses import BadAddress
from providers.mail.invite import Invite, build_invite
from providers.protocols import Person

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 1, 12, 0, 0, 123456, tzinfo=UTC)
INVITE = Invite(
    method="REQUEST",
    uid="abc@t_1.holdfast",
    sequence=2,
    title="Intro call; Ana, Ben",
    description="First line\nSecond, with a comma",
    location="http://acme.localhost:8000/room/x/",
    url="http://acme.localhost:8000/room/x/",
    starts_at=datetime(2026, 11, 3, 14, 30, tzinfo=UTC),
    ends_at=datetime(2026, 11, 3, 15, 0, tzinfo=UTC),
    time_zone="America/New_York",
    organiser=Person(name="Acme", email="bookings@acme.example"),
    accepted=(
        Person(name='Ana "the" Host', email="ana@acme.example"),
        Person(name="Ben", email="ben@example.org"),
    ),
    invited=(Person(name="", email="guest@example.org"),),
)


def test_a_request_read_back_is_what_was_put_in() -> None:
    assert _read(build_invite(INVITE, now=NOW)) == {
        "PRODID": "-//Holdfast//Holdfast//EN",
        "VERSION": "2.0",
        "METHOD": "REQUEST",
        "UID": "abc@t_1.holdfast",
        "SEQUENCE": 2,
        "DTSTAMP": datetime(2026, 10, 1, 12, 0, tzinfo=UTC),
        "DTSTART": datetime(2026, 11, 3, 9, 30, tzinfo=NEW_YORK),
        "DTEND": datetime(2026, 11, 3, 10, 0, tzinfo=NEW_YORK),
        "SUMMARY": "Intro call; Ana, Ben",
        "DESCRIPTION": "First line\nSecond, with a comma",
        "LOCATION": "http://acme.localhost:8000/room/x/",
        "URL": "http://acme.localhost:8000/room/x/",
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        "ORGANIZER": ("mailto:bookings@acme.example", {"CN": "Acme"}),
        "ATTENDEE": [
            ("mailto:ana@acme.example", _parameters("ACCEPTED", CN="Ana 'the' Host")),
            ("mailto:ben@example.org", _parameters("ACCEPTED", CN="Ben")),
            ("mailto:guest@example.org", _parameters("NEEDS-ACTION")),
        ],
    }


def test_a_cancellation_differs_in_method_and_status_only() -> None:
    request = _read(build_invite(INVITE, now=NOW))
    cancel = _read(build_invite(replace(INVITE, method="CANCEL"), now=NOW))
    assert cancel == {**request, "METHOD": "CANCEL", "STATUS": "CANCELLED"}


def test_times_are_local_with_their_zones_rules_in_the_same_file() -> None:
    plus_two = INVITE.starts_at.astimezone(timezone(timedelta(hours=2)))
    lines = build_invite(replace(INVITE, starts_at=plus_two), now=NOW).split("\r\n")
    assert "DTSTART;TZID=America/New_York:20261103T093000" in lines
    assert "DTEND;TZID=America/New_York:20261103T100000" in lines
    assert lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE")] == [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250309T020000",
        "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
        "TZNAME:EDT",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251102T020000",
        "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11",
        "TZNAME:EST",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "END:STANDARD",
    ]


@pytest.mark.parametrize("hour", [5, 6])  # New York: 01:30, the first time and the second
def test_a_repeated_hour_is_written_in_utc(hour: int) -> None:
    start = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    text = build_invite(replace(INVITE, starts_at=start, ends_at=start + timedelta(minutes=30)), now=NOW)
    assert f"DTSTART:20261101T0{hour}3000Z\r\n" in text
    assert "TZID" not in text


@pytest.mark.parametrize("name", ["UTC", "Mars/Olympus_Mons"])
def test_utc_and_an_unknown_zone_are_written_in_utc(name: str) -> None:
    text = build_invite(replace(INVITE, time_zone=name), now=NOW)
    assert "DTSTART:20261103T143000Z\r\n" in text
    assert "TZID" not in text


def test_without_a_place_or_a_link_there_is_no_such_property() -> None:
    read = _read(build_invite(replace(INVITE, url="", location="", description=""), now=NOW))
    assert sorted({"URL", "LOCATION", "DESCRIPTION"} & set(read)) == []


def test_a_bad_address_is_refused() -> None:
    with pytest.raises(BadAddress):
        build_invite(replace(INVITE, accepted=(Person(name="x", email="a@x.org\rX-A:1"),)), now=NOW)


NASTY = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\r\n\x00\x1b\x85\u2028;:,\\\"'^= \t")), max_size=80
)


@settings(max_examples=150, deadline=None)
@given(title=NASTY, description=NASTY, location=NASTY, name=NASTY)
@example(
    title="a\rX-INJECTED:1", description="b\rBEGIN:VALARM", location="\x00", name='"\r\nATTENDEE:mailto:x@y.z'
)
@example(title="\ud800", description="\udfff", location="\ufeff", name="^n^'")
def test_no_text_adds_a_property_or_a_line(title: str, description: str, location: str, name: str) -> None:
    plain = Person(name="x", email="ben@example.org")
    invite = replace(
        INVITE,
        title=title,
        description=description,
        location=location,
        accepted=(replace(plain, name=name),),
        invited=(),
    )
    text = build_invite(invite, now=NOW)
    read = _read(text)
    expected = {"DESCRIPTION", "LOCATION"} & set(read) | {
        "PRODID", "VERSION", "METHOD", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "URL",
        "STATUS", "TRANSP", "ORGANIZER", "ATTENDEE",
    }  # fmt: skip
    assert set(read) == expected
    assert read["ATTENDEE"][0][0] == "mailto:ben@example.org"
    assert len(read["ATTENDEE"]) == 1
    unfolded = text.replace("\r\n ", "").split("\r\n")
    assert [
        line
        for line in unfolded
        if any((ord(letter) < 32 and letter != "\t") or ord(letter) == 127 for letter in line)
    ] == []


def _parameters(status: str, **more: str) -> dict[str, str]:
    return {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE", "PARTSTAT": status, **more}


def _read(text: str) -> dict[str, Any]:
    """Return every property of the calendar and of its one event; fails when there is more than its zone beside it."""
    calendar = Calendar.from_ical(text)
    zone, event = calendar.subcomponents
    assert (calendar.name, zone.name, event.name) == ("VCALENDAR", "VTIMEZONE", "VEVENT")
    assert event.subcomponents == []
    assert (calendar.errors, event.errors) == ([], [])
    read: dict[str, Any] = {}
    for name, value in [*calendar.items(), *event.items()]:
        if name == "ATTENDEE":
            users = value if isinstance(value, list) else [value]
            read[name] = [(str(user), {k: str(v) for k, v in user.params.items()}) for user in users]
        elif name == "ORGANIZER":
            read[name] = (str(value), {k: str(v) for k, v in value.params.items()})
        else:
            read[name] = getattr(value, "dt", value if isinstance(value, int) else str(value))
    return read
