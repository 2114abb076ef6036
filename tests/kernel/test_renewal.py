"""A database that a test used is given to the next only as it was: row for row, sequence for sequence."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from holdfast.embedded.postgres import EmbeddedPostgres
from tests.database import World, clone, drop
from tests.renewal import Original

pytestmark = pytest.mark.usefixtures("unblocked")


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def content(world: World) -> Original:
    connection.close()
    with world.superuser() as database:
        return Original.of(database)


def uses(world: World) -> int:
    assert world.before is not None
    return world.before.uses


def test_a_used_database_is_as_it_was(postgres_server: EmbeddedPostgres) -> None:
    world = clone(postgres_server)
    before = content(world)
    with world.superuser("acme") as database:
        database.execute("SET session_replication_role = replica")
        database.execute("DELETE FROM booking_eventtype")
        database.execute("UPDATE accounts_user SET email = id || '@example.com'")
        database.execute("UPDATE booking_host SET name = name || '!'")
        database.execute("SELECT nextval(pg_get_serial_sequence('booking_host', 'id'))")
    assert content(world) != before
    drop(world)
    again = clone(postgres_server)
    assert (uses(again), again.name != world.name) == (uses(world) + 1, True)
    assert content(again) == before
    drop(again)


def test_a_changed_catalog_is_not_used_again(postgres_server: EmbeddedPostgres) -> None:
    world = clone(postgres_server)
    with world.superuser("acme") as database:
        database.execute("ALTER TABLE booking_host DISABLE TRIGGER ALL")
        database.execute("ALTER TABLE booking_host ENABLE TRIGGER ALL")
    drop(world)
    again = clone(postgres_server)
    assert uses(again) == 1
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(world.superuser_url())
    drop(again)
