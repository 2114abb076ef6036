"""A mail that came back is known by the address its report came to; nothing else a report says is believed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.api import User
from audit.api import Entry, body_of_entry
from booking.api import Incident
from jobs.api import drain
from kernel.clock import now as clock_now
from kernel.tenancy import current_schema
from providers.api import deliver_message, queue_message
from providers.mail.bounces import bounce_address, take_bounce
from providers.models import Message
from tests.database import World
from tests.providers.mail.test_delivery import DRAFT, LATER, NOW
from tests.simulators.smtp import MailSink, mail_sink

REPORT = """\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mail.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
Arrival-Date: Fri, 27 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; ben@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ben@example.org>: no such
 user here

--x
Content-Type: text/rfc822-headers

Message-ID: <whatever@mail.example>

--x--
"""


@pytest.fixture
def sent(world: World, settings: Any) -> Iterator[tuple[MailSink, int]]:
    """A mail that was sent with a bounce address, inside Acme."""
    with mail_sink() as sink, world.enter("acme"):
        settings.HOLDFAST_SMTP_URL = sink.url
        settings.HOLDFAST_MAIL_FROM = "bookings@mail.example"
        settings.HOLDFAST_BOUNCE_ADDRESS = "bounces@mail.example"
        made = queue_message(DRAFT, booking_uid="b1", dedupe_key="k", now=NOW)
        deliver_message(made, now=NOW)
        yield sink, made


def report(to: str, *, action: str = "failed") -> bytes:
    return REPORT.format(to=to, action=action).replace("\n", "\r\n").encode()


def test_the_envelope_names_the_mail_and_the_header_does_not(sent: tuple[MailSink, int]) -> None:
    sink, made = sent
    (received,) = sink.received
    assert received.sender == bounce_address(made, schema=current_schema(), sender="bookings@mail.example")
    assert received.sender.startswith(f"bounces+{current_schema()}.{made}.")
    assert len(received.sender.partition("@")[0]) <= 64  # RFC 5321 4.5.3.1.1
    assert received.mail["From"].addresses[0].addr_spec == "bookings@mail.example"


def test_a_failure_marks_the_mail_once_with_a_signed_entry(sent: tuple[MailSink, int]) -> None:
    sink, made = sent
    content = report(sink.received[0].sender)
    assert take_bounce(content, now=LATER)
    assert not take_bounce(content, now=LATER)
    message = Message.objects.get(pk=made)
    assert (message.state, message.fate, message.bounced_at) == ("sent", "bounced", LATER)
    assert message.failed_words == "It came back: 550 5.1.1 <ben@example.org>: no such user here"
    body = body_of_entry(Entry.objects.order_by("-seq")[0])
    assert (body["action"], body["payload"]) == (
        "mail_came_back",
        {"message": made, "kind": "confirmation_attendee", "booking": "b1"},
    )


def test_what_is_no_final_failure_of_ours_changes_nothing(sent: tuple[MailSink, int], world: World) -> None:
    sink, made = sent
    address = sink.received[0].sender
    other = queue_message(DRAFT, booking_uid="b2", dedupe_key="other", now=NOW)
    deliver_message(other, now=NOW)
    with world.enter("northwind"):
        elsewhere = current_schema()
    for content in (
        report(address, action="delayed"),
        report(address, action="relayed"),
        report(address.replace(f".{made}.", f".{other}.")),  # another mail's number with this one's mark
        report(address.replace(current_schema(), elsewhere)),
        report("bookings@mail.example"),
        f"To: {address}\r\nSubject: Out of office\r\n\r\nI am away.".encode(),
        b"\xff\xfe rubbish",
        b"x" * 1_000_001,
    ):
        assert not take_bounce(content, now=LATER)
    assert [message.fate for message in Message.objects.order_by("pk")] == ["sent", "sent"]


def test_an_own_servers_reports_go_to_its_own_address(sent: tuple[MailSink, int]) -> None:
    assert bounce_address(1, schema="t_x", sender="hello@acme.example") == "hello@acme.example"


def test_a_mail_that_came_back_is_one_incident_in_words(sent: tuple[MailSink, int]) -> None:
    sink, made = sent
    content = report(sink.received[0].sender)
    take_bounce(content, now=LATER)
    take_bounce(content, now=LATER)
    drain()
    incident = Incident.objects.get()
    assert (incident.kind, incident.subject, incident.title, incident.seen) == (
        "mail_came_back",
        f"message:{made}",
        "A mail to Ben Müller came back.",
        1,
    )
    assert incident.consequence == (
        f"They were not told: “{DRAFT.subject}”. It came back: 550 5.1.1 <ben@example.org>: no such user here. "
        "Reach them another way, or correct the address."
    )
    kinds = list(Message.objects.exclude(pk=made).values_list("kind", flat=True))
    assert kinds
    assert all(kind.startswith("team_incident") for kind in kinds)


def test_the_teams_own_mail_about_an_incident_that_comes_back_tells_nobody_by_mail(
    sent: tuple[MailSink, int],
) -> None:
    """It would come back for ever."""
    sink, _ = sent
    take_bounce(report(sink.received[0].sender), now=LATER)
    drain()
    before = Message.objects.count()
    to_team = sink.received[-1]
    assert take_bounce(report(to_team.sender), now=LATER)
    drain()
    assert (Incident.objects.count(), Message.objects.count()) == (2, before)


def test_today_and_messages_name_what_came_back(
    sent: tuple[MailSink, int], world: World, client_for: Any
) -> None:
    sink, made = sent
    take_bounce(report(sink.received[0].sender), now=clock_now())
    drain()
    client: Client = client_for("acme.localhost")
    client.force_login(User.objects.get(email="owner@acme.example"))
    assert "A mail to Ben Müller came back" in client.get("/portal/").content.decode()
    assert "A mail to Ben Müller came back" in client.get("/portal/health/").content.decode()
    assert "Came back" in client.get("/portal/messages/").content.decode()
    assert "no such user here" in client.get(f"/portal/messages/{made}/").content.decode()
