"""The product itself over real HTTP on a free port of loopback, so that rooms can be proven."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from pytest_django.fixtures import Settings


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


@contextmanager
def product_over_http(settings: Settings) -> Iterator[str]:
    """Serve our own pages until the block ends, and let the product find itself there; gives "host:port"."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.HOLDFAST_SELF_ADDRESS = f"127.0.0.1:{server.server_port}"
    try:
        yield settings.HOLDFAST_SELF_ADDRESS
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
