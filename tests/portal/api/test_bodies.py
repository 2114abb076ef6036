"""What the API reads: strict shapes, every wrong field named at once, nothing that breaks further down."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.api.bodies import (
    NewBooking,
    Reschedule,
    SlotsQuery,
    parse_cancel,
    parse_idempotency_key,
    parse_new_booking,
    parse_reschedule,
    parse_slots_query,
)
from portal.api.problems import InvalidRequest

QUERY = {"event_type": "intro-call", "start": "2026-11-24", "end": "2026-11-30", "time_zone": "Europe/Lisbon"}
BODY: dict[str, Any] = {
    "event_type": "intro-call",
    "start": "2026-11-24T15:30:00+01:00",
    "time_zone": "Europe/Lisbon",
    "attendee": {"name": "Bruno Dias", "email": "bruno@example.com"},
}


def _errors(parse: Any, given: Any) -> object:
    with pytest.raises(InvalidRequest) as refused:
        parse(given)
    assert refused.value.code == "invalid_request"
    return refused.value.fields["errors"]


def test_slots_query_is_read_whole() -> None:
    assert parse_slots_query({**QUERY, "host": "ana", "explain": "1"}) == SlotsQuery(
        event_type="intro-call",
        first=date(2026, 11, 24),
        last=date(2026, 11, 30),
        time_zone="Europe/Lisbon",
        host="ana",
        explain=True,
    )


def test_slots_query_needs_neither_zone_nor_host() -> None:
    assert parse_slots_query({"event_type": "a", "start": "2026-11-24", "end": "2026-11-24"}) == SlotsQuery(
        event_type="a",
        first=date(2026, 11, 24),
        last=date(2026, 11, 24),
        time_zone=None,
        host=None,
        explain=False,
    )


def test_slots_query_names_every_wrong_field_at_once() -> None:
    known = "There is no such field here. Known: event_type, start, end, time_zone, host, explain, duration_minutes."
    assert _errors(
        parse_slots_query,
        {
            "event_type": "Intro Call",
            "start": "24.11.2026",
            "time_zone": "Lisbon",
            "explain": "yes",
            "timezone": "x",
        },
    ) == {
        "event_type": "Use the short name as it stands in the page's address.",
        "start": "Write a date as YYYY-MM-DD.",
        "end": "This field is required.",
        "time_zone": "Name an IANA time zone, for example Europe/Lisbon.",
        "explain": '"yes" is not a valid choice.',
        "timezone": known,
    }


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-30",
        "2026-11-24T00:00:00Z",
        "2026-W48-2",
        "20261124",
        "1999-12-31",
        "2200-01-01",
        "٢٠٢٦-11-24",
    ],
)
def test_slots_query_refuses_what_is_no_date(day: str) -> None:
    assert _errors(parse_slots_query, {**QUERY, "start": day}) == {"start": "Write a date as YYYY-MM-DD."}


@pytest.mark.parametrize(
    "zone", ["../../etc/passwd", "/etc/localtime", "America", "europe/lisbon", "UTC+1", "a" * 500]
)
def test_slots_query_refuses_what_is_no_time_zone(zone: str) -> None:
    assert _errors(parse_slots_query, {**QUERY, "time_zone": zone}) == {
        "time_zone": "Name an IANA time zone, for example Europe/Lisbon."
    }


def test_new_booking_is_read_whole_and_its_start_becomes_utc() -> None:
    body = {**BODY, "guests": ["eva@example.com"], "answers": {"topic": "line one\nline two"}, "host": "ana"}
    assert parse_new_booking(body) == NewBooking(
        event_type="intro-call",
        start=datetime(2026, 11, 24, 14, 30, tzinfo=UTC),
        time_zone="Europe/Lisbon",
        name="Bruno Dias",
        email="bruno@example.com",
        guests=("eva@example.com",),
        answers={"topic": "line one\nline two"},
        host="ana",
    )


def test_new_booking_without_the_optional_fields() -> None:
    read = parse_new_booking(BODY)
    assert (read.guests, read.answers, read.host) == ((), {}, None)


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        (
            {"start": "2026-11-24T14:30:00"},
            {"start": "Write an instant with its offset, for example 2026-11-24T14:30:00Z."},
        ),
        (
            {"start": "2026-11-24"},
            {"start": "Write an instant with its offset, for example 2026-11-24T14:30:00Z."},
        ),
        (
            {"start": "0001-01-01T00:00:00+14:00"},
            {"start": "Write an instant with its offset, for example 2026-11-24T14:30:00Z."},
        ),
        (
            {"start": "2026-11-24T14:30:00.5Z"},
            {"start": "Write an instant with its offset, for example 2026-11-24T14:30:00Z."},
        ),
        ({"start": 1795530600}, {"start": "Write this as a string."}),
        ({"attendee": "Bruno"}, {"attendee": "Invalid data. Expected a dictionary, but got str."}),
        ({"attendee": {"name": "Bruno"}}, {"attendee.email": "This field is required."}),
        (
            {"attendee": {"name": "Br\x00uno", "email": "b@example.com"}},
            {"attendee.name": "Leave out control characters."},
        ),
        (
            {"attendee": {"name": "\ud800", "email": "b@example.com"}},
            {"attendee.name": "Leave out control characters."},
        ),
        ({"attendee": {"name": "B", "email": True}}, {"attendee.email": "Write this as a string."}),
        (
            {"attendee": {"name": "B", "email": "b@example.com", "phone": "1"}},
            {"attendee.phone": "There is no such field here. Known: name, email."},
        ),
        ({"guests": ["ok@example.com", 7]}, {"guests.1": "Write this as a string."}),
        ({"guests": ["g@example.com"] * 21}, {"guests": "Ensure this field has no more than 20 elements."}),
        ({"answers": {"topic": 1}}, {"answers.topic": "Write this as a string."}),
        ({"answers": {"to\x00pic": "a"}}, {"answers": "Leave out control characters."}),
        ({"answers": {str(n): "a" for n in range(51)}}, {"answers": "Send at most 50 answers."}),
        ({"answers": None}, {"answers": "This field may not be null."}),
        ({"host": ""}, {"host": "This field may not be blank."}),
    ],
)
def test_new_booking_refuses(change: dict[str, Any], errors: dict[str, str]) -> None:
    assert _errors(parse_new_booking, {**BODY, **change}) == errors


@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_new_booking_is_an_object(body: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_new_booking(body)
    assert refused.value.message == "The body cannot be used. Look at: its form."


def test_cancel_needs_no_body_and_takes_a_reason() -> None:
    assert (parse_cancel({}), parse_cancel({"reason": "Ill"})) == ("", "Ill")
    assert _errors(parse_cancel, {"why": "Ill"}) == {"why": "There is no such field here. Known: reason."}


def test_reschedule_reads_a_start() -> None:
    assert parse_reschedule({"start": "2026-11-24T14:30:00.000Z"}) == parse_reschedule(
        {"start": "2026-11-24T14:30Z"}
    )
    assert parse_reschedule({"start": "2026-11-24T14:30Z"}) == Reschedule(
        start=datetime(2026, 11, 24, 14, 30, tzinfo=UTC), time_zone=None
    )
    assert _errors(parse_reschedule, {}) == {"start": "This field is required."}


def test_idempotency_key_is_visible_ascii() -> None:
    assert parse_idempotency_key(None) is None
    assert parse_idempotency_key("a" * 255) == "a" * 255
    for wrong in ("", "a" * 256, "a b", "é", "a\n"):
        with pytest.raises(InvalidRequest) as refused:
            parse_idempotency_key(wrong)
        assert refused.value.fields["errors"] == {
            "Idempotency-Key": "Use 1 to 255 visible ASCII characters without spaces, for example a UUID."
        }


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_fields = st.sampled_from([*BODY, "guests", "answers", "host", "other"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a shared machine
@given(change=st.dictionaries(_fields, _json, max_size=4))
def test_any_json_is_read_or_refused(change: dict[str, Any]) -> None:
    read = _read_or_errors(parse_new_booking, {**BODY, **change})
    assert read
    assert isinstance(read, dict) or (isinstance(read, NewBooking) and read.start.tzinfo is UTC)


@given(
    change=st.dictionaries(
        st.sampled_from([*QUERY, "host", "explain", "x"]), st.text(max_size=20), max_size=4
    )
)
def test_any_query_is_read_or_refused(change: dict[str, str]) -> None:
    read = _read_or_errors(parse_slots_query, {**QUERY, **change})
    assert read
    assert isinstance(read, dict | SlotsQuery)


def _read_or_errors(parse: Any, given: Any) -> object:
    try:
        return parse(given)
    except InvalidRequest as refused:
        return refused.fields["errors"]
