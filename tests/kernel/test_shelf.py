"""Sessions that rest between requests go to whoever works for a tenant that they know."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from django.db import close_old_connections, connection, transaction

from booking.models import EventType
from kernel.postgres import shelf as shelves
from kernel.postgres.shelf import Session, Shelf
from kernel.tenancy import entered
from tests.database import World

T = TypeVar("T")


class Line:
    """Stands for a psycopg connection: it can be closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def resting(shelf: Shelf, *visited: str, close_at: float | None = None) -> Session:
    session = Session(Line(), set(visited), close_at)
    shelf.put(session)
    return session


def test_the_session_that_knows_the_tenant_and_was_used_last_is_taken() -> None:
    shelf = Shelf(4, tenants=8)
    older, newer, _other = resting(shelf, "a"), resting(shelf, "a", "b"), resting(shelf, "c")
    assert (shelf.take("a"), shelf.take("a")) == (newer, older)


def test_a_tenant_that_nobody_knows_goes_to_the_session_that_knows_the_fewest() -> None:
    shelf = Shelf(4, tenants=8)
    few, _many = resting(shelf, "a"), resting(shelf, "a", "b")
    assert shelf.take("c") is few


def test_where_all_know_enough_a_new_session_is_made_and_then_the_youngest_gives_way() -> None:
    shelf = Shelf(2, tenants=1)
    older = resting(shelf, "a", close_at=1.0)
    assert (shelf.take("b"), older.connection.closed) == (None, False)
    younger = resting(shelf, "b", close_at=2.0)
    assert (shelf.take("c"), older.connection.closed, younger.connection.closed) == (None, False, True)
    assert (shelf.take("a"), shelf.take("b")) == (older, None)


def test_of_too_many_at_rest_the_one_that_rested_longest_is_closed() -> None:
    shelf = Shelf(2, tenants=8)
    first, second, third = resting(shelf, "a"), resting(shelf, "b"), resting(shelf, "c")
    assert [each.connection.closed for each in (first, second, third)] == [True, False, False]


def test_nobody_rests_so_one_is_made() -> None:
    assert Shelf(2, tenants=8).take("a") is None


def test_a_session_at_work_that_knows_the_tenant_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "PATIENCE_SECONDS", 10.0)
    shelf = Shelf(4, tenants=8)
    resting(shelf, "a")
    at_work = shelf.take("a")
    assert at_work is not None
    idle = resting(shelf, "b")
    came: list[Session | None] = []
    waiting = threading.Thread(target=lambda: came.append(shelf.take("a")))
    waiting.start()
    waiting.join(0.2)
    assert (waiting.is_alive(), came) == (True, []), "it would rather wait than teach another one"
    shelf.put(at_work)
    waiting.join(5)
    assert came == [at_work]
    assert shelf.take("c") is idle, "nobody knows this one, so nobody is waited for"


def test_it_is_not_waited_for_long_nor_for_a_session_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(4, tenants=8)
    resting(shelf, "a")
    at_work, idle = shelf.take("a"), resting(shelf, "b")
    assert at_work is not None
    assert shelf.take("a") is idle
    shelf.put(idle)
    monkeypatch.setattr(shelves, "PATIENCE_SECONDS", 3600.0)
    at_work.connection.close()
    assert shelf.take("a") is idle


def test_where_nobody_has_room_to_learn_one_that_knows_is_waited_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shelves, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(shelves, "FULL_PATIENCE_SECONDS", 10.0)
    shelf = Shelf(2, tenants=1)
    resting(shelf, "a")
    at_work = shelf.take("a")
    assert at_work is not None
    assert shelf.take("a") is None, "there is room for another session, so none is waited for"
    other = resting(shelf, "b")
    came: list[Session | None] = []
    waiting = threading.Thread(target=lambda: came.append(shelf.take("a")))
    waiting.start()
    waiting.join(0.2)
    assert (waiting.is_alive(), other.connection.closed) == (True, False)
    shelf.put(at_work)
    waiting.join(5)
    assert came == [at_work]


def test_what_a_process_may_know_is_shared_among_its_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "_shelf", None)
    shares = []
    for threads, tenants in ((4, 1011), (8, 1011), (8, 3)):
        shelves.keep_sessions(threads, tenants)
        made = shelves.shelf()
        assert made is not None
        shares.append(made.tenants)
    assert shares == [252, 126, 1]


def test_a_session_that_knows_more_than_its_share_ends_between_requests(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "_shelf", Shelf(4, tenants=1))
    close_old_connections()
    with world.enter("acme"):
        assert EventType.objects.exists()
        first = connection.connection
        with transaction.atomic(), world.enter("northwind"):  # which cannot change the session
            assert EventType.objects.exists()
    close_old_connections()
    assert first.closed


@pytest.fixture
def shared(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A process whose sessions rest, as the web's and the worker's do."""
    connection.close()
    made = Shelf(4, tenants=8)
    monkeypatch.setattr(shelves, "_shelf", made)
    yield world
    monkeypatch.setattr(shelves, "_shelf", None)
    connection.close()
    made.close()


def in_thread(work: Callable[[], T]) -> T:
    """Do something in a thread of its own, as a request is served, and return what came of it."""
    came: list[T] = []

    def serve() -> None:
        close_old_connections()
        came.append(work())
        close_old_connections()

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join(30)
    return came[0]


def asked(schema: str) -> tuple[int, list[str]]:
    """Ask for a tenant's rows; return the server process that answered, and what it said."""
    with entered(schema):
        slugs = sorted(EventType.objects.values_list("slug", flat=True))
        return connection.connection.info.backend_pid, slugs


def test_another_thread_gets_the_session_that_knows_its_tenant(shared: World) -> None:
    first, _ = in_thread(lambda: asked(shared.acme))

    def both() -> tuple[int, int]:
        with entered(shared.northwind):
            assert EventType.objects.exists()
            beside, _ = in_thread(lambda: asked(shared.acme))  # while this thread holds a session
            return connection.connection.info.backend_pid, beside

    held, beside = in_thread(both)
    assert held == first, "there was only one, so it was taken for a tenant that it did not know"
    assert beside != first
    assert in_thread(lambda: asked(shared.northwind))[0] == first
    assert in_thread(lambda: asked(shared.acme))[0] in (first, beside)


def test_each_answer_is_the_tenants_own_whichever_session_serves(shared: World) -> None:
    of = {
        schema: in_thread(lambda schema=schema: asked(schema))[1]
        for schema in (shared.acme, shared.northwind)
    }  # type: ignore[misc]
    assert of[shared.acme] != of[shared.northwind]
    threads = [
        threading.Thread(target=lambda s=schema: seen.append((s, in_thread(lambda: asked(s))[1])))  # type: ignore[misc]
        for schema in of
        for _ in range(8)
    ]
    seen: list[tuple[str, list[str]]] = []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 16
    assert all(slugs == of[schema] for schema, slugs in seen)


def test_a_thread_that_goes_on_to_another_tenant_changes_to_the_session_that_knows_it(shared: World) -> None:
    """A worker claims its job in the public schema, and then enters the job's tenant."""
    with entered(shared.acme):
        assert EventType.objects.exists()
        known, _ = in_thread(lambda: asked(shared.northwind))
        of_acme = connection.connection.info.backend_pid
    assert asked(shared.northwind)[0] == known != of_acme
    assert asked(shared.acme)[0] == of_acme


def test_within_a_transaction_nothing_changes_hands(shared: World) -> None:
    with entered(shared.acme), transaction.atomic():
        assert EventType.objects.exists()
        mine = connection.connection.info.backend_pid
        assert in_thread(lambda: asked(shared.northwind))[0] != mine
        assert asked(shared.northwind)[0] == mine


def test_a_session_that_ended_while_it_rested_is_not_given_out(shared: World) -> None:
    first, _ = in_thread(lambda: asked(shared.acme))
    with shared.superuser() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    again, slugs = in_thread(lambda: asked(shared.acme))
    assert again != first
    assert slugs
