"""What booking tests stand on: our own pages over real HTTP, so that rooms are proven, and a mail server."""

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from pytest_django.fixtures import Settings

from tests.database import World
from tests.simulators.smtp import MailSink, mail_sink


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


@pytest.fixture
def web(world: World, settings: Settings) -> Iterator[str]:
    """The product over real HTTP on loopback ("host:port"), so that rooms can be proven."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.HOLDFAST_SELF_ADDRESS = f"127.0.0.1:{server.server_port}"
    yield settings.HOLDFAST_SELF_ADDRESS
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailSink]:
    """A mail server that accepts."""
    with mail_sink() as sink:
        settings.HOLDFAST_SMTP_URL = sink.url
        yield sink
