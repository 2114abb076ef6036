"""Many tenants in one database: what a request costs with 10, 100 and 1,000 of them; one more; migrating them."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import psycopg

from benchmarks import bookings
from benchmarks.figures import STATE, TABLES, Figure, Floor, at_most, exactly
from benchmarks.setting import Setting, one_after_another, percentile
from lab.installation import ROOT
from lab.wire import Got, booking, by_clients, get, open_slots, post, slots_path

NAME = "many"
MIGRATED = 60
ROUNDS = 5
LONGEST_DRAIN = 900.0  # seconds, for the first health checks of all that were made
NEAREST = 2  # starts that come too near while the visits last: not booked
BOOKING = "a booking"
VISITS = 40  # of each tenant, before anything is measured: each session that may know it does then


class _Cost(NamedTuple):
    """Milliseconds of CPU a request, of all tenants in turn and of one alone; the latency of the former."""

    words: str
    all: float
    one: float
    p95: float


def measure(setting: Setting, floor: Floor) -> list[Figure]:
    """Each tenant has one host; requests come on four connections, to all tenants in turn or to one of them."""
    stages = (10, 40) if setting.quick else (10, 100, 1000)
    found: list[Figure] = []
    made = 0
    for stage in stages:
        took = _make(setting, made + 1, stage)
        made = stage
        for each in _cost(setting, stage):
            more = each.all / each.one - 1
            of_floor = floor.inserts(each.all) if each.words == BOOKING else floor.pages(each.all)
            found.append(
                Figure(
                    f"{stage:,} tenants: CPU of {each.words}; p95; of one of them alone",
                    f"{each.all:.2f} ms; {each.p95:g} ms; {each.one:.2f} ms",
                    f"{of_floor}; {more:+.0%} against one tenant",
                    "within 20 % of one tenant",
                    more <= 0.20,
                )
            )
        if stage == stages[-1]:
            making = f"making the last {took[0]:,} of them, two at a time"
            found.append(Figure(making, f"{took[1]:.0f} s", TABLES))
    return [*found, *_one_more(setting, made), *_migrating(setting, made)]


def _make(setting: Setting, first: int, last: int) -> tuple[int, float]:
    """Make sandboxes first..last, two processes; how many, and the seconds."""
    there = setting.loaded.tenants()
    while first <= last and f"{NAME}-{first}" in there:
        first += 1
    if last < first:
        return 0, 0.0
    setting.say(f"making tenants {first:,} to {last:,}")
    started = time.monotonic()
    middle = (first + last) // 2
    halves = [(first, middle), (middle + 1, last)] if last > first else [(first, last)]
    processes = [
        subprocess.Popen(
            [ROOT / "bin" / "holdfast", "sandbox", "--data", setting.loaded.data, "--tenant", NAME, "--hosts", "1",
             "--bookings", "0", "--copies", str(end - begin + 1), "--first", str(begin)],
            env=setting.loaded.environment(), stdout=subprocess.DEVNULL,
        )
        for begin, end in halves
    ]  # fmt: skip
    if any(map(_failed, processes)):
        raise SystemExit("The tenants could not be made; the reason stands above.")
    return last - first + 1, time.monotonic() - started


def _failed(process: "subprocess.Popen[bytes]") -> bool:
    return process.wait() != 0


def _cost(setting: Setting, stage: int) -> list[_Cost]:
    """CPU of a month of slots and of a booking, asked of all tenants in turn and of one of them alone.

    Both in rounds that take turns, for the machine's speed drifts by a fifth within minutes; the medians count.
    Nobody's first visits are in it: each tenant was asked, and booked, before. Nor is the upkeep that making and
    booking leave to the database; worker, relay and clock stand still.
    """
    sites = [f"{NAME}-{number}" for number in range(1, stage + 1)]
    order = random.Random(stage)  # the same each time
    bookings.drain(setting, LONGEST_DRAIN)
    rounds, views, booked, alone = (3, 100, 20, 20) if setting.quick else (ROUNDS, 600, 60, 60)
    each = -(-rounds * booked // stage)
    starts = [str(slot["start"]) for slot in open_slots(setting.port, sites[0], "thirty")][NEAREST:]
    of_one = [str(slot["start"]) for slot in open_slots(setting.port, sites[-1], "thirty")][
        ::-1
    ]  # the last ones
    month = slots_path("thirty")
    ways = [
        (
            "a month of slots", 200,
            [get(site, month) for site in [*sites, sites[-1]] * VISITS],
            [get(order.choice(sites), month) for _ in range(rounds * views)],
            [get(sites[-1], month) for _ in range(rounds * views)],
        ),
        (
            BOOKING, 201,
            [_book(site, start) for start in starts[:VISITS] for site in sites]
            + [_book(sites[-1], start) for start in of_one[:VISITS]],
            [_book(site, start) for start in starts[VISITS : VISITS + each] for site in sites],
            [_book(sites[-1], start) for start in of_one[VISITS : VISITS + rounds * alone]],
        ),
    ]  # fmt: skip
    result = []
    with setting.without_workers():
        for words, expected, before, of_all, of_sole in ways:
            order.shuffle(before)
            order.shuffle(of_all)
            del of_all[rounds * views :]
            visits, _ = by_clients(setting.port, 4, one_after_another(before))
            check_expected(visits, expected, f"before it was measured, {words}")
            setting.wait_for_upkeep()
            setting.meter.learn_idle()
            setting.say(f"{stage:,} tenants: {len(of_all)} × {words}, and {len(of_sole)} of one alone")
            costs: dict[str, list[float]] = {"all": [], "one": []}
            answers: dict[str, list[Got]] = {"all": [], "one": []}
            for number in range(rounds):
                for whose, requests in (("one", of_sole), ("all", of_all)):
                    setting.meter.start()
                    got, _ = by_clients(setting.port, 4, one_after_another(requests[number::rounds]))
                    costs[whose].append(setting.meter.stop().ms_each(len(got), ("web", "database")))
                    answers[whose] += got
            check_expected([*answers["all"], *answers["one"]], expected, words)
            p95 = percentile((got.ms for got in answers["all"]), 95)
            found = _Cost(words, median(costs["all"]), median(costs["one"]), p95)
            setting.say(f"{found.all:.2f} ms in turn, {found.one:.2f} ms of one alone")
            result.append(found)
    return result


def check_expected(answers: Sequence[Got], expected: int, words: str) -> None:
    """End the bench if more than one answer of fifty has another status: refusing costs less than doing."""
    odd = [got for got in answers if got.status != expected]
    if len(odd) > len(answers) // 50:
        raise SystemExit(
            f"{words} was answered {odd[0].status}, {len(odd)} times of {len(answers)}: {odd[0].body[:300]!r}"
        )


def _book(site: str, start: str) -> bytes:
    return post(site, "/api/v1/bookings", booking("thirty", start))


def _one_more(setting: Setting, made: int) -> list[Figure]:
    """One more business from the form to the end of its run: schema, keys, people, page proven, invitation.

    The clock performs it; the worker, which still has the other businesses' mails to send, stands still.
    """
    bookings.drain(setting)
    with setting.without_workers("worker", "relay"):
        ran = subprocess.run(
            [sys.executable, "-P", ROOT / "loadtests" / "benchmarks" / "onboard_one.py", f"{NAME}-more"],
            env=setting.loaded.application_environment(), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    said = json.loads(ran.stdout)
    longest = sorted(said["of_it"].items(), key=lambda each: -each[1])[:4]
    return [
        at_most(f"onboarding one more tenant with {made:,} there", round(said["seconds"], 2), 3, "s", TABLES),
        Figure(
            "the longest of its steps, in s",
            "; ".join(f"{action} {lasted:g}" for action, lasted in longest),
            "its parts",
        ),
        exactly("how its run ended", said["state"], "done", STATE),
    ]


def sandboxes(connection: "psycopg.Connection[tuple[object, ...]]", most: int) -> list[str]:
    """The schemas of the first of them: what is broken here is never a business, whatever it is called."""
    rows = connection.execute(
        "SELECT schema_name FROM public.tenants_tenant WHERE sandbox AND slug LIKE %s ORDER BY id LIMIT %s",
        [f"{NAME}-%", most],
    ).fetchall()
    return [str(row[0]) for row in rows]


def _migrating(setting: Setting, made: int) -> list[Figure]:
    """All processes on a part of the tenants, as if they were of yesterday; one of them is broken."""
    part = min(MIGRATED, made)
    with setting.superuser() as connection:
        schemas = sandboxes(connection, part)
        for schema in schemas:
            connection.execute(f"DELETE FROM \"{schema}\".django_migrations WHERE app = 'sessions'")  # type: ignore[arg-type]
        for schema in schemas[1:]:
            connection.execute(f'DROP TABLE "{schema}".django_session')  # type: ignore[arg-type]
        connection.execute(
            "UPDATE public.tenants_schemamigration SET fingerprint = 'yesterday' WHERE schema_name = ANY(%s)",
            [schemas],
        )
    setting.say(f"migrating {part} of {made:,} tenants, one of them broken")
    started = time.monotonic()
    ran = subprocess.run(
        [ROOT / "bin" / "holdfast", "migrate", "--data", setting.loaded.data],
        env=setting.loaded.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    took = time.monotonic() - started
    good = len(re.findall(r"^  migrated ", ran.stdout, re.MULTILINE))
    return [
        Figure(
            f"migrating {part} of {made:,} tenants in parallel",
            f"{took:.1f} s, {1000 * took / part:.0f} ms each",
            TABLES,
        ),
        exactly(
            "with one of them broken: migrated; exit status", f"{good}; {ran.returncode}", f"{part - 1}; 1"
        ),
    ]
