"""Many clients at once against a whole installation, over HTTP: exactly as many winners as there is to win."""

import asyncio
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.booking.scene import workday
from tests.running import ROOT, Running, iso, running

pytestmark = pytest.mark.slow
OVERLAP = """
    SELECT count(*) AS overlaps FROM booking_occupancy a JOIN booking_occupancy b
    ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
    WHERE a.retired_at IS NULL AND b.retired_at IS NULL
"""


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running() as started:
        yield started


def at_once(demo: Running, host: str, wanted: Sequence[tuple[str, str]]) -> list[httpx.Response]:
    """Post one booking for each (event type, start), all at the same time."""

    async def post_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=len(wanted))
        async with httpx.AsyncClient(timeout=120, limits=limits) as client:
            posts = [
                client.post(
                    f"http://127.0.0.1:{demo.port}/api/v1/bookings",
                    headers={"Host": f"{host}.localhost:{demo.port}"},
                    json={
                        "event_type": event_type, "start": start, "time_zone": "Europe/Lisbon",
                        "attendee": {"name": f"Client {number}", "email": f"client{number}@example.com"},
                    },
                )
                for number, (event_type, start) in enumerate(wanted)
            ]  # fmt: skip
            return list(await asyncio.gather(*posts))

    return asyncio.run(post_all())


def statuses(answers: Sequence[httpx.Response]) -> Counter[int]:
    """Count the HTTP statuses."""
    return Counter(answer.status_code for answer in answers)


def test_200_clients_of_one_slot_are_one_winner_and_199_clear_refusals(demo: Running) -> None:
    answers = at_once(demo, "acme", [("intro-call", iso(workday(10)))] * 200)
    assert statuses(answers) == {201: 1, 409: 199}
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    assert {refusal["code"] for refusal in refusals} <= {"slot_taken", "host_busy"}
    assert {len(refusal["alternatives"]) for refusal in refusals} == {3}
    log = (demo.data / "logs" / "postgresql.log").read_text()
    assert "40P01" not in log
    assert "deadlock" not in log


def test_20_clients_of_six_free_hosts_are_exactly_six_winners(demo: Running) -> None:
    answers = at_once(demo, "northwind", [("meet", iso(workday(10)))] * 20)
    assert statuses(answers) == {201: 6, 409: 14}
    assert len({answer.json()["host"] for answer in answers if answer.status_code == 201}) == 6


def test_an_hour_and_a_half_hour_that_overlap_are_never_both_booked(demo: Running) -> None:
    day = workday(9, days=7)
    for round_number in range(50):
        start = day + timedelta(days=7 * (round_number // 14), minutes=30 * (round_number % 14))
        wanted = [("consultation", iso(start)), ("intro-call", iso(start + timedelta(minutes=30)))]
        won = statuses(at_once(demo, "acme", wanted))[201]
        assert won <= 1, f"round {round_number} at {start}: {won} won"
    assert demo.rows("acme", OVERLAP) == [{"overlaps": 0}]


def test_with_limits_on_there_are_429s_and_still_one_booking() -> None:
    with running(HOLDFAST_PUBLIC_RATE="on") as limited:
        answers = at_once(limited, "acme", [("intro-call", iso(workday(10)))] * 40)
        counted = statuses(answers)
        assert set(counted) == {201, 409, 429}
        assert counted[201] == 1
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)


def test_a_mixed_day_passes_by_one_command_and_leaves_no_sandbox(demo: Running, tmp_path: Path) -> None:
    command = [ROOT / "bin" / "load", "mixed-day", "--data", demo.data, "--out", tmp_path]
    command += ["--clients", "4", "--seconds", "20"]
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY", "_KEK"))
    }
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    verdict = json.loads((tmp_path / "mixed-day.json").read_text())
    assert (verdict["overlaps"], verdict["deadlocks"], verdict["errors_5xx"], verdict["broken"]) == (
        0,
        0,
        0,
        [],
    )
    assert verdict["statuses"]["201"] > 0
    with psycopg.connect(demo.run_file()["database_url"]) as connection:
        found = connection.execute("SELECT count(*) FROM public.tenants_tenant WHERE sandbox").fetchone()
    assert found == (0,)


def test_a_load_on_an_installation_that_does_not_run_says_so(tmp_path: Path) -> None:
    command = [ROOT / "bin" / "load", "mixed-day", "--data", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"Nothing runs in {tmp_path}: start it with HOLDFAST_PUBLIC_RATE=off bin/run.\n"
