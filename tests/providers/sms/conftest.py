"""A Twilio that answers at loopback, and a gateway of the business's own."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from kernel.breaker import BREAKER
from kernel.clock import now
from providers.api import Carrier, use_carrier
from tests.providers.conftest import OWNER
from tests.simulators.twilio import ACCOUNT, NUMBER, TOKEN, TwilioSimulator
from tests.simulators.vendor import served


@pytest.fixture
def twilio(settings: Settings) -> Iterator[TwilioSimulator]:
    """A Twilio of this test."""
    BREAKER.forget()
    with served(TwilioSimulator()) as simulator:
        settings.HOLDFAST_TWILIO_SIMULATOR = simulator.base_url
        settings.HOLDFAST_HTTP_ALLOW = (
            *settings.HOLDFAST_HTTP_ALLOW, simulator.base_url.removeprefix("http://")
        )  # fmt: skip
        yield simulator
    BREAKER.forget()


def switch_on(**changes: str) -> Carrier:
    """Switch texts on by Twilio in the current tenant."""
    carrier = Carrier(**{"kind": "twilio", "account": ACCOUNT, "secret": TOKEN, "sender": NUMBER, **changes})
    use_carrier(carrier, now=now(), actor=OWNER)
    return carrier
