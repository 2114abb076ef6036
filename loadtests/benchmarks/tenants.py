"""Many tenants in one database: what a request costs with 1, 10, 100 and 1,000 of them; one more; migrating them."""

import random
import re
import subprocess
import sys
import time
from statistics import median

from benchmarks import bookings
from benchmarks.figures import Figure, at_most, exactly
from benchmarks.setting import Setting, one_after_another, percentile
from holdfast.installation import read_run_file
from lab.installation import ROOT
from lab.wire import booking, by_clients, get, open_slots, post, slots_path

NAME = "many"
MIGRATED = 60
ROUNDS = 5
VISITS = 40  # of each tenant, before anything is measured: each session that may know it does,
FEWEST_VISITS = 120  # also where there are few tenants


def measure(setting: Setting, floors: dict[str, float]) -> list[Figure]:  # noqa: ARG001  a section's signature
    """Each tenant has one host; requests go to the tenants in turn, on four connections."""
    stages = (1, 10, 40) if setting.quick else (1, 10, 100, 1000)
    found: list[Figure] = []
    base: dict[str, float] = {}
    made = 0
    for stage in stages:
        took = _make(setting, made + 1, stage)
        made = stage
        for words, cost, latency in _cost(setting, stage):
            if stage == 1:
                base[words] = cost
            more = cost / base[words] - 1
            found.append(
                Figure(
                    f"{stage:,} tenants: CPU of {words}; p95",
                    f"{cost:g} ms; {latency:g} ms",
                    "" if stage == 1 else "within 20 % of one tenant",
                    None if stage == 1 else more <= 0.20,
                    "" if stage == 1 else f"{more:+.0%} against one tenant",
                )
            )
        if stage == stages[-1]:
            found.append(Figure(f"making the last {took[0]:,} of them, two at a time", f"{took[1]:.0f} s"))
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
            stdout=subprocess.DEVNULL,
        )
        for begin, end in halves
    ]  # fmt: skip
    if any(map(_failed, processes)):
        raise SystemExit("The tenants could not be made; the reason stands above.")
    return last - first + 1, time.monotonic() - started


def _failed(process: "subprocess.Popen[bytes]") -> bool:
    return process.wait() != 0


def _cost(setting: Setting, stage: int) -> list[tuple[str, float, float]]:
    """CPU and p95 of a month of slots and of a booking, in milliseconds: the median of five rounds.

    Nobody's first visit is in it: each tenant was asked, and booked, forty times before, more where there are
    few. Nor is the upkeep that making and booking leave to the database; worker, relay and clock stand still.
    """
    sites = [f"{NAME}-{number}" for number in range(1, stage + 1)]
    views = 500 if setting.quick else 3000
    order = random.Random(stage)  # the same each time
    visits = max(VISITS, FEWEST_VISITS // stage)
    bookings.drain(setting)
    starts = [str(slot["start"]) for slot in open_slots(setting.port, sites[0], "thirty")]
    each = -(-(100 if setting.quick else 300) // stage)
    ways = [
        (
            "a month of slots", 200,
            [get(site, slots_path("thirty")) for site in sites * visits],
            [get(order.choice(sites), slots_path("thirty")) for _ in range(views)],
        ),
        (
            "a booking", 201,
            [_book(site, start) for start in starts[:visits] for site in sites],
            [_book(site, start) for start in starts[visits : visits + each] for site in sites],
        ),
    ]  # fmt: skip
    result = []
    with setting.without_workers():
        for words, expected, before, requests in ways:
            order.shuffle(before)
            order.shuffle(requests)
            del requests[views:]
            by_clients(setting.port, 4, one_after_another(before))
            setting.wait_for_upkeep()
            setting.meter.learn_idle()
            setting.say(f"{stage:,} tenants: {len(requests)} × {words}")
            costs, answers = [], []
            for number in range(ROUNDS):
                setting.meter.start()
                of_round, _ = by_clients(setting.port, 4, one_after_another(requests[number::ROUNDS]))
                costs.append(setting.meter.stop().ms_each(len(of_round), ("web", "database")))
                answers += of_round
            odd = [answer for answer in answers if answer.status != expected]
            if len(odd) > len(answers) // 50:
                raise SystemExit(f"{words} was answered {odd[0].status}: {odd[0].body[:300]!r}")
            result.append((words, median(costs), percentile((answer.ms for answer in answers), 95)))
    return result


def _book(site: str, start: str) -> bytes:
    return post(site, "/api/v1/bookings", booking("thirty", start))


def _one_more(setting: Setting, made: int) -> list[Figure]:
    """One more business from the form to the end of its run: schema, keys, people, page proven, invitation.

    The clock performs it; the worker, which still has the other businesses' mails to send, stands still.
    """
    bookings.drain(setting)
    running = read_run_file(setting.loaded.data)
    assert running is not None
    with setting.without_workers("worker", "relay"):
        ran = subprocess.run(
            [sys.executable, "-P", ROOT / "loadtests" / "benchmarks" / "onboard_one.py", f"{NAME}-more"],
            env=running.application_environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
    state, seconds = ran.stdout.split()
    return [
        at_most(f"onboarding one more tenant with {made:,} there", round(float(seconds), 2), 3, "s"),
        exactly("how its run ended", state, "done"),
    ]


def _migrating(setting: Setting, made: int) -> list[Figure]:
    """All processes on a part of the tenants, as if they were of yesterday; one of them is broken."""
    part = min(MIGRATED, made)
    with setting.superuser() as connection:
        rows = connection.execute(
            "SELECT schema_name FROM public.tenants_tenant WHERE slug LIKE %s ORDER BY id LIMIT %s",
            [f"{NAME}-%", part],
        ).fetchall()
        schemas = [str(row[0]) for row in rows]
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
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    took = time.monotonic() - started
    good = len(re.findall(r"^  migrated ", ran.stdout, re.MULTILINE))
    return [
        Figure(
            f"migrating {part} of {made:,} tenants in parallel",
            f"{took:.1f} s, {1000 * took / part:.0f} ms each",
        ),
        exactly(
            "with one of them broken: migrated; exit status", f"{good}; {ran.returncode}", f"{part - 1}; 1"
        ),
    ]
