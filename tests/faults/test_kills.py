"""A seeded sample of the kill matrix (the whole of it: `python -m tests.faults.kill_matrix`)."""

import random
from collections.abc import Iterator

import pytest

from tests.faults.kill_matrix import VICTIMS, Case, cases, perform, starts, tell_programs
from tests.running import Running, eventually, running

pytestmark = pytest.mark.slow
SEED = 20261122


def _sample() -> list[Case]:
    """One case of each saga that kills the worker between call and commit, and one of each other victim."""
    chance = random.Random(SEED)
    chosen = []
    for saga in ("new_booking", "cancellation", "move", "fallback", "reminder"):
        fitting = [case for case in cases(("worker",)) if case.saga == saga and case.point == "between"]
        chosen.append(chance.choice(fitting))
    for victim in VICTIMS[1:]:
        chosen.append(chance.choice(cases((victim,))))
    return chosen


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running() as started:
        tell_programs(started)
        yield started


@pytest.fixture(scope="module")
def free() -> Iterator[str]:
    return starts()


@pytest.mark.parametrize("case", _sample(), ids=lambda case: " ".join(str(case).split()))
def test_what_was_killed_ends_once(demo: Running, free: Iterator[str], case: Case) -> None:
    perform(demo, case, free)


@pytest.mark.parametrize("point", ["web:book:before", "web:book:between", "web:book:after"])
def test_a_client_whose_web_process_died_repeats_its_key_and_has_one_booking(
    demo: Running, free: Iterator[str], point: str
) -> None:
    start = next(free)
    demo.arm(point)

    def answered() -> dict[str, str] | None:
        response = demo.book("acme", "intro-call", start, key=f"web-{point}")
        return response.json() if response.status_code == 201 else None

    answer = eventually(answered)
    assert demo.disarm(), "the point was never reached"
    rows = demo.rows(
        "acme",
        "SELECT b.uid FROM booking_booking b JOIN booking_meeting m ON m.id = b.meeting_id WHERE m.starts_at = %s",
        start,
    )
    assert [row["uid"] for row in rows] == [answer["uid"]]
