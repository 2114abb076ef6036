"""The rules of docs/invites.md: what RFCs and calendars document, held by the invite and the mail that carries it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import icalendar
import pytest

from providers.mail.invite import Invite, build_invite
from providers.mail.mime import mime_bytes
from providers.models import Message
from tests.providers.mail.test_invite import INVITE, NOW
from tests.providers.mail.zones import invites

PAGE = Path(__file__).parents[3] / "docs" / "invites.md"
CANCEL = replace(INVITE, method="CANCEL", sequence=3)
REQUIRED = ("UID", "DTSTAMP", "SEQUENCE", "ORGANIZER", "DTSTART", "DTEND", "SUMMARY", "STATUS")


def test_every_rule_of_the_page_names_a_test_that_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    here = {
        name
        for path in (
            *Path(__file__).parent.glob("test_*.py"),
            *Path(__file__).parents[2].glob("booking/**/test_*.py"),
        )
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert named - here == set()
    assert len(named) >= 12


@pytest.mark.parametrize("invite", [INVITE, CANCEL])
def test_what_itip_requires_is_there_once(invite: Invite) -> None:
    event = _event(invite)
    assert [name for name in REQUIRED if name not in event or isinstance(event[name], list)] == []
    assert len(_calendar(invite).walk("VEVENT")) == 1


def test_a_cancellation_names_the_same_event_with_a_later_sequence() -> None:
    request, cancel = _event(INVITE), _event(CANCEL)
    for same in ("UID", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND"):
        assert request[same] == cancel[same], same
    assert (int(request["SEQUENCE"]), int(cancel["SEQUENCE"])) == (2, 3)
    assert (str(request["STATUS"]), str(cancel["STATUS"])) == ("CONFIRMED", "CANCELLED")


@pytest.mark.parametrize("invite", [INVITE, CANCEL])
def test_the_mails_method_is_the_objects_method(invite: Invite) -> None:
    parts = [part for part in _mail(invite).walk() if part.get_content_type() == "text/calendar"]
    (part,) = parts
    assert (part.get_param("method"), part.get_content_charset()) == (invite.method, "utf-8")
    assert str(_calendar(invite)["METHOD"]) == invite.method


def test_the_calendar_is_the_last_alternative_after_text_and_html() -> None:
    mail = _mail(INVITE)
    (alternative,) = [part for part in mail.walk() if part.get_content_type() == "multipart/alternative"]
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["invite.ics"]


def test_there_is_one_calendar_object_and_its_lines_are_folded() -> None:
    text = build_invite(replace(INVITE, title="Überlänge " * 20), now=NOW)
    assert text.count("BEGIN:VCALENDAR") == 1
    assert text.count("\n") == text.count("\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_every_zone_named_is_defined_in_the_file_and_no_time_floats() -> None:
    for name, invite in invites().items():
        calendar = _calendar(invite)
        event = calendar.walk("VEVENT")[0]
        zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
        used = {event[each].params["TZID"] for each in ("DTSTART", "DTEND") if "TZID" in event[each].params}
        assert used == zones, name
        assert all(event[each].dt.tzinfo is not None for each in ("DTSTART", "DTEND")), name


def test_zone_rules_are_only_those_that_outlook_reads() -> None:
    read = {"DTSTART", "RRULE", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"}
    for name, invite in invites().items():
        for zone in _calendar(invite).walk("VTIMEZONE"):
            kinds = sorted(part.name for part in zone.subcomponents)
            assert kinds in (["STANDARD"], ["DAYLIGHT", "STANDARD"]), name
            for part in zone.subcomponents:
                assert set(part) <= read, name
                assert {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(part), name
                if len(kinds) == 2:
                    rule = part["RRULE"].to_ical().decode()
                    assert re.fullmatch(
                        r"FREQ=YEARLY;BYDAY=-?[1-4](MO|TU|WE|TH|FR|SA|SU);BYMONTH=\d+", rule
                    ), name


def test_the_organiser_is_the_address_that_the_mail_comes_from() -> None:
    mail = _mail(INVITE)
    assert str(_event(INVITE)["ORGANIZER"]) == f"mailto:{mail['From'].addresses[0].addr_spec}"


def test_every_recipient_is_an_attendee_and_nobody_is_asked_to_answer() -> None:
    attendees = _event(INVITE)["ATTENDEE"]
    assert [str(each) for each in attendees] == [
        f"mailto:{person.email}" for person in (*INVITE.accepted, *INVITE.invited)
    ]
    assert {each.params["RSVP"] for each in attendees} == {"FALSE"}


def test_long_titles_and_places_are_cut_where_outlook_cuts_nothing_more() -> None:
    event = _event(replace(INVITE, title="x" * 400, location="y" * 400))
    assert (len(str(event["SUMMARY"])), len(str(event["LOCATION"]))) == (255, 255)


def test_a_link_is_never_cut_in_half() -> None:
    link = f"https://acme.example/{'z' * 300}/"
    event = _event(replace(INVITE, location=link, url=link))
    assert ("LOCATION" in event, str(event["URL"])) == (False, link)


def test_the_mail_says_time_and_link_whether_or_not_a_calendar_reads_it() -> None:
    mail = _mail(INVITE)
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("Tuesday 3 November 2026\r\nJoin: https://")


def test_a_mail_about_ones_own_booking_is_no_subscription() -> None:
    mail = _mail(INVITE)
    assert not [name for name in mail if name.lower().startswith("list-")]
    assert (mail["Precedence"], mail["Auto-Submitted"]) == (None, "auto-generated")


def _event(invite: Invite) -> icalendar.Event:
    return _calendar(invite).walk("VEVENT")[0]


def _calendar(invite: Invite) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(build_invite(invite, now=NOW))


def _mail(invite: Invite) -> EmailMessage:
    message = Message(
        kind="confirmation_attendee",
        message_id="<1@acme.example>",
        sender_name="Acme",
        to_name="Ben",
        to_address="ben@example.org",
        subject="Confirmed",
        text="Tuesday 3 November 2026\nJoin: https://acme.example/room/x/\n",
        html="<p>Tuesday</p>",
        ics=build_invite(invite, now=NOW),
        ics_method=invite.method,
        created_at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    parsed = message_from_bytes(mime_bytes(message, sender_address="bookings@acme.example"), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed
