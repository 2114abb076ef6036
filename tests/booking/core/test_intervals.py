"""The algebra against sets of seconds."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core.intervals import (
    DAWN,
    DUSK,
    Interval,
    clip,
    complement,
    contains,
    intersect,
    intersect_all,
    merge,
    subtract,
    widen,
)

PATIENT = settings(deadline=None)  # a busy machine is no fault of the algebra
loose = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)
orderly = loose.map(merge)


def seconds(intervals: list[Interval]) -> set[int]:
    return {second for start, end in intervals for second in range(start, end)}


def is_orderly(intervals: list[Interval]) -> bool:
    return all(start < end for start, end in intervals) and all(
        left[1] <= right[0] for left, right in pairwise(intervals)
    )


@PATIENT
@given(
    orderly.map(lambda intervals: touching(intervals)), st.tuples(st.integers(-5, 45), st.integers(-5, 45))
)
def test_clip_is_intersect_with_one_interval(intervals: list[Interval], within: Interval) -> None:
    clipped = clip(intervals, within)
    assert seconds(clipped) == seconds(intervals) & set(range(*within))
    assert is_orderly(clipped)
    assert intersect([within], intervals) == clipped if within[0] < within[1] else clipped == []


@PATIENT
@given(loose, st.integers(0, 5), st.integers(0, 5))
def test_widen_takes_its_intervals_in_any_order(intervals: list[Interval], before: int, after: int) -> None:
    assert widen(intervals, before=before, after=after) == widen(merge(intervals), before=before, after=after)


@PATIENT
@given(loose)
def test_merge_keeps_the_seconds_and_nothing_touches(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert seconds(merged) == seconds(intervals)
    assert is_orderly(merged)
    assert all(left[1] < right[0] for left, right in pairwise(merged))


def touching(intervals: list[Interval]) -> list[Interval]:
    """The same seconds with every interval cut in two: orderly lists may touch."""
    return [
        piece
        for start, end in intervals
        for piece in ((start, (start + end) // 2), ((start + end) // 2, end))
        if piece[0] < piece[1]
    ]


@PATIENT
@given(orderly.map(touching), orderly.map(touching))
def test_intersect_subtract_and_complement_are_those_of_sets(
    left: list[Interval], right: list[Interval]
) -> None:
    everything = set(range(-5, 60))
    assert seconds(intersect(left, right)) == seconds(left) & seconds(right)
    assert seconds(subtract(left, right)) == seconds(left) - seconds(right)
    assert seconds(intersect(complement(left), [(-5, 60)])) == everything - seconds(left)
    assert all(map(is_orderly, (intersect(left, right), subtract(left, right), complement(left))))
    assert {second for second in everything if contains(left, second)} == seconds(left)


@PATIENT
@given(st.lists(orderly, min_size=1, max_size=4))
def test_intersect_all_is_what_every_list_has(lists: list[list[Interval]]) -> None:
    assert seconds(intersect_all(lists)) == set.intersection(*map(seconds, lists))


def test_intersect_all_of_no_list_is_nothing_rather_than_everything() -> None:
    assert intersect_all([]) == []


@PATIENT
@given(orderly, st.integers(0, 5), st.integers(0, 5))
def test_widen_reaches_before_and_after(intervals: list[Interval], before: int, after: int) -> None:
    reached = {s + d for s in seconds(intervals) for d in range(-before, after + 1)}
    assert seconds(widen(intervals, before=before, after=after)) == reached


def test_widen_by_less_than_nothing_shrinks_and_drops() -> None:
    assert widen([(0, 10), (20, 23)], before=0, after=-4) == [(0, 6)]


def test_the_complement_of_nothing_is_always_and_back() -> None:
    assert complement([]) == [(DAWN, DUSK)]
    assert complement([(DAWN, DUSK)]) == []
