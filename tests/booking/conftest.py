"""What booking tests stand on: our own pages over real HTTP, so that rooms are proven, and a mail server."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.database import World
from tests.simulators.smtp import MailSink, mail_sink
from tests.simulators.web import product_over_http


@pytest.fixture
def web(world: World, settings: Settings) -> Iterator[str]:
    """The product over real HTTP on loopback ("host:port"), so that rooms can be proven."""
    with product_over_http(settings) as address:
        yield address


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailSink]:
    """A mail server that accepts."""
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        yield sink
