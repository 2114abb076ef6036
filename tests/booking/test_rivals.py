"""What is still open is worked out once for all who lost one start, and anew once anything was booked."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import rivals
from booking.api import get_event_type, hold, release
from booking.rivals import shared_alternatives, shared_check
from tests.booking.scene import CLIENT, booked, workday
from tests.database import World

NOW = datetime.now(UTC)


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime]]:
    """The starts whose alternatives were really worked out, in order."""
    seen: list[datetime] = []
    real = rivals.alternatives

    def counting(event_type: Any, *, start: datetime, **more: Any) -> Any:
        seen.append(start)
        return real(event_type, start=start, **more)

    monkeypatch.setattr(rivals, "alternatives", counting)
    rivals._answers.clear()
    yield seen
    rivals._answers.clear()


def test_all_who_lose_at_once_share_one_answer_and_a_booking_makes_it_new(
    world: World, worked_out: list[datetime]
) -> None:
    start = workday(10)
    gate = threading.Barrier(8)

    def lose(_number: int) -> Any:
        try:
            with world.enter("acme"):
                event_type = get_event_type("site-visit")
                gate.wait(10)
                return shared_alternatives(event_type, start=start, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lose, range(8)))
    assert (worked_out, len(set(answers)), len(answers[0])) == ([start], 1, 3)
    with world.enter("acme"):
        event_type = get_event_type("site-visit")
        assert shared_alternatives(event_type, start=start, now=NOW + timedelta(seconds=0.9)) is answers[0]
        booked("site-visit", answers[0][0].start)
        fresh = shared_alternatives(event_type, start=start, now=NOW)
        assert (len(worked_out), answers[0][0] in fresh) == (2, False)
        shared_alternatives(event_type, start=start, now=NOW + timedelta(seconds=1))
        assert len(worked_out) == 3


def test_who_waited_for_an_answer_that_failed_works_it_out_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals._answers.clear()

    def failing(*_arguments: Any, **_more: Any) -> Any:
        raise RuntimeError("the calendar server is away")

    with world.enter("acme"):
        event_type = get_event_type("site-visit")
        with monkeypatch.context() as once:
            once.setattr(rivals, "alternatives", failing)
            with pytest.raises(RuntimeError):
                shared_alternatives(event_type, start=workday(10), now=NOW)
        assert len(shared_alternatives(event_type, start=workday(10), now=NOW)) == 3


def test_a_refusal_is_shared_while_nothing_changes_it_and_no_deadline_passes(world: World) -> None:
    start, now = workday(11), datetime.now(UTC)
    rivals._refusals.clear()

    def asked(at: datetime) -> tuple[Any, int]:
        with CaptureQueriesContext(connection) as statements:
            answer = shared_check(get_event_type("site-visit"), start=start, now=at)
        return getattr(answer, "value", "open"), sum("occupied_v1" in each["sql"] for each in statements)

    with world.enter("acme"):
        event_type = get_event_type("site-visit")
        held = hold(
            event_type, start=start, time_zone="Europe/Lisbon", now=now, actor=CLIENT, visitor="visitor"
        )
        assert asked(now) == ("host_busy", 1)
        assert asked(now + timedelta(seconds=0.9)) == ("host_busy", 0)
        assert asked(now + timedelta(seconds=1)) == ("host_busy", 1)
        kept = next(iter(rivals._refusals.values()))
        deadline = held.expires_at
        assert deadline is not None
        assert asked(deadline - timedelta(seconds=0.5))[1] == 1, "a second look, near the hold's end"
        assert max(each.until for each in rivals._refusals.values()) <= deadline, kept
        release(held, now=now, actor=CLIENT)
        assert asked(now) == ("open", 1)
