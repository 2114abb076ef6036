"""A number for texts over the API: with the attendee's consent, once, and never in silence."""

from typing import Any

import pytest
from django.test import Client

from booking.api import EventType
from booking.models import TextConsent
from jobs.api import drain
from tests.booking.conftest import mails as mails
from tests.database import World
from tests.portal.api.asking import at, body, book, read, send
from tests.providers.sms.conftest import switch_on
from tests.providers.sms.conftest import twilio as twilio
from tests.simulators.smtp import MailSink
from tests.simulators.twilio import TwilioSimulator

PHONE: dict[str, Any] = {"phone": "+351 912 345 678", "phone_consent": True}
KEY = {"Idempotency-Key": "5b0d8f0e-5f0c-4c1d-9d6a-2f1f6f3f9a11"}


@pytest.fixture
def texting(world: World, twilio: TwilioSimulator, mails: MailSink) -> TwilioSimulator:
    """Acme texts its clients."""
    with world.enter("acme"):
        switch_on()
    return twilio


def numbers(world: World) -> list[str]:
    with world.enter("acme"):
        return list(TextConsent.objects.order_by("pk").values_list("number", flat=True))


@pytest.mark.parametrize("event_type", ["site-visit", "intro-call"])
def test_a_number_with_consent_gets_texts(
    event_type: str, world: World, acme: Client, texting: TwilioSimulator
) -> None:
    assert book(acme, at(10), event_type=event_type, **PHONE).status_code == 201
    assert numbers(world) == ["+351912345678"]
    if event_type == "site-visit":
        drain()
        assert [each["to"] for each in texting.sent] == ["+351912345678"]


def test_every_date_of_a_series_carries_the_number(
    world: World, acme: Client, texting: TwilioSimulator
) -> None:
    with world.enter("acme"):
        EventType.objects.update(series_most=5, window_days=90)
    weekly = body(at(9), event_type="site-visit", recurrence={"every": "week", "count": 3}, **PHONE)
    assert send(acme, "/api/v1/bookings", weekly, headers=KEY).status_code == 201
    assert numbers(world) == ["+351912345678"] * 3
    other = weekly | {"phone": "+351 912 345 679"}
    assert send(acme, "/api/v1/bookings", other, headers=KEY).status_code == 422


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"phone": "+351912345678"}, "phone_consent", "only with phone_consent true"),
        ({"phone": "+351912345678", "phone_consent": False}, "phone_consent", "only with phone_consent true"),
        ({"phone_consent": True}, "phone_consent", "only with phone_consent true"),
        ({"phone": "+351912345678", "phone_consent": "true"}, "phone_consent", "Write true or false."),
        ({"phone": "912 345 678", "phone_consent": True}, "phone", "with its country code"),
        ({"phone": 351912345678, "phone_consent": True}, "phone", "Write this as a string."),
    ],
)
def test_what_is_no_number_or_no_consent_is_named(
    world: World, acme: Client, texting: TwilioSimulator, sent: dict[str, Any], field: str, words: str
) -> None:
    answer = book(acme, at(10), event_type="site-visit", **sent)
    assert (answer.status_code, list(read(answer)["errors"])) == (400, [field])
    assert words in read(answer)["errors"][field]
    assert numbers(world) == []


def test_a_business_that_sends_no_texts_takes_no_number(world: World, acme: Client) -> None:
    answer = book(acme, at(10), event_type="site-visit", **PHONE)
    assert (answer.status_code, list(read(answer)["errors"])) == (400, ["phone"])
    assert numbers(world) == []


def test_the_same_key_with_another_number_is_another_request(
    world: World, acme: Client, texting: TwilioSimulator
) -> None:
    first = book(acme, at(10), event_type="site-visit", headers=KEY, **PHONE)
    again = book(acme, at(10), event_type="site-visit", headers=KEY, **PHONE)
    assert (again["Idempotency-Replayed"], read(again)["uid"]) == ("true", read(first)["uid"])
    other = PHONE | {"phone": "+351 912 345 679"}
    assert book(acme, at(10), event_type="site-visit", headers=KEY, **other).status_code == 422
    assert numbers(world) == ["+351912345678"]
