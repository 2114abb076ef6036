"""A queued message arrives with all its parts, never less than once, and every repeat is counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import transaction

from providers.api import (
    Delivery,
    MessageDraft,
    MessageNotFound,
    Rejected,
    Unreachable,
    deliver_message,
    get_message,
    messages,
    queue_message,
)
from providers.mail.addresses import BadAddress
from providers.mail.smtp import OutcomeUnknown
from providers.models import Message
from tests.database import World
from tests.simulators.smtp import Fault, MailSink, mail_sink

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ICS = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Grüße\r\nEND:VCALENDAR\r\n"
DRAFT = MessageDraft(
    kind="confirmation_attendee",
    sender_name="Acme, Lda.",
    reply_to="ana@acme.example",
    to_name="Ben Müller",
    to_address="ben@example.org",
    subject="Confirmed: Intro call – 14:30",
    text="14:30\nJoin: http://acme.localhost/\n",
    html="<p>14:30 – Müller</p>\n",
    ics=ICS,
    ics_method="REQUEST",
)


@pytest.fixture
def sink(world: World, settings: Any) -> Iterator[MailSink]:
    with mail_sink() as running, world.enter("acme"):
        settings.HOLDFAST_SMTP_URL = running.url
        settings.HOLDFAST_MAIL_FROM = "bookings@acme.example"
        yield running


def test_a_message_arrives_with_its_headers_its_twins_and_its_invite(sink: MailSink) -> None:
    made = _queue()
    delivery = deliver_message(made, now=NOW)
    (received,) = sink.received
    mail = received.mail
    row = get_message(made)
    assert (received.sender, received.recipients) == ("bookings@acme.example", ("ben@example.org",))
    assert {
        name: str(value) for name, value in mail.items() if name not in ("Content-Type", "MIME-Version")
    } == {
        "From": '"Acme, Lda." <bookings@acme.example>',
        "To": "Ben Müller <ben@example.org>",
        "Reply-To": "ana@acme.example",
        "Subject": "Confirmed: Intro call – 14:30",
        "Date": "Thu, 01 Oct 2026 12:00:00 +0000",
        "Message-ID": row.message_id,
        "Auto-Submitted": "auto-generated",
    }
    assert _parts(mail) == [
        ("text/plain", None, None, DRAFT.text.replace("\n", "\r\n")),
        ("text/html", None, None, DRAFT.html.replace("\n", "\r\n")),
        ("text/calendar", "REQUEST", None, ICS),
        ("application/ics", None, "invite.ics", ICS),
    ]
    assert (row.state, row.attempts, row.repeats, row.sent_at, row.failed_words) == ("sent", 1, 0, NOW, "")
    assert delivery == Delivery(message_id=row.message_id, attempts=1, repeats=0, already_sent=False)


@pytest.mark.parametrize("length", [60, 70, 76, 150])
def test_a_long_subject_begins_with_its_first_word(sink: MailSink, length: int) -> None:
    subject = ("Confirmed: Intro call with Ana Martins, Tue 24 Nov 2026 " * 3)[:length].strip()
    made = queue_message(replace(DRAFT, subject=subject), booking_uid="b1", dedupe_key="long", now=NOW)
    deliver_message(made, now=NOW)
    assert sink.received[0].mail["Subject"] == subject


def test_a_message_that_was_sent_is_not_sent_again(sink: MailSink) -> None:
    made = _queue()
    deliver_message(made, now=NOW)
    again = deliver_message(made, now=LATER)
    assert (again.already_sent, again.attempts, len(sink.received)) == (True, 1, 1)


def test_the_same_key_is_queued_once_and_the_first_draft_wins(sink: MailSink) -> None:
    first = _queue()
    second = queue_message(replace(DRAFT, subject="Other"), booking_uid="b1", dedupe_key="k", now=LATER)
    assert second == first
    assert [row.subject for row in messages()] == ["Confirmed: Intro call – 14:30"]


def test_queueing_is_part_of_the_callers_transaction(sink: MailSink) -> None:
    with transaction.atomic():
        _queue()
        transaction.set_rollback(True)
    assert messages() == []


def test_nothing_is_delivered_inside_a_transaction(sink: MailSink) -> None:
    made = _queue()
    with transaction.atomic(), pytest.raises(RuntimeError):
        deliver_message(made, now=NOW)
    assert (sink.received, get_message(made).state) == ([], "queued")


@pytest.mark.parametrize(
    "fault", ["450 at recipient", "451 at data", "drops at recipient", "rubbish at recipient"]
)
def test_a_passing_refusal_is_tried_again_and_is_no_repeat(sink: MailSink, fault: Fault) -> None:
    made = _queue()
    sink.plan = [fault]
    with pytest.raises(Unreachable) as refused:
        deliver_message(made, now=NOW)
    row = get_message(made)
    assert (row.state, row.attempts, row.repeats, row.failed_words) == ("queued", 1, 0, refused.value.message)
    deliver_message(made, now=LATER)
    row = get_message(made)
    assert (row.state, row.attempts, row.repeats, row.failed_words) == ("sent", 2, 0, "")
    assert len(sink.received) == 1


@pytest.mark.parametrize("fault", ["550 at recipient", "554 at data"])
def test_a_refusal_for_good_is_kept_in_words_and_not_tried_again(sink: MailSink, fault: Fault) -> None:
    made = _queue()
    sink.plan = [fault]
    with pytest.raises(Rejected) as refused:
        deliver_message(made, now=NOW)
    row = get_message(made)
    assert (row.state, row.sent_at, row.failed_words) == ("failed", None, refused.value.message)
    with pytest.raises(Rejected) as again:
        deliver_message(made, now=LATER)
    assert again.value.message == refused.value.message
    assert sink.received == []


def test_a_lost_answer_makes_the_next_attempt_a_counted_repeat_with_the_same_id(sink: MailSink) -> None:
    made = _queue()
    sink.plan = ["accepts, then drops"]
    with pytest.raises(OutcomeUnknown):
        deliver_message(made, now=NOW)
    assert get_message(made).state == "sending"
    delivery = deliver_message(made, now=LATER)
    first, second = (received.mail for received in sink.received)
    assert (delivery.attempts, delivery.repeats) == (2, 1)
    assert first["Message-ID"] == second["Message-ID"] == delivery.message_id
    assert _parts(first) == _parts(second)


def test_a_process_that_died_before_its_commit_makes_the_next_attempt_a_repeat(sink: MailSink) -> None:
    made = _queue()
    deliver_message(made, now=NOW)
    Message.objects.filter(pk=made).update(state="sending", sent_at=None)  # as if the last commit never was
    delivery = deliver_message(made, now=LATER)
    assert (delivery.attempts, delivery.repeats, len(sink.received)) == (2, 1, 2)


@pytest.mark.parametrize(
    "address", ["a@x.org,b@y.org", "a@localhost", "a@x.org\r\nBcc: b@y.org", "a@[127.0.0.1]"]
)
def test_a_recipient_that_is_not_one_address_is_never_queued(sink: MailSink, address: str) -> None:
    with pytest.raises(BadAddress):
        queue_message(replace(DRAFT, to_address=address), booking_uid="b1", dedupe_key="k", now=NOW)
    with pytest.raises(BadAddress):
        queue_message(replace(DRAFT, reply_to=address), booking_uid="b1", dedupe_key="k", now=NOW)
    assert messages() == []


def test_what_people_typed_adds_no_header_and_no_recipient(sink: MailSink) -> None:
    nasty = "Eve\r\nBcc: victim@example.org\x00\x1b\u2028, <x@y.org>\ud800"
    draft = replace(DRAFT, sender_name=nasty, to_name=nasty, subject=nasty, text=f"a\r{nasty}", html=nasty)
    deliver_message(queue_message(draft, booking_uid="b1", dedupe_key="k", now=NOW), now=NOW)
    (received,) = sink.received
    mail = received.mail
    assert received.recipients == ("ben@example.org",)
    assert [address.addr_spec for address in mail["To"].addresses] == ["ben@example.org"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["bookings@acme.example"]
    assert mail["To"].addresses[0].display_name == "Eve Bcc: victim@example.org , <x@y.org>"
    assert mail["Subject"] == "Eve Bcc: victim@example.org , <x@y.org>"
    assert mail["Bcc"] is None


def test_messages_are_listed_newest_first_by_booking_and_by_page(sink: MailSink) -> None:
    ids = [queue_message(DRAFT, booking_uid=f"b{n % 2}", dedupe_key=f"k{n}", now=NOW) for n in range(4)]
    assert [row.pk for row in messages()] == ids[::-1]
    assert [row.pk for row in messages(booking_uid="b1")] == [ids[3], ids[1]]
    assert [row.pk for row in messages(before_id=ids[2], limit=1)] == [ids[1]]
    with pytest.raises(MessageNotFound):
        get_message(ids[-1] + 1)


def test_another_tenant_sees_nothing_and_has_other_ids(sink: MailSink, world: World) -> None:
    made = _queue()
    with world.enter("northwind"):
        assert messages() == []
        with pytest.raises(MessageNotFound):
            deliver_message(made, now=NOW)
        other = get_message(_queue())
    assert other.message_id != get_message(made).message_id


def _queue() -> int:
    return queue_message(DRAFT, booking_uid="b1", dedupe_key="k", now=NOW)


def _parts(mail: EmailMessage) -> list[tuple[str, str | None, str | None, str]]:
    """Return (type, method, file name, content) of each leaf part, in order."""
    found = []
    for part in mail.walk():
        if not part.is_multipart():
            content = part.get_content()
            words = content.decode() if isinstance(content, bytes) else content
            method = part["Content-Type"].params.get("method")
            found.append((part.get_content_type(), method, part.get_filename(), words))
    return found
