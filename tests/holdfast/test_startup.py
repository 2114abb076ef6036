"""A process that starts waits for a database that is slow, and for none that is gone."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError
from pytest_django.plugin import DjangoDbBlocker

from holdfast import startup


@pytest.fixture
def tries(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[list[psycopg.Error | None]]:
    """What each look at the ledgers' keys meets, from the last to the first."""
    met: list[psycopg.Error | None] = []

    def look() -> None:
        if cause := met.pop():
            raise OperationalError(str(cause)) from cause

    monkeypatch.setattr("audit.api.check_keys", look)
    monkeypatch.setattr(startup, "_PAUSE_SECONDS", 0.0)
    with django_db_blocker.unblock():
        yield met


def test_a_connection_that_comes_too_late_or_too_early_is_tried_again(
    tries: list[psycopg.Error | None],
) -> None:
    early = psycopg.OperationalError("connection failed: FATAL:  the database system is starting up")
    tries += [None, psycopg.errors.ConnectionTimeout(), early]
    startup.check()
    assert tries == []


def test_after_a_dozen_tries_it_ends(tries: list[psycopg.Error | None]) -> None:
    tries += [None, *(psycopg.errors.ConnectionTimeout() for _ in range(12))]
    with pytest.raises(OperationalError):
        startup.check()
    assert tries == [None]


def test_a_database_that_is_gone_ends_it_at_once(tries: list[psycopg.Error | None]) -> None:
    tries += [None, psycopg.OperationalError("connection refused")]
    with pytest.raises(OperationalError):
        startup.check()
    assert tries == [None]
