"""Texts beside mails: to who gave a number and agreed, once for each thing that happens, in the business's language."""

from collections.abc import Iterator

import pytest

from audit.api import Entry, body_of_entry, runs
from booking.api import (
    Attendee,
    Booking,
    EventType,
    book_series,
    cancel,
    get_booking,
    get_event_type,
    hold,
    move,
    recurring_starts,
    send_text_again,
    submit,
    wants_texts,
    withdraw_text_consent,
)
from booking.errors import InvalidBooking, NotChangeable
from booking.models import TextConsent
from providers.api import switch_texts_off
from providers.models import MailSettings, TextMessage
from tests.booking.clockwork import perform_all
from tests.booking.conftest import mails
from tests.booking.reminding import let_come
from tests.booking.scene import CLIENT, OWNER, now, workday
from tests.database import World
from tests.providers.sms.conftest import switch_on
from tests.providers.sms.conftest import twilio as twilio
from tests.simulators.smtp import MailSink
from tests.simulators.twilio import TwilioSimulator
from tests.simulators.vendor import Reply

__all__ = ["mails"]  # fixture
NUMBER = "+351912345678"


@pytest.fixture
def acme(world: World, mails: MailSink, twilio: TwilioSimulator) -> Iterator[TwilioSimulator]:
    with world.enter("acme"):
        switch_on()
        yield twilio


def booked_with(phone: str, *, hour: int = 10) -> Booking:
    """Book a visit as the page does: hold, then submit with the number."""
    held = hold(
        get_event_type("site-visit"), start=workday(hour), time_zone="Europe/Lisbon", now=now(), actor=CLIENT,
        visitor="visitor",
    )  # fmt: skip
    submit(
        held, attendee=Attendee("Ben Ode", "ben@example.com"), guests=[], answers={}, now=now(), actor=CLIENT,
        phone=phone,
    )  # fmt: skip
    perform_all()
    return get_booking(held.uid)


def said() -> list[tuple[str, str]]:
    return list(TextMessage.objects.order_by("pk").values_list("kind", "state"))


def test_each_thing_that_happens_is_one_text_in_the_clients_zone(acme: TwilioSimulator) -> None:
    booking = booked_with("+351 912 345 678")
    move(booking, start=workday(14), now=now(), actor=CLIENT)
    perform_all()
    let_come(get_booking(booking.uid))
    perform_all()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    kinds = ["text_confirmed", "text_moved", "text_reminder", "text_cancelled"]
    assert said() == [(kind, "sent") for kind in kinds]
    assert {each["to"] for each in acme.sent} == {NUMBER}
    first, second, _, last = (each["body"] for each in acme.sent)
    assert first.startswith("Acme Advisory: Site visit with Ana Martins is confirmed, ")
    assert ", 10:00 Europe/Lisbon. http://acme.localhost:8000/b/" in first
    assert ", 14:00 Europe/Lisbon." in second
    assert last.endswith("14:00 Europe/Lisbon, is cancelled.")
    assert all(len(each["body"]) <= 320 for each in acme.sent)


@pytest.mark.parametrize(("language", "words"), [("de", "ist bestätigt"), ("pt", "confirmado para")])
def test_texts_are_in_the_language_of_the_business(acme: TwilioSimulator, language: str, words: str) -> None:
    MailSettings.objects.update_or_create(pk=1, defaults={"language": language, "changed_at": now()})
    booked_with(NUMBER)
    assert words in acme.sent[0]["body"]


def test_who_gave_no_number_gets_no_text_and_no_step_for_it(acme: TwilioSimulator) -> None:
    booking = booked_with("")
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert (acme.log, TextConsent.objects.count()) == ([], 0)
    assert "send_text" not in [step.action for run in runs() for step in run.steps]


def test_what_is_no_number_is_a_fault_of_the_field(acme: TwilioSimulator) -> None:
    with pytest.raises(InvalidBooking) as caught:
        booked_with("912 345 678")
    assert caught.value.field == "phone"


def test_the_number_enters_no_signed_bytes(acme: TwilioSimulator) -> None:
    booked_with(NUMBER)
    assert Entry.objects.filter(action="send_text").count() == 1
    signed = b"".join(bytes(entry.body) for entry in Entry.objects.all())
    assert NUMBER.encode() not in signed
    assert NUMBER[1:].encode() not in signed


def test_a_text_that_cannot_be_sent_changes_nothing_for_the_booking(acme: TwilioSimulator) -> None:
    acme.stopped.add(NUMBER)
    booking = booked_with(NUMBER)
    assert booking.status == "confirmed"
    text = TextMessage.objects.get()
    assert (text.state, text.failed_words) == (
        "failed", "The recipient has answered STOP: they get no texts from this sender."
    )  # fmt: skip
    step = next(
        step for run in runs(workflow="new_booking") for step in run.steps if step.action == "send_text"
    )
    assert (step.state, step.error) == ("failed", text.failed_words)


def test_a_passing_fault_is_tried_again_and_a_lost_answer_is_counted(acme: TwilioSimulator) -> None:
    acme.fail("POST", reply=Reply(status=503, body="down"), after=True)
    booked_with(NUMBER)
    assert (len(acme.sent), TextMessage.objects.get().repeats, said()) == (2, 1, [("text_confirmed", "sent")])


def test_texts_that_were_switched_off_meanwhile_are_left_out(acme: TwilioSimulator) -> None:
    booking = booked_with(NUMBER)
    switch_texts_off(actor=OWNER)
    cancel(booking, reason="", now=now(), actor=CLIENT)
    perform_all()
    assert said() == [("text_confirmed", "sent")]


def test_the_latest_text_is_sent_again_signed_and_not_within_a_minute(acme: TwilioSimulator) -> None:
    booking = booked_with(NUMBER)
    with pytest.raises(NotChangeable, match="within the last minute"):
        send_text_again(booking, now=now(), actor=OWNER)
    TextMessage.objects.update(created_at=workday(10, days=-3))
    send_text_again(booking, now=now(), actor=OWNER)
    perform_all()
    assert [each["body"] for each in acme.sent] == [acme.sent[0]["body"]] * 2
    entry = body_of_entry(Entry.objects.get(action="send_text_again"))
    assert entry["payload"]["copy_of"] == str(TextMessage.objects.earliest("pk").pk)


def test_a_consent_that_was_taken_back_ends_texts_and_the_number_is_forgotten(acme: TwilioSimulator) -> None:
    booking, other = booked_with(NUMBER, hour=9), booked_with(NUMBER, hour=15)
    later = now()
    assert withdraw_text_consent([booking], now=later, actor=CLIENT) == 1
    assert withdraw_text_consent([booking], now=later, actor=CLIENT) == 0
    assert (wants_texts(booking.pk), wants_texts(other.pk)) == (False, True)
    consent = TextConsent.objects.get(booking=booking)
    assert (consent.number, consent.withdrawn_at) == ("", later)
    move(booking, start=workday(12), now=now(), actor=CLIENT)
    perform_all()
    cancel(get_booking(booking.uid), reason="", now=now(), actor=CLIENT)
    perform_all()
    assert said() == [("text_confirmed", "sent")] * 2
    with pytest.raises(NotChangeable, match="asked for no more texts"):
        send_text_again(get_booking(booking.uid), now=now(), actor=OWNER)


def test_taking_it_back_is_signed_as_the_clients_act_that_only_they_can_undo(acme: TwilioSimulator) -> None:
    booking = booked_with(NUMBER)
    withdraw_text_consent([booking], now=now(), actor=CLIENT)
    body = body_of_entry(Entry.objects.get(action="withdraw_text_consent"))
    assert (body["subject"], body["payload"]) == (f"meeting:{booking.meeting.uid}", {"booking": booking.uid})
    assert (body["actor"]["type"], body["reversible"]) == ("client", "none")
    assert body["because"] == "Only the client can agree to texts again."
    assert NUMBER not in str(body)


def test_a_text_that_waits_is_withdrawn_with_the_consent(acme: TwilioSimulator) -> None:
    acme.fail("POST", reply=Reply(status=429, json={"code": 20429}), times=99)
    booking = booked_with(NUMBER)
    TextMessage.objects.update(state="queued", failed_words="")
    withdraw_text_consent([booking], now=now(), actor=CLIENT)
    text = TextMessage.objects.get()
    assert (text.state, text.failed_words) == ("withdrawn", "The client asked for no more texts.")
    perform_all()
    assert acme.sent == []


def test_a_series_gets_no_more_texts_for_any_date(acme: TwilioSimulator) -> None:
    EventType.objects.update(series_most=6, window_days=90)
    starts = recurring_starts(workday(11), every="week", interval=1, count=3, zone="Europe/Lisbon")
    made = book_series(
        get_event_type("site-visit"), starts=list(starts), time_zone="Europe/Lisbon",
        attendee=Attendee("Ben Ode", "ben@example.com"), guests=[], answers={}, now=now(), actor=CLIENT,
        visitor="visitor", phone=NUMBER,
    )  # fmt: skip
    assert withdraw_text_consent(made.bookings, now=now(), actor=CLIENT) == 3
    perform_all()
    assert (acme.log, TextMessage.objects.count()) == ([], 0)  # their runs had begun, with a step for a text
    assert Entry.objects.filter(action="withdraw_text_consent").count() == 3
