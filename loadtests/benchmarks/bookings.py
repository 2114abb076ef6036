"""Bookings on distinct slots: their rate and CPU, with worker, mail and ledger counted in, and how a burst drains."""

import time
from collections import Counter
from collections.abc import Iterator

from benchmarks.figures import WORK, Figure, Floor, at_least, at_most, exactly
from benchmarks.setting import Setting, one_after_another, percentile
from lab import aftermath
from lab.cpu import SERVING, WORKING, Cpu
from lab.truth import ask, due_jobs
from lab.wire import Got, booking, by_clients, open_slots, post

CLIENTS = 8
TENANT = "burst"
LONGEST_DRAIN = 120.0


def measure(setting: Setting, floor: Floor) -> list[Figure]:
    """First web and database alone, then a burst with everything at work, then the draining."""
    setting.loaded.sandbox(TENANT, hosts=60, bookings=0)
    wanted = _requests(setting)
    alone = 300 if setting.quick else 1500
    # each session has booked many times before: what it learns of a business is nobody's booking
    by_clients(setting.port, CLIENTS, one_after_another(wanted, most=400))
    drain(setting)
    with setting.without_workers():
        setting.say(f"{alone} bookings, {CLIENTS} clients, worker, relay and clock standing still")
        setting.meter.start()
        answers, seconds = by_clients(setting.port, CLIENTS, one_after_another(wanted, most=alone))
        serving = setting.meter.stop()
    booked = _booked(answers)
    rate, each = round(booked / seconds), serving.ms_each(booked, SERVING)
    web, database = _of(serving, booked, "web"), _of(serving, booked, "database")
    waits = [percentile((answer.ms for answer in answers), part) for part in (50, 95, 99)]
    found = [
        exactly("bookings on distinct slots, in person: answers other than 201", len(answers) - booked, 0),
        at_most("CPU of a booking: web and database", each, 4, "ms", floor.inserts(each)),
        Figure(
            "of it: web; database", f"{web} ms; {database} ms", f"{floor.pages(web)}; {floor.inserts(database)}"
        ),
        at_least(f"bookings a second, {CLIENTS} clients", rate, 400, "/s", floor.of_inserts(rate)),
        Figure(
            "latency of a booking p50; p95; p99", "; ".join(f"{each:g} ms" for each in waits),
            floor.insert_waits(*waits),
        ),
    ]  # fmt: skip
    drain(setting)
    return [*found, *_burst(setting, wanted, floor)]


def _burst(setting: Setting, wanted: Iterator[bytes], floor: Floor) -> list[Figure]:
    """Full speed for 30 s with everything at work; the CPU of both, burst and draining, is the booking's."""
    lasting = 8.0 if setting.quick else 30.0
    setting.say(f"a burst of {lasting:g} s at full speed, everything at work")
    until = time.monotonic() + lasting
    take = one_after_another(wanted)
    before = aftermath.mark(setting.loaded.database_url, [TENANT])
    setting.meter.start()
    answers, seconds = by_clients(setting.port, CLIENTS, lambda: take() if time.monotonic() < until else None)
    drained, left = drain_wholly(setting, before)
    cpu = setting.meter.stop()
    booked = _booked(answers)
    truth = ask(setting.loaded.database_url, only={TENANT})
    shares = "; ".join(f"{name} {_of(cpu, booked, name)}" for name in SERVING + WORKING)
    each = cpu.ms_each(booked, SERVING + WORKING)
    return [
        at_most("CPU of a booking with worker, mail and ledger", each, 12, "ms", floor.inserts(each)),
        Figure("of it, in ms", shares, "its parts"),
        Figure(
            f"bookings a second in a burst of {lasting:g} s, everything at work", f"{booked / seconds:.0f}/s",
            floor.of_inserts(booked / seconds),
        ),
        drained_after(drained, left, limit=lasting * 2),
        exactly("broken promises in the database", len(truth.faults), 0),
    ]  # fmt: skip


def _requests(setting: Setting) -> Iterator[bytes]:
    """Bookings that no other one wants: each host's open half hours in turn."""
    hosts = ["solo", *(f"host-{number:03}" for number in range(1, 60))]
    starts = [str(slot["start"]) for slot in open_slots(setting.port, TENANT, "team", host=hosts[0])]
    return iter(
        [post(TENANT, "/api/v1/bookings", booking("team", start, host)) for start in starts for host in hosts]
    )


def _booked(answers: list[Got]) -> int:
    counted = Counter(answer.status for answer in answers)
    if counted.keys() - {201}:
        odd = next(answer for answer in answers if answer.status != 201)
        print(f"   answers: {dict(counted)}, one of them: {odd.body[:300]!r}", flush=True)
    return counted[201]


def drain(setting: Setting, longest: float = LONGEST_DRAIN) -> float:
    """Wait until no job is due, so many seconds at the longest; return the seconds."""
    started = said = time.monotonic()
    url = setting.loaded.database_url
    while (left := due_jobs(url)) and time.monotonic() - started < longest:
        if time.monotonic() - said > 5:
            said = time.monotonic()
            setting.say(f"{left} jobs are due after {said - started:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - started


def drain_wholly(setting: Setting, before: aftermath.Mark) -> tuple[float, int]:
    """Wait until no job is due and nothing that came of the burst is undone; the seconds, and how much was left at the
    bound, what failed for good among it."""
    started = time.monotonic()
    url = setting.loaded.database_url
    drain(setting)
    after = aftermath.mark_again(url, before)
    while True:
        left = aftermath.undone(url, before, after)
        seconds = time.monotonic() - started
        if not left or seconds >= LONGEST_DRAIN:
            break
        drain(setting, LONGEST_DRAIN - seconds)
        time.sleep(0.2)
    left += aftermath.failed(url, before, after)
    for words, count in left.most_common(aftermath.MOST_SHOWN):
        setting.say(f"left: {words} ({count} times)")
    return seconds, left.total()


def drained_after(seconds: float, left: int, *, limit: float) -> Figure:
    """The figure of the draining: open, with how much is left, unless all of it was done."""
    name, aim = "the burst's jobs are done after", f"≤ {limit:g} s"
    if left:
        left_words = f"not after {seconds:.0f} s: {left} jobs, runs or steps are left"
        return Figure(name, left_words, WORK, aim, met=False)
    return at_most(name, round(seconds, 1), limit, "s", WORK, aim=aim)


def _of(cpu: Cpu, booked: int, name: str) -> float:
    return round(cpu.ms_each(booked, (name,)), 2)
