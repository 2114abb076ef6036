"""Texts: handed over once, a lost answer counted, what Twilio reports kept if it signed it, a gateway guarded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.breaker import BREAKER
from kernel.clock import now
from providers.api import (
    BadNumber,
    ProviderError,
    TextDraft,
    checked_gateway,
    deliver_text,
    get_text,
    hear_report,
    phone_number,
    queue_text,
    switch_texts_off,
    try_twilio,
    use_carrier,
)
from providers.protocols import RateLimited, Rejected, Unauthorised, Unreachable
from tests.database import World
from tests.providers.conftest import OWNER
from tests.providers.sms.conftest import switch_on
from tests.providers.sms.conftest import twilio as twilio
from tests.simulators.twilio import TwilioSimulator
from tests.simulators.vendor import Reply, Request, Simulator, served

BEN = "+351912345678"
DRAFT = TextDraft(kind="text_confirmed", to_name="Ben Ode", to_number=BEN, text="Acme: confirmed.")


@pytest.fixture
def acme(world: World, twilio: TwilioSimulator) -> Iterator[TwilioSimulator]:
    """Acme with texts by Twilio."""
    with world.enter("acme"):
        switch_on()
        yield twilio


def queued(key: str = "one") -> int:
    return queue_text(DRAFT, booking_uid="b1", dedupe_key=key, now=now())


def heard(twilio: TwilioSimulator, pk: int, status: str, **more: str) -> bool:
    """Let Twilio report, as the hook hears it."""
    _, form, headers = twilio.report(twilio.sent[-1]["sid"], status, **more)
    reference = get_text(pk).reference
    return hear_report(reference, form=form, signature=headers["X-Twilio-Signature"], now=now())


@pytest.mark.parametrize("typed", ["+351 912 345 678", "00351912345678", " +351 (912) 345-678 "])
def test_numbers_are_kept_as_carriers_take_them(typed: str) -> None:
    assert phone_number(typed) == BEN


@pytest.mark.parametrize(
    "typed", ["912345678", "+0351912345678", "+35", "+351 912 345 678 999 999", "call me"]
)
def test_what_is_no_number_with_its_country_code_is_refused(typed: str) -> None:
    with pytest.raises(BadNumber):
        phone_number(typed)


def test_a_text_is_queued_and_sent_once(acme: TwilioSimulator) -> None:
    pk = queued()
    assert queued() == pk
    assert (deliver_text(pk, now=now()), deliver_text(pk, now=now())) == (0, 0)
    (sent,) = acme.sent
    assert (sent["to"], sent["body"]) == (BEN, "Acme: confirmed.")
    text = get_text(pk)
    assert sent["callback"] == f"http://acme.localhost:8000/hooks/texts/{text.reference}/"
    assert (text.state, text.remote_id, text.attempts) == ("sent", sent["sid"], 1)


def test_a_lost_answer_is_a_counted_repeat_unless_twilio_reports_first(acme: TwilioSimulator) -> None:
    acme.fail("POST", after=True, drop=True, times=2)
    lost, reported = queued("lost"), queued("reported")
    for pk in (lost, reported):
        with pytest.raises(Unreachable):
            deliver_text(pk, now=now())
        assert get_text(pk).state == "sending"
    assert heard(acme, reported, "queued")
    assert (deliver_text(lost, now=now()), deliver_text(reported, now=now())) == (1, 0)
    assert [each["body"] for each in acme.sent] == ["Acme: confirmed."] * 3
    assert [get_text(pk).state for pk in (lost, reported)] == ["sent", "sent"]


def test_reports_are_kept_in_whatever_order_they_come(acme: TwilioSimulator) -> None:
    pk = queued()
    deliver_text(pk, now=now())
    assert heard(acme, pk, "sent")
    assert heard(acme, pk, "delivered")
    assert heard(acme, pk, "sent")
    assert heard(acme, pk, "undelivered", ErrorCode="30003")
    assert get_text(pk).state == "delivered"


def test_a_text_that_did_not_arrive_says_why(acme: TwilioSimulator) -> None:
    pk = queued()
    deliver_text(pk, now=now())
    assert heard(acme, pk, "undelivered", ErrorCode="30003")
    text = get_text(pk)
    assert (text.state, text.failed_words) == ("failed", "The telephone is switched off or out of reach.")


def test_a_report_that_twilio_did_not_sign_changes_nothing(acme: TwilioSimulator) -> None:
    pk = queued()
    deliver_text(pk, now=now())
    _, form, headers = acme.report(acme.sent[0]["sid"], "delivered")
    reference, signature = get_text(pk).reference, headers["X-Twilio-Signature"]
    altered = {**form, "MessageStatus": "failed"}
    assert not hear_report(reference, form=altered, signature=signature, now=now())
    assert not hear_report(reference, form=form, signature="", now=now())
    assert not hear_report("another", form=form, signature=signature, now=now())
    assert get_text(pk).state == "sent"


@pytest.mark.parametrize(
    ("reply", "error", "state"),
    [
        (Reply(status=400, json={"code": 21610, "message": "unsubscribed"}), Rejected, "failed"),
        (Reply(status=401, json={"code": 20003, "message": "Authenticate"}), Unauthorised, "failed"),
        (Reply(status=429, json={"code": 20429, "message": "Too many"}), RateLimited, "queued"),
        (Reply(status=503, body="down"), Unreachable, "sending"),
        (Reply(status=201, body="rubbish"), Unreachable, "sending"),
    ],
)
def test_what_twilio_says_is_one_of_the_four(
    acme: TwilioSimulator, reply: Reply, error: type[ProviderError], state: str
) -> None:
    acme.fail("POST", reply=reply, times=4)
    pk = queued()
    with pytest.raises(error):
        deliver_text(pk, now=now())
    assert get_text(pk).state == state


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"account": f"AC{'1' * 32}"}, "account"),
        ({"secret": "wrong"}, "secret"),
        ({"sender": "+15551234567"}, "sender"),
    ],
)
def test_the_test_names_the_setting_that_is_wrong(
    acme: TwilioSimulator, changes: dict[str, str], setting: str
) -> None:
    try_twilio(switch_on())
    with pytest.raises(Rejected) as caught:
        try_twilio(switch_on(**changes))
    assert getattr(caught.value, "setting", "") == setting
    BREAKER.forget()


def test_what_waits_when_texts_are_switched_off_is_not_sent(acme: TwilioSimulator) -> None:
    pk = queued()
    switch_texts_off(actor=OWNER)
    with pytest.raises(Rejected, match="switched off"):
        deliver_text(pk, now=now())
    assert (acme.sent, get_text(pk).state) == ([], "failed")


class Gateway(Simulator):
    """A gateway that takes each reference once."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, dict[str, Any]] = {}
        self.route("POST", "/send", self._send)

    def _send(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer s3cret":
            return Reply(status=401)
        self.taken[request.headers["idempotency-key"]] = json.loads(request.body)
        return Reply(status=202)


def test_a_gateway_gets_one_text_whatever_is_lost(world: World, settings: Any) -> None:
    with served(Gateway()) as gateway, world.enter("acme"):
        settings.HOLDFAST_HTTP_ALLOW = (gateway.base_url.removeprefix("http://"),)
        use_carrier(checked_gateway(f"{gateway.base_url}/send", secret="s3cret"), now=now(), actor=OWNER)
        gateway.fail("POST", after=True, drop=True)
        pk = queued()
        with pytest.raises(Unreachable):
            deliver_text(pk, now=now())
        deliver_text(pk, now=now())
        reference = get_text(pk).reference
        assert gateway.taken == {reference: {"to": BEN, "text": "Acme: confirmed.", "reference": reference}}


def test_a_gateway_in_the_private_network_is_never_asked(world: World, settings: Any) -> None:
    with served(Gateway()) as gateway, world.enter("acme"):
        with pytest.raises(Rejected, match="https"):
            checked_gateway(f"{gateway.base_url}/send", secret="s3cret")
        typed = checked_gateway(gateway.base_url.replace("http:", "https:") + "/send", secret="s3cret")
        use_carrier(typed, now=now(), actor=OWNER)
        settings.HOLDFAST_HTTP_ALLOW = ()
        pk = queued()
        with pytest.raises(Rejected, match="The gateway cannot be used"):
            deliver_text(pk, now=now())
        assert (gateway.log, get_text(pk).state) == ([], "failed")
