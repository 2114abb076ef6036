"""A database that a test used is given to the next only as it was: row for row, sequence for sequence."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from holdfast.embedded.postgres import EmbeddedPostgres
from tests import database
from tests.database import World, clone, drop
from tests.renewal import Original

pytestmark = pytest.mark.usefixtures("from_the_start")


@pytest.fixture
def from_the_start(
    postgres_server: EmbeddedPostgres, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """No database was used yet."""
    monkeypatch.setitem(database._clean, postgres_server.data_dir, [])
    with django_db_blocker.unblock():
        yield


def content(world: World) -> Original:
    connection.close()
    with world.superuser() as raw:
        return Original.of(raw)


def uses(world: World) -> int:
    assert world.before is not None
    return world.before.uses


def test_a_used_database_is_as_it_was(postgres_server: EmbeddedPostgres) -> None:
    world = clone(postgres_server)
    before = content(world)
    with world.superuser("acme") as raw:
        raw.execute("SET session_replication_role = replica")
        raw.execute("DELETE FROM booking_eventtype")
        raw.execute("UPDATE accounts_user SET email = id || '@example.com'")
        raw.execute("UPDATE booking_host SET name = name || '!'")
        raw.execute("SELECT nextval(pg_get_serial_sequence('booking_eventtype', 'id'))")
    assert content(world) != before
    drop(world)
    again = clone(postgres_server)
    assert (uses(again), again.name != world.name) == (uses(world) + 1, True)
    assert content(again) == before
    drop(again)


def test_a_changed_catalog_is_not_used_again(postgres_server: EmbeddedPostgres) -> None:
    world = clone(postgres_server)
    with world.superuser("acme") as raw:
        raw.execute("ALTER TABLE booking_host DISABLE TRIGGER ALL")
        raw.execute("ALTER TABLE booking_host ENABLE TRIGGER ALL")
    drop(world)
    again = clone(postgres_server)
    assert uses(again) == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(world.superuser_url())
    drop(again)
