"""A Google and a Microsoft that answer at loopback, and how a host connects an account there without a browser."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django import Settings

from audit.api import Actor
from kernel.breaker import BREAKER
from kernel.clock import now
from kernel.tenancy import current_schema
from providers.calendars.accounts import connect_account
from providers.models import CalendarConnection
from providers.oauth.apps import app_credentials
from providers.oauth.flow import depart
from providers.oauth.vendors import vendor
from tests.simulators.consent import Consent
from tests.simulators.google import GoogleSimulator
from tests.simulators.microsoft import MicrosoftSimulator
from tests.simulators.vendor import served

REDIRECT = "https://holdfast.example/oauth/return/"
OWNER = Actor("user", "1")


@pytest.fixture
def google(settings: Settings) -> Iterator[GoogleSimulator]:
    """A Google of this test, with the account ana@gmail.example; the platform has a client there."""
    BREAKER.forget()
    with served(GoogleSimulator()) as simulator:
        settings.HOLDFAST_GOOGLE_SIMULATOR = simulator.base_url
        settings.HOLDFAST_HTTP_ALLOW = (simulator.base_url.removeprefix("http://"),)
        settings.HOLDFAST_GOOGLE_CLIENT_ID = "simulated"
        settings.HOLDFAST_GOOGLE_CLIENT_SECRET = "simulated-secret"
        yield simulator
    BREAKER.forget()


def connect_google(
    simulator: GoogleSimulator,
    host_id: int,
    *,
    account: str = "ana@gmail.example",
    time_zone: str = "Europe/Lisbon",
) -> CalendarConnection:
    """Connect a host's account in the current tenant, as the consent page and the redirect would."""
    return _connected("google", simulator.consent, host_id, account=account, time_zone=time_zone)


@pytest.fixture
def microsoft(settings: Settings) -> Iterator[MicrosoftSimulator]:
    """A Microsoft of this test, with the account ana@acme.example; the platform has a client there."""
    BREAKER.forget()
    with served(MicrosoftSimulator()) as simulator:
        settings.HOLDFAST_MICROSOFT_SIMULATOR = simulator.base_url
        settings.HOLDFAST_HTTP_ALLOW = (simulator.base_url.removeprefix("http://"),)
        settings.HOLDFAST_MICROSOFT_CLIENT_ID = "simulated"
        settings.HOLDFAST_MICROSOFT_CLIENT_SECRET = "simulated-secret"
        settings.HOLDFAST_MICROSOFT_DIRECTORY = "common"
        yield simulator
    BREAKER.forget()


def connect_microsoft(
    simulator: MicrosoftSimulator, host_id: int, *, account: str = "ana@acme.example"
) -> CalendarConnection:
    """Connect a host's account at Microsoft in the current tenant."""
    return _connected("microsoft", simulator.consent, host_id, account=account, time_zone="Europe/Lisbon")


def _connected(
    name: str, consent: Consent, host_id: int, *, account: str, time_zone: str
) -> CalendarConnection:
    kind = vendor(name)
    leaving = depart(
        kind, app_credentials(kind), schema=current_schema(), host="acme.localhost", redirect_uri=REDIRECT
    )
    code = consent.code_for(account, dict(parse_qsl(urlsplit(leaving.url).query)))
    return connect_account(
        host_id,
        kind=kind,
        code=code,
        verifier=leaving.verifier,
        redirect_uri=REDIRECT,
        now=now(),
        time_zone=time_zone,
        actor=OWNER,
    )
