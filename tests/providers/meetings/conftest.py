"""A Zoom that answers at loopback, connected by an organisation's app or by a host's own account."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django import Settings

from kernel.breaker import BREAKER
from kernel.clock import now
from kernel.tenancy import current_schema
from providers.api import ZoomOrganisation, app_credentials, connect_zoom_account, depart, use_zoom, vendor
from providers.meetings import zoom_app
from providers.models import OAuthAccount
from tests.providers.conftest import OWNER, REDIRECT
from tests.simulators.vendor import served
from tests.simulators.zoom import ZoomSimulator
from tests.simulators.zoom.server import ACCOUNT, CLIENT, SECRET


@pytest.fixture
def zoom(settings: Settings) -> Iterator[ZoomSimulator]:
    """A Zoom of this test, where the platform has a client."""
    BREAKER.forget()
    zoom_app._kept.clear()
    with served(ZoomSimulator()) as simulator:
        settings.HOLDFAST_ZOOM_SIMULATOR = simulator.base_url
        settings.HOLDFAST_HTTP_ALLOW = (
            *settings.HOLDFAST_HTTP_ALLOW, simulator.base_url.removeprefix("http://")
        )  # fmt: skip
        settings.HOLDFAST_ZOOM_CLIENT_ID = CLIENT
        settings.HOLDFAST_ZOOM_CLIENT_SECRET = SECRET
        yield simulator
    BREAKER.forget()


def organisation(**changes: str) -> ZoomOrganisation:
    """Return the app that the simulated Zoom knows."""
    return ZoomOrganisation(**{"account_id": ACCOUNT, "client_id": CLIENT, "secret": SECRET, **changes})


def connect_organisation(**changes: str) -> None:
    """Connect it in the current tenant."""
    use_zoom(organisation(**changes), now=now(), actor=OWNER)


def connect_host(
    simulator: ZoomSimulator, host_id: int, *, account: str = "ana@zoom.example"
) -> OAuthAccount:
    """Connect a host's account in the current tenant, as the consent page and the redirect would."""
    kind = vendor("zoom")
    leaving = depart(
        kind, app_credentials(kind), schema=current_schema(), host="acme.localhost", redirect_uri=REDIRECT
    )
    code = simulator.consent.code_for(account, dict(parse_qsl(urlsplit(leaving.url).query)))
    return connect_zoom_account(
        host_id, code=code, verifier=leaving.verifier, redirect_uri=REDIRECT, now=now(), actor=OWNER
    )
