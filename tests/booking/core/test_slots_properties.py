"""The core against the slow oracle and itself: list, single question and explanation agree."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.hours import by_local_date, date_range, local_date
from booking.core.slots import OpenStart, Withheld, check_start, open_slots
from kernel.reasons import Reason
from tests.booking.core import every_zone, oracle
from tests.booking.core.scenes import Scene, scenes

PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
THOROUGH = settings(PATIENT, max_examples=25)  # these ask about every beat by itself
KINDS = {  # of changes of clocks; where they meet midnight
    (60, ""), (-60, ""),
    (30, ""), (-30, ""),  # Lord Howe
    (120, ""), (-120, ""),  # Troll
    (60, "from"), (-60, "from"),  # Beirut: no 0:00 in spring; Nuuk: 23:00 to 24:00 twice
    (60, "to"), (-60, "to"),  # Scoresbysund in 2025; Havana: 0:00 to 1:00 twice
}  # fmt: skip


def expected(scene: Scene) -> dict[int, tuple[int, ...]]:
    """What the oracle offers: start -> hosts."""
    walked = scene.walked()
    ask = oracle.open_for_all if scene.needed == "all" else oracle.open_for_any
    answers = {second: ask(walked, scene.event, second=second, now=scene.now) for second in scene.beats()}
    return {second: host_ids for second, host_ids in answers.items() if host_ids}


def listed(scene: Scene) -> dict[int, tuple[int, ...]]:
    """What the core offers: start -> hosts."""
    answer = open_slots(scene.request, between=(scene.first, scene.last), now=scene.now)
    assert [item.start for item in answer.open] == sorted({item.start for item in answer.open})
    assert answer.withheld == ()
    return {item.start: item.host_ids for item in answer.open}


@PATIENT
@given(scenes())
def test_the_list_is_what_the_oracle_finds_beat_by_beat(scene: Scene) -> None:
    assert listed(scene) == expected(scene)


@THOROUGH
@given(scenes())
def test_the_single_question_agrees_with_the_list_on_every_start(scene: Scene) -> None:
    answer = open_slots(scene.request, between=(scene.first, scene.last), now=scene.now, explain=True)
    told: dict[int, OpenStart | Withheld] = {item.start: item for item in answer.open}
    told.update((item.start, item) for item in answer.withheld)
    assert len(told) == len(answer.open) + len(answer.withheld)
    for second in scene.beats():
        single = check_start(scene.request, start=second, now=scene.now)
        assert single == told.get(second, single)
        assert isinstance(single, OpenStart) == (second in {item.start for item in answer.open})


@THOROUGH
@given(scenes())
def test_the_reason_for_one_host_is_the_oracles(scene: Scene) -> None:
    host = scene.hosts[0]
    alone = Scene((host,), scene.event, scene.needed, scene.first, scene.last, scene.now)
    walked = oracle.Walked(host, scene.first, scene.last)
    for second in scene.beats():
        single = check_start(alone.request, start=second, now=scene.now)
        if isinstance(single, OpenStart):
            continue
        policy = oracle.policy_reason(second, scene.event, scene.now)
        own = walked.reason(second, scene.event)
        if own is None and policy is None:  # nothing but the grid
            assert not oracle.is_on_grid([walked], second, scene.event)
        assert single == Withheld(
            second, Reason(policy or own or "outside_hours"), None if policy or not own else 1
        )


@PATIENT
@given(scenes(), st.data())
def test_the_answer_for_a_start_does_not_depend_on_the_range_asked_about(
    scene: Scene, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(scene.first, scene.last))
    whole = open_slots(scene.request, between=(scene.first, scene.last), now=scene.now, explain=True)
    left = open_slots(scene.request, between=(scene.first, cut), now=scene.now, explain=True)
    right = open_slots(scene.request, between=(cut, scene.last), now=scene.now, explain=True)
    assert whole.open == left.open + right.open
    assert whole.withheld == left.withheld + right.withheld


def test_a_seeded_sample_of_every_change_of_clocks_is_what_the_oracle_finds_minute_by_minute() -> None:
    assert len(every_zone.changing_zones()) > 200
    found: Counter[str] = Counter()
    sample = every_zone.sample(30, seed=2026)
    assert (len(set(sample)), {every_zone.kind(zone, change) for zone, change, _ in sample}) == (30, KINDS)
    for case in sample:
        wrong, counted = every_zone.compare(*case)
        assert wrong == [], case
        found += counted
    reasons = {"open", "out_of_office", "date_override", "limit_reached", "outside_window", "host_busy"}
    assert reasons <= set(found), "the sample meets every rule"


def test_dates_of_a_visitor_are_those_on_their_wall_in_every_zone_around_every_change() -> None:
    for zone in every_zone.changing_zones():
        for change in every_zone.changes(zone)[:2]:
            begin = change - change % 900 - 86400
            starts = [OpenStart(second, (1,)) for second in range(begin, begin + 2 * 86400, 900)]
            days = by_local_date(starts, zone=zone)
            assert tuple(item for items in days.values() for item in items) == tuple(starts)
            for local, items in days.items():
                first, last = date_range(local, local, zone=zone)
                for item in items:
                    assert local_date(item.start, zone=zone) == local, zone
                    assert first <= item.start < last
