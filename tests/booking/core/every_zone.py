"""Every change of clocks from 2024 to 2030 in every zone of the IANA database, minute by minute.

`python -m tests.booking.core.every_zone [--every N] [--variants N]` compares the core with the oracle on the two
days around each change, for every minute: which starts are open, and why the others are not. Exit status 1 when one
differs. A seeded sample of it, with every kind of change in it, runs in bin/test.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from booking.core.slots import OpenStart, check_start, open_slots
from tests.booking.core import oracle
from tests.booking.core.scenes import Scene

FIRST = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp())
MINUTE, DAY = 60, 86400
SEED = 20242030


@cache
def changes(zone: str) -> tuple[int, ...]:
    """Return each second from 2024 to 2030 at which the zone's offset becomes another one."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(zone: ZoneInfo) -> Iterator[int]:
    before = _offset(FIRST, zone)
    for begin in range(FIRST, LAST, DAY):
        after = _offset(begin + DAY, zone)
        if after != before:
            low, high = begin, begin + DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
            yield high
        before = after


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()


@cache
def changing_zones() -> tuple[str, ...]:
    """Return every zone of the database whose clocks change from 2024 to 2030, by name."""
    return tuple(name for name in sorted(available_timezones()) if changes(name))


def kind(zone: str, change: int) -> tuple[int, str]:
    """Return by how many minutes the wall clock jumps (forward is positive), and where that meets midnight: "from" it,
    "to" it, or "" elsewhere. From it forward, a date begins at 1:00; from it back, a date has its last hour twice."""
    before, after = _offsets(change, zone)
    where = [name for name, offset in (("from", before), ("to", after)) if (change + offset) % DAY == 0]
    return (after - before) // MINUTE, "".join(where)


def _offsets(change: int, zone: str) -> tuple[int, int]:
    """Return the seconds by which the wall clock is ahead of UTC before a change, and from it on."""
    before, after = (_offset(second, ZoneInfo(zone)) for second in (change - 1, change))
    assert before is not None
    assert after is not None
    return int(before.total_seconds()), int(after.total_seconds())


def scene_at(change: int, zone: str, seeded: random.Random) -> Scene:
    """Return a host with hours, exceptions and bookings around a change of clocks, all by whole minutes."""
    day = datetime.fromtimestamp(change, ZoneInfo(zone)).date()
    weekly = {weekday: _spans(seeded) for weekday in range(7)}
    if seeded.random() < 0.5:
        weekly |= _at_the_change(change, zone, seeded)
    near = [day + timedelta(days=away) for away in (-1, 0, 1)]
    overrides = {seeded.choice(near): _spans(seeded)} if seeded.random() < 0.4 else {}
    part = seeded.choice([None, (seeded.randrange(0, 1440), 0)])
    first = seeded.choice(near)
    away = (first, first, part and (part[0], part[0] + seeded.randrange(1, 300)))
    own = change + seeded.randrange(-DAY, DAY, MINUTE)
    calendar = change + seeded.randrange(-DAY, DAY, MINUTE)
    host = oracle.Host(
        1, zone, weekly, overrides, own=((own, own + 45 * MINUTE),), calendar=((calendar, calendar + 61 * MINUTE),),
        away=(away,) if seeded.random() < 0.5 else (), limits=_limits(seeded), meetings=_meetings(change, seeded),
    )  # fmt: skip
    interval = seeded.choice([1, 7, 15, 20, 30, 45, 60])
    event = oracle.Event(
        duration=seeded.choice([1, 7, 15, 30, 50]), interval=interval, offset=seeded.randrange(interval),
        before=seeded.choice([0, 0, 5]), after=seeded.choice([0, 0, 12]), notice=seeded.choice([0, 0, 61]),
        window_days=seeded.choice([9, 9, 1]), zone=zone, limits=_limits(seeded),
        meetings=_meetings(change, seeded), window_dates=seeded.choice([None, None, (near[0], near[1])]),
    )  # fmt: skip
    begin = change - DAY - change % MINUTE
    now = begin + seeded.choice([-DAY, -DAY, DAY])
    return Scene((host,), event, "any", begin, begin + 2 * DAY, now)


def _spans(seeded: random.Random) -> oracle.Spans:
    """Hours by day, in two stretches, through the night, or all around the clock."""
    start = seeded.randrange(0, 600)
    return seeded.choice(
        [
            ((start, start + 500),),
            ((start, start + 180), (start + 240, start + 600)),
            ((1200, 1200 + seeded.randrange(200, 700)),),
            ((0, 1440),),
            ((seeded.randrange(0, 180), 240), (1380, 1500)),
        ]
    )


def _at_the_change(change: int, zone: str, seeded: random.Random) -> dict[int, oracle.Spans]:
    """Hours of the weekday of a change that open or close in a minute that the wall clock skips or shows twice."""
    shown = [datetime.fromtimestamp(change + offset, UTC) for offset in _offsets(change, zone)]
    minutes = abs(shown[0] - shown[1]) // timedelta(minutes=1)
    within = min(shown).hour * 60 + min(shown).minute + seeded.randrange(minutes)
    spans: oracle.Spans = seeded.choice([((within, within + 300),), ((max(0, within - 200), within + 1),)])
    return {min(shown).weekday(): spans}


def _limits(seeded: random.Random) -> oracle.Limits:
    limit = (
        seeded.choice(["day", "week", "month", "year"]),
        *seeded.choice([("meetings", 2), ("minutes", 90)]),
    )
    return (limit,) if seeded.random() < 0.3 else ()


def _meetings(change: int, seeded: random.Random) -> oracle.Meetings:
    return tuple((change + seeded.randrange(-3 * DAY, 3 * DAY, MINUTE), 30) for _ in range(2))


def differences(scene: Scene, seeded: random.Random) -> tuple[list[str], Counter[str]]:
    """Compare the core with the oracle on each minute; return where they differ, and what was found how often."""
    walked = [oracle.Walked(host, scene.first, scene.last, beat=MINUTE) for host in scene.hosts]
    answer = open_slots(scene.request, between=(scene.first, scene.last), now=scene.now, explain=True)
    listed = {item.start: item.host_ids for item in answer.open}
    found: Counter[str] = Counter({"open": len(listed)})
    wrong = []
    for second in range(scene.first, scene.last, MINUTE):
        expected = oracle.open_for_any(walked, scene.event, second=second, now=scene.now)
        if listed.pop(second, ()) != expected:
            wrong.append(f"{second}: the oracle says {expected}")
    wrong += [f"{second}: no minute" for second in listed]
    for item in answer.withheld:
        why = oracle.policy_reason(item.start, scene.event, scene.now) or walked[0].reason(
            item.start, scene.event
        )
        found[str(item.reason)] += 1
        if str(item.reason) != why:
            wrong.append(f"{item.start}: {item.reason}, the oracle says {why}")
    told = {item.start: isinstance(item, OpenStart) for item in (*answer.open, *answer.withheld)}
    for second in seeded.sample(range(scene.first, scene.last, MINUTE), 20):
        single = check_start(scene.request, start=second, now=scene.now)
        if isinstance(single, OpenStart) != told.get(second, False):
            wrong.append(f"{second}: asked alone it is {single}")
    found["minutes"] = (scene.last - scene.first) // MINUTE
    return wrong, found


def cases(variants: int) -> Iterator[tuple[str, int, int]]:
    """Yield (zone, change, variant) of everything there is to compare."""
    for zone in changing_zones():
        for change in changes(zone):
            for variant in range(variants):
                yield zone, change, variant


def sample(count: int, *, seed: int) -> list[tuple[str, int, int]]:
    """Return so many cases, the same for the same seed: first one of each kind of change, then any."""
    everything = list(cases(1))
    random.Random(seed).shuffle(everything)
    of_each = {kind(zone, change): (zone, change, variant) for zone, change, variant in reversed(everything)}
    first = list(of_each.values())
    return (first + [case for case in everything if case not in first])[:count]


def compare(zone: str, change: int, variant: int) -> tuple[list[str], Counter[str]]:
    """Compare one case; the same one is the same in every run."""
    seeded = random.Random(f"{SEED} {zone} {change} {variant}")
    return differences(scene_at(change, zone, seeded), seeded)


def main() -> int:
    """Run all or every Nth of it, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each Nth case")
    parser.add_argument("--variants", type=int, default=1, help="hosts and rules per change of clocks")
    asked = parser.parse_args()
    total: Counter[str] = Counter()
    failed, done, began = 0, 0, time.process_time()
    for case in list(cases(asked.variants))[:: asked.every]:
        wrong, found = compare(*case)
        total += found
        done += 1
        failed += bool(wrong)
        for line in wrong[:3]:
            print(f"DIFFERS {case[0]}, change {case[1]}, variant {case[2]}: {line}", flush=True)
        if done % 250 == 0:
            print(f"{done} cases, {failed} differ", flush=True)
    seconds = time.process_time() - began
    print(
        f"{len(changing_zones())} zones, {done} cases, {failed} differ; {seconds:.0f} s of CPU; {dict(total)}"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
