"""The algebra of half-open intervals of whole seconds: join, intersect, subtract, complement, widen.

An `Interval` is `(start, end)`: every second t with start <= t < end, counted from the epoch in UTC. A
list of intervals is *orderly* when it is sorted and disjoint (neighbours may touch). Every function takes
orderly lists and returns one, in a single pass over its input; `merge` is the one that makes a list
orderly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

Interval = tuple[int, int]
Intervals = Sequence[Interval]

DAWN: Final = -(1 << 62)
DUSK: Final = 1 << 62
ALWAYS: Final[Interval] = (DAWN, DUSK)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same seconds as an orderly list in which nothing touches; empty intervals vanish. O(n log n),
    O(n) if sorted."""
    merged: list[Interval] = []
    reach = DAWN
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if start > reach or not merged:
            merged.append((start, end))
            reach = end
        elif end > reach:
            merged[-1] = (merged[-1][0], end)
            reach = end
    return merged


def intersect(left: Intervals, right: Intervals) -> list[Interval]:
    """The seconds that are in both. Pieces that merely touch stay apart. O(n + m), O(log n) steps if one is a single
    interval."""
    if len(right) == 1:
        return clip(left, right[0])
    if len(left) == 1:
        return clip(right, left[0])
    common: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        (a, b), (c, d) = left[i], right[j]
        start, end = a if a > c else c, b if b < d else d  # max and min would cost more than all the rest
        if start < end:
            common.append((start, end))
        if b <= d:
            i += 1
        else:
            j += 1
    return common


def clip(intervals: Intervals, within: Interval) -> list[Interval]:
    """The seconds of `intervals` that lie in one interval. O(log n), and a copy."""
    start, end = within
    if start >= end:
        return []
    first = bisect_right(intervals, start, key=_end)
    last = bisect_left(intervals, end, lo=first, key=_start)
    clipped = list(intervals[first:last])
    if clipped and clipped[0][0] < start:
        clipped[0] = (start, clipped[0][1])
    if clipped and clipped[-1][1] > end:
        clipped[-1] = (clipped[-1][0], end)
    return clipped


_start, _end = itemgetter(0), itemgetter(1)


def intersect_all(lists: Sequence[Intervals]) -> list[Interval]:
    """The seconds that are in every list; none at all if there is no list. O(lists x n)."""
    if not lists:
        return []
    common = list(lists[0])
    for other in lists[1:]:
        common = intersect(common, other)
    return common


def subtract(whole: Intervals, removed: Intervals) -> list[Interval]:
    """The seconds of `whole` that are not in `removed`. O(n + m)."""
    left: list[Interval] = []
    i = 0
    for start, end in whole:
        while i < len(removed) and removed[i][1] <= start:
            i += 1
        while i < len(removed) and removed[i][0] < end:
            gap_start, gap_end = removed[i]
            if start < gap_start:
                left.append((start, gap_start))
            start = gap_end
            if gap_end >= end:
                break  # it may reach into the next interval of `whole` too
            i += 1
        if start < end:
            left.append((start, end))
    return left


def complement(intervals: Intervals) -> list[Interval]:
    """Every second that is not in `intervals`."""
    return subtract([ALWAYS], intervals)


def widen(intervals: Intervals, *, before: int, after: int) -> list[Interval]:
    """Each interval made longer on both sides (shorter, if negative), then merged: they may come in any order."""
    return merge([(start - before, end + after) for start, end in intervals if start < end])


def contains(intervals: Intervals, second: int) -> bool:
    """Is this second in one of the intervals? O(log n)."""
    at = bisect_right(intervals, (second, DUSK)) - 1
    return at >= 0 and second < intervals[at][1]
