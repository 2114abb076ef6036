"""The wrapped backend: a search path that could not be set never lets a statement read another tenant's rows."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.models import EventType
from kernel.postgres.role import database_settings
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


@contextmanager
def path_that_fails() -> Iterator[None]:
    """Make PostgreSQL itself refuse the path: it is cancelled before the statement's turn comes."""
    right = connection.path_statement
    connection.path_statement = f"SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5); {right}"
    try:
        yield
    finally:
        connection.path_statement = right


def session_path() -> str:
    """Return what the session itself keeps, asked behind the backend's back."""
    row = connection.connection.execute("SHOW search_path", prepare=False).fetchone()
    return str(row[0])


def test_a_path_that_fails_takes_its_statement_with_it(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with path_that_fails(), pytest.raises(OperationalError, match="canceling statement"):
            slugs()
        assert slugs() == OF_NORTHWIND
    assert slugs() == OF_ACME


def test_inside_a_transaction_nothing_runs_after_a_path_that_failed(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  the second is the point
            with path_that_fails(), pytest.raises(OperationalError):
                slugs()
            with pytest.raises(DatabaseError):
                slugs()
            raise ZeroDivisionError
        assert slugs() == OF_NORTHWIND


def test_nothing_of_a_tenant_stays_in_the_session(in_acme: World) -> None:
    assert session_path() == '"$user", public'
    with in_acme.enter("northwind"), transaction.atomic():
        assert slugs() == OF_NORTHWIND
    assert session_path() == '"$user", public'


def test_what_a_session_was_left_with_does_not_matter(in_acme: World) -> None:
    connection.connection.execute(f"SET search_path = {in_acme.acme}")  # as a pooler's other client might
    with in_acme.enter("northwind"):
        assert slugs() == OF_NORTHWIND
        with transaction.atomic():
            assert slugs() == OF_NORTHWIND


def test_many_statements_at_once_run_in_their_tenant_too(in_acme: World) -> None:
    rename = "UPDATE booking_eventtype SET title = %s WHERE slug = %s"
    with in_acme.enter("northwind"), connection.cursor() as cursor:
        cursor.executemany(rename, [("Moved", "meet"), ("Moved", "intro-call")])
    with in_acme.enter("northwind"):
        assert list(EventType.objects.filter(title="Moved").values_list("slug", flat=True)) == ["meet"]
    assert not EventType.objects.filter(title="Moved").exists()


def test_a_server_side_cursor_enters_the_tenant_within_a_transaction_only(in_acme: World) -> None:
    with in_acme.enter("northwind"):
        with pytest.raises(NotImplementedError, match="in a transaction only"):
            connection.chunked_cursor()
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute("SELECT slug FROM booking_eventtype ORDER BY slug")
            assert [slug for (slug,) in cursor] == OF_NORTHWIND


def test_behind_a_pooler_the_limits_travel_with_the_statement() -> None:
    through = database_settings("postgresql://app@pooler/holdfast?pool_mode=transaction")
    assert "options" not in through["OPTIONS"]
    assert through["LIMITS_PER_STATEMENT"] == (
        "SET LOCAL lock_timeout = 2000; SET LOCAL idle_in_transaction_session_timeout = 15000; "
        "SET LOCAL statement_timeout = 20000; "
    )
    assert database_settings("postgresql://app@server/holdfast")["LIMITS_PER_STATEMENT"] == ""


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


def test_a_write_that_reached_the_wrong_schema_is_refused_by_the_database(in_acme: World) -> None:
    from booking.guard import call

    with in_acme.enter("northwind"):
        connection.path_statement = f"SET LOCAL search_path = {in_acme.acme}, public; "
        with pytest.raises(OperationalError, match="wrong tenant"), transaction.atomic():
            call("retake_v1", 1, 60)


def test_an_idle_connection_is_found_usable_without_a_statement(in_acme: World) -> None:
    connection.health_check_done = False
    with CaptureQueriesContext(connection) as asked:
        connection.close_if_health_check_failed()
    assert (connection.connection is not None, list(asked)) == (True, [])


def backend_pid() -> int:
    """The server process of this thread's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_session_that_visited_too_many_tenants_ends_between_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "MOST_TENANTS", 2)
    with world.enter("acme"):
        first = backend_pid()
    with world.enter("northwind"):
        close_old_connections()
        assert backend_pid() == first, "two are not too many"
    with world.enter("staff"):
        assert backend_pid() == first, "not in the middle of a request"
    close_old_connections()
    with world.enter("acme"):
        assert (backend_pid() != first, connection.visited) == (True, {world.acme})
