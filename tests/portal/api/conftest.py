"""Clients at the demo's two businesses, the web process that proves rooms, and a worker beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.api import drain
from portal.wait import waiting_places
from tests.database import World
from tests.simulators.web import product_over_http

Worker = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def acme(client_for: Callable[[str], Client]) -> Client:
    """Acme: one host, ana."""
    return client_for("acme.localhost")


@pytest.fixture
def northwind(client_for: Callable[[str], Client]) -> Client:
    """Northwind: six hosts."""
    return client_for("northwind.localhost")


@pytest.fixture
def web(world: World, settings: Settings) -> Iterator[str]:
    """The product over real HTTP on loopback ("host:port"), so that rooms can be proven."""
    with product_over_http(settings) as address:
        yield address


@pytest.fixture
def worker(world: World) -> Worker:
    """`with worker():` performs due jobs in another thread, as the worker process would."""
    return _working


@contextmanager
def _working() -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                drain()
                stop.wait(0.02)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


@pytest.fixture
def _fresh_places(settings: Settings) -> Iterator[None]:
    """Places to wait as HOLDFAST_WEB_THREADS says, for tests that change it."""
    waiting_places.cache_clear()
    yield
    waiting_places.cache_clear()
