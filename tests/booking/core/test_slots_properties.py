"""The core against the slow oracle and itself: list, single question and explanation agree."""

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core.hours import by_local_date, date_range, local_date
from booking.core.slots import OpenStart, Withheld, check_start, open_slots
from kernel.reasons import Reason
from tests.booking.core import oracle
from tests.booking.core.scenes import Scene, scenes

PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
THOROUGH = settings(PATIENT, max_examples=25)  # these ask about every beat by itself


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


@cache
def changes_2024_to_2030() -> dict[str, list[date]]:
    """Every zone and the UTC dates between 2024 and 2030 on which its offset changes."""
    noons = [datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(7 * 365 + 2)]
    found: dict[str, list[date]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offsets = [noon.astimezone(zone).utcoffset() for noon in noons]
        dates = [noons[n].date() for n in range(1, len(noons)) if offsets[n] != offsets[n - 1]]
        if dates:
            found[name] = dates
    return found


def test_forty_of_the_zones_that_change_until_2030_on_a_seeded_day_of_change() -> None:
    found = changes_2024_to_2030()
    assert len(found) > 100
    seeded = random.Random(20242030)
    for zone in seeded.sample(sorted(found), 40):
        day = seeded.choice(found[zone])
        begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 86400
        weekly = {
            weekday: ((seeded.randrange(0, 240, 5), seeded.randrange(600, 1500, 5)),) for weekday in range(7)
        }
        host = oracle.Host(1, zone, weekly, {}, own=((begin + 7200, begin + 9000),))
        event = oracle.Event(seeded.choice([15, 30, 50]), seeded.choice([15, 30, 60]), 0, 10, 0, 60, zone)
        scene = Scene((host,), event, "any", begin, begin + 2 * 86400, begin)
        assert listed(scene) == expected(scene), zone


def test_dates_of_a_visitor_are_those_on_their_wall_in_every_zone_around_every_change() -> None:
    for zone, dates in changes_2024_to_2030().items():
        for day in dates[:2]:
            begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 86400
            starts = [OpenStart(second, (1,)) for second in range(begin, begin + 2 * 86400, 900)]
            days = by_local_date(starts, zone=zone)
            assert tuple(item for items in days.values() for item in items) == tuple(starts)
            for local, items in days.items():
                first, last = date_range(local, local, zone=zone)
                for item in items:
                    assert local_date(item.start, zone=zone) == local, zone
                    assert first <= item.start < last
