"""Each message: to whom, its subject, the time and the link in its first two lines, and its invite."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from icalendar import Calendar

from booking.messages import (
    Alternative,
    Business,
    booking_cancelled,
    booking_confirmed,
    booking_rescheduled,
    cancellation_for_attendee,
    cancellation_for_host,
    confirmation_for_attendee,
    confirmation_for_host,
    failed_for_attendee,
    move_failed_for_attendee,
    moved_for_attendee,
    moved_for_host,
    team_notice,
)
from booking.messages.letter import ink_on
from providers.api import MessageDraft, Person
from tests.booking.messages.example import ANA, FACTS, NOW

BERLIN = "Tuesday 3 November 2026, 15:30–16:00 (Europe/Berlin, UTC+1)"
LISBON = "Tuesday 3 November 2026, 14:30–15:00 (Europe/Lisbon, UTC+0)"
JOIN = "Join: http://acme.localhost:8000/room/tok/"
AGAIN = "http://acme.localhost:8000/book/intro-call/"
PORTAL = "Open the booking: http://acme.localhost:8000/portal/bookings/b1/"
BEFORE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WANTED = Alternative(starts_at=datetime(2026, 11, 4, 9, 0, tzinfo=UTC), url=f"{AGAIN}?date=2026-11-04")
OWNER = Person(name="Alice", email="owner@acme.example")
WHO = "Ben Müller"

# draft, kind, recipient, replies go to, subject, first line, second line, invite method
CASES: list[tuple[MessageDraft, str, str, str, str, str, str, str]] = [
    (
        confirmation_for_attendee(FACTS, now=NOW),
        "confirmation_attendee",
        "ben@example.org",
        "ana@acme.example",
        "Confirmed: Intro call with Ana Martins, Tue 3 Nov 2026, 15:30 Europe/Berlin",
        BERLIN,
        JOIN,
        "REQUEST",
    ),
    (
        confirmation_for_host(FACTS, ANA, now=NOW),
        "confirmation_host",
        "ana@acme.example",
        "ben@example.org",
        f"New booking: Intro call with {WHO}, Tue 3 Nov 2026, 14:30 Europe/Lisbon",
        LISBON,
        JOIN,
        "REQUEST",
    ),
    (
        cancellation_for_attendee(FACTS, by="host", reason="Ill", now=NOW),
        "cancellation_attendee",
        "ben@example.org",
        "ana@acme.example",
        "Cancelled: Intro call with Ana Martins, Tue 3 Nov 2026, 15:30 Europe/Berlin",
        f"Cancelled: {BERLIN}",
        f"Book another time: {AGAIN}",
        "CANCEL",
    ),
    (
        cancellation_for_host(FACTS, ANA, by="attendee", reason="", now=NOW),
        "cancellation_host",
        "ana@acme.example",
        "ben@example.org",
        f"Cancelled: Intro call with {WHO}, Tue 3 Nov 2026, 14:30 Europe/Lisbon",
        f"Cancelled: {LISBON}",
        PORTAL,
        "CANCEL",
    ),
    (
        moved_for_attendee(FACTS, previous_starts_at=BEFORE, now=NOW),
        "moved_attendee",
        "ben@example.org",
        "ana@acme.example",
        "New time: Intro call with Ana Martins, Tue 3 Nov 2026, 15:30 Europe/Berlin",
        BERLIN,
        JOIN,
        "REQUEST",
    ),
    (
        moved_for_host(FACTS, ANA, previous_starts_at=BEFORE, now=NOW),
        "moved_host",
        "ana@acme.example",
        "ben@example.org",
        f"New time: Intro call with {WHO}, Tue 3 Nov 2026, 14:30 Europe/Lisbon",
        LISBON,
        JOIN,
        "REQUEST",
    ),
    (
        failed_for_attendee(FACTS, words="Why.", alternatives=[WANTED]),
        "failed_attendee",
        "ben@example.org",
        "ana@acme.example",
        "Not booked: Intro call with Ana Martins, Tue 3 Nov 2026, 15:30 Europe/Berlin",
        f"Not booked: {BERLIN}",
        f"Choose another time: {AGAIN}",
        "",
    ),
    (
        move_failed_for_attendee(FACTS, wanted=WANTED, words="Why.", alternatives=[]),
        "move_failed_attendee",
        "ben@example.org",
        "ana@acme.example",
        "Not moved: Intro call with Ana Martins stays at Tue 3 Nov 2026, 15:30 Europe/Berlin",
        f"Still at {BERLIN}",
        JOIN,
        "",
    ),
    (
        team_notice(FACTS, what="confirmed", to=OWNER),
        "team_confirmed",
        "owner@acme.example",
        "ben@example.org",
        f"New booking: Intro call with {WHO}, Tue 3 Nov 2026, 14:30 Europe/Lisbon",
        LISBON,
        PORTAL,
        "",
    ),
    (
        team_notice(FACTS, what="failed", to=OWNER, words="Why."),
        "team_failed",
        "owner@acme.example",
        "ben@example.org",
        f"Not booked: Intro call with {WHO}, Tue 3 Nov 2026, 14:30 Europe/Lisbon",
        f"Not booked: {LISBON}",
        PORTAL,
        "",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[1] for case in CASES])
def test_time_and_link_come_first_in_both_twins(
    case: tuple[MessageDraft, str, str, str, str, str, str, str],
) -> None:
    draft, kind, to, reply_to, subject, first, second, method = case
    assert (
        draft.kind,
        draft.to_address,
        draft.reply_to,
        draft.sender_name,
        draft.subject,
        draft.ics_method,
    ) == (
        kind,
        to,
        reply_to,
        "Acme Advisory",
        subject,
        method,
    )
    assert draft.text.splitlines()[:2] == [first, second]
    assert _visible(draft.html)[:2] == [first, second]
    assert (draft.ics != "") is (method != "")
    assert "<img" not in draft.html


def test_the_text_twin_of_a_confirmation_reads_as_a_letter() -> None:
    assert confirmation_for_attendee(FACTS, now=NOW).text == (
        f"{BERLIN}\n"
        f"{JOIN}\n\n"
        "Your Intro call with Ana Martins is confirmed\n\n"
        "Open the link in your browser; the room opens ten minutes before the start.\n\n"
        "Meeting: Intro call\nWith: Ana Martins\nGuests: guest@example.org\n\n"
        "Change or cancel:\nhttp://acme.localhost:8000/b/b1/token/\n\n"
        "-- \nAcme Advisory\nhttp://acme.localhost:8000/\n"
        "You receive this because you booked a meeting. The invite is attached.\n"
    )


def test_the_failure_says_what_to_do_with_the_nearest_times_one_tap_away() -> None:
    text = failed_for_attendee(FACTS, words="The link did not answer.", alternatives=[WANTED]).text
    assert text.splitlines()[3:13] == [
        "Your Intro call was not booked",
        "",
        "The link did not answer.",
        "",
        "Nothing was booked, the time was given back, and you need not cancel anything.",
        "",
        "These times were open when this mail was written:",
        "",
        "Take Wed 4 Nov 2026, 10:00 Europe/Berlin:",
        f"{AGAIN}?date=2026-11-04",
    ]
    without = failed_for_attendee(FACTS, words="Why.", alternatives=[]).text.splitlines()
    assert without[9] == "Please choose another time, or reply to this mail to reach Ana Martins."


def test_in_person_the_second_line_is_the_place() -> None:
    facts = replace(FACTS, location_kind="in_person", location_detail="Rua do Alecrim 26", join_url="")
    draft = confirmation_for_attendee(facts, now=NOW)
    assert draft.text.splitlines()[:2] == [BERLIN, "Where: Rua do Alecrim 26"]
    assert _visible(draft.html)[:2] == [BERLIN, "Where: Rua do Alecrim 26"]
    assert _event(draft)["LOCATION"] == "Rua do Alecrim 26"
    assert "URL" not in _event(draft)


def test_the_invite_is_one_event_for_both_sides_and_the_manage_link_is_the_attendees_alone() -> None:
    attendee, host = confirmation_for_attendee(FACTS, now=NOW), confirmation_for_host(FACTS, ANA, now=NOW)
    assert _event(attendee)["UID"] == _event(host)["UID"] == "m1@t_1.holdfast"
    assert "/b/b1/token/" in _event(attendee)["DESCRIPTION"]
    assert [part for part in (host.text, host.html, host.ics) if "token" in part] == []
    assert _event(attendee)["SUMMARY"] == "Intro call: Ben Müller and Ana Martins"


def test_a_cancellation_says_who_and_why() -> None:
    headings = [
        cancellation_for_attendee(FACTS, by=by, reason="Ill", now=NOW).text.splitlines()[3]
        for by in ("attendee", "host", "business")
    ]
    assert headings == [
        "You cancelled your Intro call",
        "Ana Martins cancelled your Intro call",
        "Acme Advisory cancelled your Intro call",
    ]
    assert (
        "Reason: Ill" in cancellation_for_attendee(FACTS, by="host", reason="Ill", now=NOW).text.splitlines()
    )


def test_a_place_in_a_group_is_given_back_without_ending_the_meeting() -> None:
    group = replace(FACTS, is_group=True, others_remain=True)
    host = cancellation_for_host(group, ANA, by="attendee", reason="", now=NOW)
    assert (host.ics, host.ics_method) == ("", "")
    assert host.text.splitlines()[5] == "Their seat is free again; the meeting takes place with the others."
    attendee = cancellation_for_attendee(group, by="attendee", reason="", now=NOW)
    assert (attendee.ics_method, attendee.text.splitlines()[5]) == ("CANCEL", "Your place was given back.")
    last = cancellation_for_host(replace(group, others_remain=False), ANA, by="attendee", reason="", now=NOW)
    assert last.ics_method == "CANCEL"


def test_a_groups_event_has_one_title_whoever_comes() -> None:
    group = replace(FACTS, is_group=True)
    other = replace(group, attendee=Person(name="Cleo", email="cleo@example.org"))
    titles = {_event(confirmation_for_host(each, ANA, now=NOW))["SUMMARY"] for each in (group, other)}
    assert titles == {"Intro call with Ana Martins"}


def test_what_people_typed_is_text_and_forges_no_line() -> None:
    name = '<script>alert(1)</script>"\nJoin: http://evil.example/'
    facts = replace(
        FACTS, attendee=Person(name=name, email="ben@example.org"), title=name, answers={name: name}
    )
    for draft in (confirmation_for_host(facts, ANA, now=NOW), confirmation_for_attendee(facts, now=NOW)):
        assert "<script" not in draft.html
        assert draft.text.splitlines()[1] == JOIN
        assert [line for line in draft.text.splitlines() if line.startswith("Join: http://evil")] == []


def test_several_hosts_are_named_in_words_and_all_are_in_the_invite() -> None:
    ben, cleo = (
        replace(ANA, name="Bruno", email="bruno@x.example"),
        replace(ANA, name="Cleo", email="cleo@x.example"),
    )
    draft = confirmation_for_attendee(replace(FACTS, hosts=(ANA, ben, cleo), guests=()), now=NOW)
    assert draft.text.splitlines()[3] == "Your Intro call with Ana Martins, Bruno and Cleo is confirmed"
    assert [str(user) for user in _event(draft)["ATTENDEE"]] == [
        "mailto:ana@acme.example",
        "mailto:bruno@x.example",
        "mailto:cleo@x.example",
        "mailto:ben@example.org",
    ]


@pytest.mark.parametrize(
    "accent", ["#ffffff", "#000000", "#0b6e4f", "#ffcc00", "#767676", "#ff0000", "#2456d6"]
)
def test_the_buttons_words_can_be_read_on_any_accent(accent: str) -> None:
    facts = replace(
        FACTS, business=Business(name="A", accent=accent, home_url="http://a/", mail_address="a@b.example")
    )
    ink = ink_on(accent)
    assert f"background-color:{accent};color:{ink}" in confirmation_for_attendee(facts, now=NOW).html
    assert _contrast(accent, ink) >= 4.5


def test_the_webhook_bodies() -> None:
    confirmed = {
        "uid": "b1",
        "status": "confirmed",
        "event_type": "intro-call",
        "title": "Intro call",
        "start": "2026-11-03T14:30:00Z",
        "end": "2026-11-03T15:00:00Z",
        "time_zone": "Europe/Berlin",
        "attendee": {"name": "Ben Müller", "email": "ben@example.org"},
        "guests": ["guest@example.org"],
        "answers": {"What about?": "Growth", "Left empty": ""},
        "hosts": [{"name": "Ana Martins", "email": "ana@acme.example"}],
        "location": {"kind": "built_in_room", "detail": ""},
        "meeting_url": "http://acme.localhost:8000/room/tok/",
        "manage_url": "http://acme.localhost:8000/b/b1/token/",
        "sequence": 0,
    }
    assert booking_confirmed(FACTS) == confirmed
    assert booking_cancelled(FACTS, by="host", reason="Ill") == {
        **confirmed,
        "status": "cancelled",
        "cancelled_by": "host",
        "reason": "Ill",
    }
    moved = booking_rescheduled(FACTS, previous_starts_at=BEFORE, previous_ends_at=BEFORE.replace(minute=30))
    assert moved == {
        **confirmed,
        "previous": {"start": "2026-11-02T09:00:00Z", "end": "2026-11-02T09:30:00Z"},
    }
    assert booking_confirmed(replace(FACTS, join_url=""))["meeting_url"] is None


class _Words(HTMLParser):
    """Collects the visible text of each table cell, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self._body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._body = self._body or tag == "body"
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self._body and self.cells:
            self.cells[-1] += data


def _visible(html: str) -> list[str]:
    words = _Words()
    words.feed(html)
    return [cell for cell in (re.sub(r"\s+", " ", each).strip() for each in words.cells) if cell]


def _event(draft: MessageDraft) -> dict[str, Any]:
    (event,) = Calendar.from_ical(draft.ics).walk("VEVENT")
    return {name: value if isinstance(value, list) else str(value) for name, value in event.items()}


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
