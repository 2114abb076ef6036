"""A month of slots: CPU for a view, cold and from a warm version cache, and the statements that read data."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import bookings
from benchmarks.figures import COUNT, Figure, Floor, at_most, exactly
from benchmarks.setting import Setting, check_statuses, one_after_another, percentile
from lab.installation import ROOT
from lab.wire import Line, by_clients, get, slots_path

# What every version must see: meeting types and hours that really are others, so that nothing kept is right any more.
FORGET = """
    UPDATE booking_eventtype SET description = md5(random()::text) WHERE slug IN ('thirty', 'team');
    UPDATE booking_weeklyhours SET end_minute = CASE end_minute WHEN 1020 THEN 1021 ELSE 1020 END
    WHERE schedule_id = (SELECT min(id) FROM booking_schedule);
"""
ROUNDS = 5  # of cold views; the median counts, for a round differs from the next by as much as a millisecond
LONGEST_DRAIN = 300.0  # seconds, for the mails of 2,000 bookings
READS = re.compile(r"(?:statement|execute [^:]*): (.*)", re.DOTALL)


def measure(setting: Setting, floor: Floor) -> list[Figure]:
    """One host with 200 bookings, a round robin over 20 hosts, and one over 200 with ten bookings each."""
    found: list[Figure] = []
    views = 100 if setting.quick else 400
    statements: dict[str, int] = {}
    for words, tenant, event_type, hosts, limit in (
        ("one host, 200 bookings", "bench", "thirty", 1, 4.0),
        ("round robin of 20 hosts", "bench", "team", 20, 10.0),
    ):
        cold = median(_views(setting, tenant, event_type, views // 4, cold=True)[0] for _ in range(ROUNDS))
        warm, latency = _views(setting, tenant, event_type, views, cold=False)
        statements[event_type] = reading = _statements(setting, tenant, event_type)
        found += [
            at_most(f"month, {words}: CPU of a cold view", cold, limit, "ms", floor.pages(cold)),
            at_most(f"month, {words}: CPU of a warm view", warm, 1.5, "ms", floor.pages(warm))
            if hosts == 1
            else Figure(f"month, {words}: CPU of a warm view", f"{warm:g} ms", floor.pages(warm)),
            Figure(
                f"month, {words}: p50 of a warm view, one client",
                f"{latency:g} ms",
                floor.page_waits(latency),
            ),
            at_most(f"month, {words}: statements that read data, cold", reading, 3, "", COUNT, aim="≤ 3"),
        ]
    found.append(
        exactly(
            "the same number of statements for 1 and for 20 hosts", len(set(statements.values())) == 1, True
        )
    )
    _make_big(setting)
    cold, _ = _views(setting, "big", "team", 5 if setting.quick else 15, cold=True)
    warm, latency = _views(setting, "big", "team", 10 if setting.quick else 40, cold=False)
    found += [
        at_most("200 hosts × 31 days: CPU of a cold view", cold, 150, "ms", floor.pages(cold)),
        Figure(
            "200 hosts × 31 days: CPU of a warm view; its p50",
            f"{warm:g} ms; {latency:g} ms",
            f"{floor.pages(warm)}; {floor.page_waits(latency)}",
        ),
    ]
    return found


def _make_big(setting: Setting) -> None:
    """200 hosts, of whom no two have the same month: each has bookings of their own, and one of three schedules."""
    setting.loaded.sandbox("big", hosts=200, bookings=0)
    setting.say("200 hosts: ten bookings each, three schedules")
    subprocess.run(
        [sys.executable, "-P", ROOT / "loadtests" / "benchmarks" / "fill_hosts.py", setting.schema("big")],
        env=setting.loaded.application_environment(), check=True,
    )  # fmt: skip
    bookings.drain(setting, LONGEST_DRAIN)
    setting.meter.learn_idle(1.5 if setting.quick else 3)


def _views(setting: Setting, tenant: str, event_type: str, times: int, *, cold: bool) -> tuple[float, float]:
    """CPU and p50 latency of a view in milliseconds; while `cold` all caches are made worthless before each."""
    request = get(tenant, slots_path(event_type))
    _warm_up(setting, tenant, request)
    if not cold:
        setting.meter.start()
        answers, _ = by_clients(setting.port, 1, one_after_another([request] * times))
        cpu = setting.meter.stop()
        check_statuses(answers, f"{tenant}: a warm view of the slots")
        return cpu.ms_each(times), percentile((answer.ms for answer in answers), 50)
    line, answers = Line(setting.port), []
    with setting.superuser() as connection:
        connection.execute(f'SET search_path = "{setting.schema(tenant)}"')  # type: ignore[arg-type]
        setting.meter.start()
        for _ in range(times):
            connection.execute(FORGET)
        forgetting = setting.meter.stop()
        setting.meter.start()
        for _ in range(times):
            connection.execute(FORGET)
            answers.append(line.ask(request))
        cpu = setting.meter.stop()
    line.close()
    check_statuses(answers, f"{tenant}: a cold view of the slots")
    each = cpu.ms_each(times) - forgetting.ms_each(times)
    return round(max(0.0, each), 3), percentile((answer.ms for answer in answers), 50)


def _warm_up(setting: Setting, tenant: str, request: bytes) -> None:
    """Let every thread have its connection and its code, and every session its plans, those of a cold view too."""
    with setting.superuser() as connection:
        connection.execute(f'SET search_path = "{setting.schema(tenant)}"')  # type: ignore[arg-type]
        for _ in range(6):
            connection.execute(FORGET)
            by_clients(setting.port, 16, one_after_another([request] * 16))


def _statements(setting: Setting, tenant: str, event_type: str) -> int:
    """How many SELECTs one cold view sends, read from the server's own log; transactions and settings not counted."""
    log = setting.loaded.data / "logs" / "postgresql.log"
    request = get(tenant, slots_path(event_type))
    line = Line(setting.port)
    with setting.superuser() as connection:
        connection.execute(f'SET search_path = "{setting.schema(tenant)}"')  # type: ignore[arg-type]
        connection.execute(FORGET)
        with setting.without_workers():
            try:
                connection.execute("ALTER SYSTEM SET log_statement = 'all'")
                connection.execute("SELECT pg_reload_conf()")
                time.sleep(0.7)
                offset = log.stat().st_size
                answer = line.ask(request)
                time.sleep(0.2)
                said = _log_since(log, offset)
            finally:
                connection.execute("ALTER SYSTEM RESET log_statement")
                connection.execute("SELECT pg_reload_conf()")
    line.close()
    check_statuses([answer], f"{tenant}: the view whose statements are counted")
    return reading(said)


def reading(said: Sequence[str]) -> int:
    """How many of the statements read data. SystemExit without any: a log that says nothing meets no limit."""
    found = len([each for each in said if re.search(r"\bSELECT\b", each)])
    if not found:
        raise SystemExit("The server's log shows no SELECT of the view: its statements were not counted.")
    return found


def _log_since(log: Path, offset: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(offset)
        text = file.read().decode(errors="replace")
    messages = re.split(r"^\d{4}-\d\d-\d\d ", text, flags=re.MULTILINE)
    return [found.group(1) for each in messages if (found := READS.search(each))]
