"""What every test may ask for: the embedded server, a fresh world of three tenants, a client at a host."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from holdfast.embedded.postgres import EmbeddedPostgres
from kernel.postgres import role
from tests.database import DATA, World, clone, drop, make_template

# a busy machine is no fault of the code: twenty threads may take long to connect, and no property has a timer
role.CONNECT_SECONDS = 60
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_unconfigure() -> None:
    """Leave nothing behind: the keys and checkpoints of this process's worlds."""
    shutil.rmtree(DATA, ignore_errors=True)


def roomy_folder() -> Path:
    """Return a folder in memory where there is one with room (cloning a database copies 1,300 files)."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000:
        return memory
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgres_server(django_db_blocker: DjangoDbBlocker) -> Iterator[EmbeddedPostgres]:
    """An embedded PostgreSQL of this test run, in a folder that goes away."""
    # not below pytest's folder, which is closed to everyone else: as root, PostgreSQL runs as another user
    folder = roomy_folder() / f"holdfast-tests-{os.getpid()}"
    server = EmbeddedPostgres(folder, durable=False)
    server.start()
    with django_db_blocker.unblock():
        try:
            make_template(server)
            yield server
        finally:
            connections.close_all()
            server.stop()
            shutil.rmtree(folder)


@pytest.fixture
def world(postgres_server: EmbeddedPostgres, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A fresh database with tenants acme, northwind and staff; commits are real, nothing is shared."""
    with django_db_blocker.unblock():
        made = clone(postgres_server)
        yield made
        drop(made)


@pytest.fixture(scope="module")
def lasting_world(postgres_server: EmbeddedPostgres, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """A world for the tests of one module that leave nothing behind (refusals, reading); cheaper than `world`."""
    with django_db_blocker.unblock():
        made = clone(postgres_server)
        yield made
        drop(made)


@pytest.fixture
def client_for(world: World) -> Callable[[str], Client]:
    """Make a test client at a host name: client_for("acme.localhost")."""

    def make(host: str, **defaults: Any) -> Client:
        return Client(headers={"host": host}, **defaults)

    return make
