"""The hooks around a transaction: told in order, before the commit, of savepoints, and of every way it ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.api import Actor, Entry, record
from booking.models import Resource
from kernel import transactions
from tests.database import World

OWNER = Actor(type="user", id="1")


class Diary:
    """A hook that writes down what it is told; `before` runs inside before_commit."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name, self.said = name, said
        self.before: Callable[[], None] = lambda: None

    def before_commit(self, connection: Any) -> None:
        self.said.append(f"{self.name} commit")
        self.before()

    def savepoint(self, connection: Any, sid: str) -> None:
        self.said.append(f"{self.name} savepoint")

    def savepoint_rollback(self, connection: Any, sid: str) -> None:
        self.said.append(f"{self.name} savepoint back")

    def rollback(self, connection: Any) -> None:
        self.said.append(f"{self.name} back")


@pytest.fixture
def diaries(world: World) -> Iterator[tuple[Diary, Diary]]:
    said: list[str] = []
    first, second = Diary("first", said), Diary("second", said)
    kept = transactions.hooks()
    with world.enter("acme"):
        Resource.objects.count()
        for each in (first, second, first):
            transactions.register(each)
        assert transactions.hooks() == (*kept, first, second), "registered twice, told once"
        yield first, second
        transactions._hooks[:] = kept


def names() -> set[str]:
    return set(Resource.objects.exclude(name="Ana Martins").values_list("name", flat=True))


def add(name: str) -> None:
    Resource.objects.create(kind="room", name=name)


def test_hooks_are_told_in_the_order_of_their_registration(diaries: tuple[Diary, Diary]) -> None:
    with transaction.atomic():
        add("one")
        with transaction.atomic():
            add("two")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
    assert diaries[0].said == [
        "first savepoint", "second savepoint", "first savepoint", "second savepoint",
        "first savepoint back", "second savepoint back", "first commit", "second commit",
    ]  # fmt: skip
    assert names() == {"one", "two"}


def test_what_a_hook_writes_before_the_commit_commits_too(diaries: tuple[Diary, Diary]) -> None:
    diaries[1].before = lambda: add("written last")
    with transaction.atomic():
        add("one")
    assert names() == {"one", "written last"}


def test_a_rollback_is_told_and_no_commit(diaries: tuple[Diary, Diary]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError
    assert diaries[0].said == ["first back", "second back"]


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), IntegrityError("bare")])
def test_a_hook_that_raises_takes_everything_back_and_leaves_the_connection_usable(
    diaries: tuple[Diary, Diary], error: BaseException
) -> None:
    def fail() -> None:
        raise error

    diaries[0].before = fail
    with pytest.raises(type(error)), transaction.atomic():
        add("one")
    diaries[0].before = lambda: None
    assert names() == set()
    with transaction.atomic():
        add("two")
    assert names() == {"two"}


def test_a_bare_database_error_in_a_hook_leaves_the_connection_usable(diaries: tuple[Diary, Diary]) -> None:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO booking_resource (kind, name) VALUES (NULL, NULL)")

    diaries[0].before = fail
    with pytest.raises(IntegrityError), transaction.atomic():
        add("one")
    diaries[0].before = lambda: None
    assert (names(), connection.in_atomic_block, connection.needs_rollback) == (set(), False, False)
    with transaction.atomic():
        add("two")
    assert names() == {"two"}


def note(action: str) -> None:
    record(action, subject="test:1", actor=OWNER, payload={})


def test_entries_go_with_their_savepoint_and_the_others_stay(world: World) -> None:
    with world.enter("acme"):
        before = set(Entry.objects.values_list("seq", flat=True))
        with transaction.atomic():
            note("kept")
            with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
                note("dropped")
                with transaction.atomic():
                    note("dropped_inside")
                raise ZeroDivisionError
            with transaction.atomic():
                note("kept_inside")
        found = Entry.objects.exclude(seq__in=before).order_by("seq").values_list("action", flat=True)
        assert list(found) == ["kept", "kept_inside"]


def test_entries_of_a_transaction_that_was_taken_back_never_appear_in_the_next(world: World) -> None:
    with world.enter("acme"):
        before = Entry.objects.count()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            note("lost")
            raise ZeroDivisionError
        with transaction.atomic():
            note("next")
        assert Entry.objects.count() == before + 1
        assert Entry.objects.order_by("-seq")[0].action == "next"
