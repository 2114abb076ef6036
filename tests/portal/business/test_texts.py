"""Texts in the portal and on the booking page: switched on after a test, asked for with consent, reported, resent."""

import pytest
from django.test import Client

from audit.models import Entry
from booking.models import TextConsent
from jobs.api import drain
from providers.models import TextCarrier, TextMessage
from tests.booking.conftest import mails as mails
from tests.database import World
from tests.portal.business.conftest import alice as alice
from tests.portal.business.test_booking import words
from tests.portal.public.conftest import MARIA, Visitor, heading
from tests.portal.public.conftest import acme as acme
from tests.providers.sms.conftest import switch_on
from tests.providers.sms.conftest import twilio as twilio
from tests.simulators.smtp import MailSink
from tests.simulators.twilio import ACCOUNT, NUMBER, TOKEN, TwilioSimulator

HERE = "/portal/texts/"
TYPED = {"account": ACCOUNT, "secret": TOKEN, "sender": "+1 500 555 0006"}
PHONE = {"phone": "+351 912 345 678", "phone_consent": "on"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"account": "nonsense"}, "An account SID is AC and 32 digits."),
        ({"account": f"AC{'9' * 32}"}, "Twilio does not know this account SID."),
        ({"secret": "wrong"}, "does not take this auth token"),
        ({"sender": "500 555"}, "with its country code"),
        ({"sender": "+15551234567"}, "no such number to send from"),
    ],
)
def test_texts_are_not_on_while_a_setting_is_wrong(
    alice: Client, world: World, twilio: TwilioSimulator, changes: dict[str, str], said: str
) -> None:
    answer = alice.post(f"{HERE}by/twilio/", TYPED | changes)
    assert answer.status_code == 422
    assert said in words(answer.content)
    with world.enter("acme"):
        assert TextCarrier.objects.count() == 0


def test_texts_are_switched_on_tried_and_off_again(
    alice: Client, world: World, twilio: TwilioSimulator
) -> None:
    kept = alice.post(f"{HERE}by/twilio/", TYPED, follow=True)
    assert "On, by Twilio Simulated" in words(kept.content)
    assert f", from {NUMBER}" in words(kept.content)
    tried = alice.post(f"{HERE}test/", {"number": "+351 912 345 678"}, follow=True)
    assert "A test was handed over for +351912345678." in words(tried.content)
    assert TOKEN.encode() not in kept.content + tried.content
    alice.post(f"{HERE}off/")
    with world.enter("acme"):
        found = list(Entry.objects.filter(subject="texts").order_by("seq").values_list("action", flat=True))
        assert (found, TextCarrier.objects.count()) == (["switch_texts_on", "switch_texts_off"], 0)


def test_a_number_is_asked_for_only_while_texts_are_on(world: World, acme: Visitor) -> None:
    assert "Your mobile number" not in words(acme.get(acme.hold("site-visit")).content)
    with world.enter("acme"):
        switch_on()
    assert "Acme Advisory may text me about this booking" in words(acme.get(acme.hold("site-visit")).content)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"phone": "+351 912 345 678"}, "Tick this to get texts, or leave the number empty."),
        ({"phone_consent": "on"}, "Write the number that the texts go to"),
        ({"phone": "912 345 678", "phone_consent": "on"}, "Write the number with its country code"),
    ],
)
def test_a_number_without_consent_or_country_is_not_taken(
    world: World, acme: Visitor, typed: dict[str, str], said: str
) -> None:
    with world.enter("acme"):
        switch_on()
    answer = acme.post(acme.hold("site-visit"), MARIA | typed)
    assert answer.status_code == 422
    assert said in words(answer.content)
    with world.enter("acme"):
        assert TextConsent.objects.count() == 0


def test_what_twilio_reports_is_seen_at_the_booking_and_the_text_is_resent(
    alice: Client, world: World, acme: Visitor, twilio: TwilioSimulator, mails: MailSink
) -> None:
    with world.enter("acme"):
        switch_on()
    page = acme.book("site-visit", **PHONE)
    drain()
    (sent,) = twilio.sent
    url, form, headers = twilio.report(sent["sid"], "delivered")
    path = url.removeprefix("http://acme.localhost:8000")
    assert acme.client.post(path, form, headers={"X-Twilio-Signature": "forged"}).status_code == 403
    assert acme.client.post(path, form, headers=headers).status_code == 204
    uid = page.split("/")[2]
    shown = words(alice.get(f"/portal/bookings/{uid}/").content)
    assert "+351912345678" in shown
    assert "Delivered" in shown
    with world.enter("acme"):
        TextMessage.objects.update(created_at="2026-01-01T00:00:00Z")
    again = alice.post(f"/portal/bookings/{uid}/text-again/", follow=True)
    assert "The text is being sent once more." in words(again.content)
    drain()
    assert len(twilio.sent) == 2
    listed = words(alice.get(HERE).content)
    assert listed.count("+351912345678") == 2


def test_a_client_asks_for_no_more_texts_on_the_bookings_page(
    alice: Client, world: World, acme: Visitor, twilio: TwilioSimulator, mails: MailSink
) -> None:
    with world.enter("acme"):
        switch_on()
    page = acme.book("site-visit", **PHONE)
    drain()
    assert "Get no more texts about it" in words(acme.get(page).content)
    asked = acme.get(f"{page}texts/")
    assert heading(asked) == "Get no more texts?"
    with world.enter("acme"):
        assert TextConsent.objects.get().withdrawn_at is None  # GET shows, POST acts
    answer = acme.post(f"{page}texts/", {})
    assert (answer.status_code, answer["Location"]) == (303, page)
    shown = words(acme.get(page).content)
    assert "Get no more texts" not in shown
    assert "You asked for no more texts." in shown
    assert acme.post(f"{page}texts/", {}).status_code == 303
    uid = page.split("/")[2]
    office = words(alice.get(f"/portal/bookings/{uid}/").content)
    assert "The client asked for no more texts." in office
    assert "Asked for no more texts" in office
    assert "as a text" not in office
    with world.enter("acme"):
        assert Entry.objects.filter(action="withdraw_text_consent").count() == 1


def test_who_gave_no_number_is_asked_nothing_about_texts(
    world: World, acme: Visitor, mails: MailSink
) -> None:
    page = acme.book("site-visit")
    drain()
    assert "texts" not in words(acme.get(page).content)
    assert acme.get(f"{page}texts/").status_code == 303
    assert acme.get(f"{page[:-4]}none/texts/").status_code == 404
