"""`Prefer: wait`: how long is granted, to how many at once, and that no connection is held meanwhile."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from portal.wait import MAX_SECONDS, preferred_wait, wait_until, waiting_places


@pytest.fixture(autouse=True)
def _fresh_places() -> Iterator[None]:
    waiting_places.cache_clear()
    yield
    waiting_places.cache_clear()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=10", 10.0),
        ("respond-async, wait=5", 5.0),
        ('wait="7"; foo', 7.0),
        ("WAIT = 3", 3.0),
        ("wait=0", 0.0),
        ("wait=999999", MAX_SECONDS),
        ("", None),
        ("wait", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("await=10", None),
        ("wait=99999999999999999999", None),
    ],
)
def test_preferred_wait_reads_rfc_7240(header: str, seconds: float | None) -> None:
    assert preferred_wait(header) == seconds


def test_what_is_settled_is_not_waited_for() -> None:
    assert wait_until(_never, is_settled=lambda n: n == 1, first=1, seconds=10) == (1, True)


def test_waits_until_it_is_settled() -> None:
    seen = iter([2, 3])
    started = time.monotonic()
    assert wait_until(lambda: next(seen), is_settled=lambda n: n == 3, first=1, seconds=10) == (3, True)
    assert 0.15 <= time.monotonic() - started < 1  # 50 ms, then 100 ms


def test_gives_up_after_its_seconds() -> None:
    started = time.monotonic()
    assert wait_until(lambda: 1, is_settled=lambda n: n == 2, first=1, seconds=0.3) == (1, True)
    assert 0.3 <= time.monotonic() - started < 0.6


def test_no_seconds_are_no_wait() -> None:
    assert wait_until(_never, is_settled=lambda n: n == 2, first=1, seconds=0) == (1, True)


def test_a_quarter_of_the_threads_may_wait_and_the_next_is_answered_at_once(
    settings: Settings,
) -> None:
    settings.HOLDFAST_WEB_THREADS = 8
    settled = threading.Event()
    answers: list[tuple[int, bool]] = []

    def wait() -> None:
        answers.append(wait_until(lambda: int(settled.is_set()), is_settled=bool, first=0, seconds=10))

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for thread in waiting:
        thread.start()
    for _ in range(500):
        if waiting_places()._value == 0:
            break
        time.sleep(0.01)
    else:
        settled.set()
        raise AssertionError("two waiters must take all the places")
    started = time.monotonic()
    assert wait_until(_never, is_settled=bool, first=0, seconds=10) == (0, False)
    assert time.monotonic() - started < 0.05
    settled.set()
    for thread in waiting:
        thread.join(timeout=5)
    assert answers == [(1, True), (1, True)]
    assert waiting_places()._value == 2  # each gave its place back


def test_the_place_comes_back_when_reading_fails(settings: Settings) -> None:
    settings.HOLDFAST_WEB_THREADS = 4
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 // 0, is_settled=bool, first=0, seconds=1)
    assert waiting_places()._value == 1


def test_a_process_with_three_threads_lets_nobody_wait(settings: Settings) -> None:
    settings.HOLDFAST_WEB_THREADS = 3
    assert wait_until(_never, is_settled=bool, first=0, seconds=10) == (0, False)


def test_no_connection_is_held_while_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    monkeypatch.setattr(connection, "close", lambda: events.append("close"))
    monkeypatch.setattr("portal.wait.time.sleep", lambda _: events.append("sleep"))
    seen = iter([0, 1])
    assert wait_until(lambda: next(seen), is_settled=bool, first=0, seconds=5) == (1, True)
    assert events == ["close", "sleep", "close", "sleep"]


def _never() -> int:
    raise AssertionError("must not be read again")
