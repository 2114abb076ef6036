"""Whose turn it is: tiers, shares, and the longest wait; a pure order over counts."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from booking.core.round_robin import HostLoad, choice_order


def load(
    host_id: int, *, priority: int = 0, weight: int = 1, booked: int = 0, last: int | None = None
) -> HostLoad:
    return HostLoad(host_id, priority, weight, booked, last)


LOADS = st.lists(
    st.builds(
        load, st.integers(1, 99), priority=st.integers(0, 3), weight=st.integers(1, 9), booked=st.integers(0, 50),
        last=st.none() | st.integers(0, 10**9),
    ),
    max_size=8, unique_by=lambda each: each.host_id,
)  # fmt: skip


def test_the_lowest_priority_goes_first_whatever_it_has() -> None:
    assert choice_order([load(1, priority=1), load(2, priority=0, booked=9)]) == (2, 1)


def test_a_weight_of_two_takes_twice_as_many() -> None:
    assert choice_order([load(1, booked=1), load(2, weight=2, booked=1)]) == (2, 1)
    assert choice_order([load(1, booked=1), load(2, weight=2, booked=3)]) == (1, 2)


def test_equals_go_by_the_longest_wait_and_never_is_longest() -> None:
    assert choice_order([load(1, last=20), load(2, last=10), load(3)]) == (3, 2, 1)
    assert choice_order([load(7), load(5), load(6)]) == (7, 5, 6)


@given(LOADS)
def test_everybody_is_in_the_order_once_and_tiers_never_mix(loads: list[HostLoad]) -> None:
    order = choice_order(loads)
    assert sorted(order) == sorted(each.host_id for each in loads)
    of = {each.host_id: each for each in loads}
    assert [of[pk].priority for pk in order] == sorted(each.priority for each in loads)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_over_a_whole_round_each_gets_exactly_its_share(weights: list[int]) -> None:
    loads = {n: load(n, weight=weight) for n, weight in enumerate(weights)}
    got: Counter[int] = Counter()
    for turn in range(3 * sum(weights)):
        (first, *_) = choice_order(loads.values())
        got[first] += 1
        loads[first] = replace(loads[first], booked=loads[first].booked + 1, last_booked=turn)
    assert got == {n: 3 * weight for n, weight in enumerate(weights)}
