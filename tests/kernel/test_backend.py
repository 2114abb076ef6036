"""The wrapped backend: a search path that could not be set never lets a statement read another tenant's rows."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from booking.models import EventType
from kernel.postgres.base import SearchPathNotSet
from kernel.tenancy import PUBLIC, current_schema, entered
from tests.database import World

OF_ACME = ["consultation", "intro-call", "site-visit"]
OF_NORTHWIND = ["meet", "panel", "workshop"]


@pytest.fixture
def in_acme(world: World) -> Iterator[World]:
    """A connection that has just read Acme's rows: whatever goes wrong next, they are there to leak."""
    with world.enter("acme"):
        assert slugs() == OF_ACME
        yield world


def slugs() -> list[str]:
    """Return the event types of whatever schema the session is in, by a statement that names no schema."""
    return sorted(EventType.objects.values_list("slug", flat=True))


def path() -> str:
    """Return the session's search path as PostgreSQL has it."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return str(cursor.fetchone()[0])


class FailingOnce:
    """Makes the session's next SET search_path fail, by PostgreSQL itself: the statement has no time left."""

    def __init__(self) -> None:
        self.raw = connection.connection

    def __enter__(self) -> None:
        self.raw.execute("SET statement_timeout = 1")
        self._cursor = self.raw.cursor

        def slow_cursor(*args: object, **kwargs: object) -> Any:
            made = self._cursor(*args, **kwargs)
            execute = made.execute

            def padded(query: str, *rest: object) -> object:
                slow = "SET search_path" in str(query)
                return execute(f"SELECT pg_sleep(1); {query}" if slow else query, *rest)

            made.execute = padded
            return made

        self.raw.cursor = slow_cursor

    def __exit__(self, *_: object) -> None:
        """The connection is closed by then; there is nothing to restore."""


def test_a_cancelled_search_path_raises_and_the_next_statement_reads_the_right_tenant(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with FailingOnce(), pytest.raises(SearchPathNotSet):
            slugs()
        assert slugs() == OF_NORTHWIND
    assert slugs() == OF_ACME


def test_inside_a_transaction_nothing_runs_after_a_search_path_that_failed(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with pytest.raises(SearchPathNotSet), transaction.atomic():  # noqa: PT012  the second is the point
            with FailingOnce(), pytest.raises(SearchPathNotSet):
                slugs()
            with pytest.raises(DatabaseError):
                slugs()
            raise SearchPathNotSet("out")
        assert slugs() == OF_NORTHWIND


def test_a_statement_cancelled_from_outside_leaves_the_path_right(in_acme: World) -> None:
    pid = connection.connection.info.backend_pid

    def cancel() -> None:
        with in_acme.superuser() as other:
            for _ in range(100):
                if other.execute(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                    " WHERE pid = %s AND state = 'active' AND query LIKE '%%pg_sleep%%'",
                    [pid],
                ).fetchall():
                    return
                time.sleep(0.02)

    canceller = threading.Thread(target=cancel)
    with in_acme.enter("northwind"):
        canceller.start()
        with pytest.raises(OperationalError, match="canceling statement"), transaction.atomic():
            connection.cursor().execute("SELECT pg_sleep(10)")
        canceller.join()
        assert slugs() == OF_NORTHWIND


def test_a_connection_that_the_server_closed_comes_back_in_the_right_tenant(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with in_acme.superuser() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
        with pytest.raises(DatabaseError):
            slugs()
        connection.close_if_unusable_or_obsolete()
        assert slugs() == OF_NORTHWIND


def test_the_path_is_set_again_after_a_rollback_took_it_back(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  where it raises is the point
            assert slugs() == OF_NORTHWIND
            raise ZeroDivisionError
        assert slugs() == OF_NORTHWIND


def test_the_path_is_set_again_after_a_savepoint_took_it_back(in_acme: World) -> None:
    with transaction.atomic():
        assert slugs() == OF_ACME
        with in_acme.enter("northwind"):
            with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  where it raises is the point
                assert slugs() == OF_NORTHWIND
                raise ZeroDivisionError
            assert slugs() == OF_NORTHWIND
        assert slugs() == OF_ACME


def test_tenants_nest_and_the_outer_one_comes_back_even_after_an_error(in_acme: World) -> None:
    with pytest.raises(ZeroDivisionError), entered(in_acme.northwind):  # noqa: PT012  where it raises is the point
        with entered(in_acme.staff):
            assert (current_schema(), slugs()) == (in_acme.staff, [])
        assert (current_schema(), slugs()) == (in_acme.northwind, OF_NORTHWIND)
        raise ZeroDivisionError
    assert (current_schema(), slugs()) == (in_acme.acme, OF_ACME)
    with entered(PUBLIC):
        assert path() == "public"


def test_the_path_is_set_once_per_change_and_not_per_statement(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        slugs()
        connection.connection.execute(
            "SET search_path = public"
        )  # behind the backend's back: it trusts itself
        assert path() == "public"
    assert path() == f"{in_acme.acme}, public"


def test_a_write_that_reached_the_wrong_schema_is_refused_by_the_database(in_acme: World) -> None:
    from booking.guard import call

    with in_acme.enter("northwind"):
        slugs()
        connection.connection.execute(f"SET search_path = {in_acme.acme}, public")
        with pytest.raises(OperationalError, match="wrong tenant"), transaction.atomic():
            call("retake_v1", 1, 60)
