"""One command: a scenario over HTTP against what runs, a report, a verdict, and exit status 1 if a promise broke."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.loadtests.test_checker import MEETINGS
from tests.patience import PATIENCE
from tests.running import ROOT, Running, running

SMALL = ("--hosts", "4", "--bookings", "8", "--clients", "12", "--truth-only")
OTHERS = ("round-robin-rush", "overlapping-types", "noisy-neighbour", "many-tenants")
IN_NAME_ONLY = """
    ALTER TABLE booking_occupancy DROP CONSTRAINT booking_occupancy_no_overlap,
        ADD CONSTRAINT booking_occupancy_no_overlap
            EXCLUDE USING gist (resource_id WITH =, blocked WITH &&) WHERE (retired_at IS NULL AND resource_id < 0)
    """


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running(HOLDFAST_HEALTH_SECONDS="0") as started:  # nobody repairs what is broken here
        yield started


def load(demo: Running, out: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Run the command; its status, what it said, and the first scenario's verdict."""
    command = [ROOT / "bin" / "load", *arguments, *SMALL, "--data", demo.data, "--out", out]
    kept = {
        name: value for name, value in os.environ.items() if not re.match("HOLDFAST_|DJANGO_|.*_URL$", name)
    }
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300 * PATIENCE, env=kept
    )
    verdict = json.loads((out / f"{arguments[0]}.json").read_text())
    return ran.returncode, ran.stdout + ran.stderr, verdict


def test_a_rush_is_judged_by_the_database_and_the_sandbox_goes_again(demo: Running, tmp_path: Path) -> None:
    status, said, verdict = load(demo, tmp_path, "same-slot")
    assert status == 0, said
    assert (verdict["winners"], verdict["statuses"], verdict["broken"]) == (1, {"201": 1, "409": 11}, [])
    assert (verdict["overlaps"], verdict["deadlocks"], verdict["errors_5xx"]) == (0, 0, 0)
    assert verdict["server_cpu_ms_per_operation"].keys() >= {
        "web and database",
        "worker, relay, clock, broker",
    }
    assert "Every promise held" in (tmp_path / "same-slot.html").read_text()
    assert demo.rows("staff", "SELECT 1 FROM public.tenants_tenant WHERE sandbox") == []


@pytest.fixture(scope="module")
def others(demo: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The verdicts of one small run of every other scenario but the mixed day, which passed as a whole."""
    out = tmp_path_factory.mktemp("reports")
    steps = ("--rounds", "5", "--seconds", "4", "--tenants", "2,3", "--visits", "2")
    status, said, _ = load(demo, out, *OTHERS, *steps)
    assert status == 0, said
    assert f"\nPASSED: {', '.join(OTHERS)}\n" in said
    assert " ms, not judged), longest " in said
    assert demo.rows("staff", "SELECT 1 FROM public.tenants_tenant WHERE sandbox") == []
    return {name: json.loads((out / f"{name}.json").read_text()) for name in OTHERS}


@pytest.mark.parametrize("name", OTHERS)
def test_a_real_run_has_every_figure_and_breaks_no_promise(
    others: dict[str, dict[str, Any]], name: str
) -> None:
    verdict = others[name]
    assert (verdict["passed"], verdict["broken"], verdict["speed_judged"]) == (True, [], False)
    assert (verdict["overlaps"], verdict["deadlocks"], verdict["errors_5xx"], verdict["unanswered"]) == (
        0,
        0,
        0,
        0,
    )
    assert verdict["winners"] == verdict["statuses"]["201"] > 0
    assert sum(verdict["statuses"].values()) == verdict["requests"]
    for parts in verdict["latency_ms"].values():
        assert 0 < parts["p50"] <= parts["p95"] <= parts["p99"] <= 1000 * (verdict["seconds"] + 1)
    costs = verdict["server_cpu_ms_per_operation"]
    assert all(0 <= each < 10_000 for each in costs.values())
    assert verdict["not_counted"] == []


def test_a_real_rush_on_four_free_hosts_has_four_winners(others: dict[str, dict[str, Any]]) -> None:
    verdict = others["round-robin-rush"]
    assert (verdict["winners"], verdict["expected"], verdict["statuses"]) == (4, 4, {"201": 4, "409": 8})
    assert verdict["latency_ms"].keys() == {"/api/v1/bookings"}
    costs = verdict["server_cpu_ms_per_operation"]
    assert costs["web and database"] == pytest.approx(costs["web"] + costs["database"], abs=0.01)
    assert min(costs["web"], costs["database"]) > 0


def test_real_rounds_of_overlapping_types_have_one_winner_each(others: dict[str, dict[str, Any]]) -> None:
    verdict = others["overlapping-types"]
    assert (verdict["winners"], verdict["expected"], verdict["statuses"]) == (5, 5, {"201": 5, "409": 5})
    assert verdict["latency_ms"].keys() == {"book"}


def test_a_real_flood_is_told_apart_from_the_neighbour(others: dict[str, dict[str, Any]]) -> None:
    verdict = others["noisy-neighbour"]
    assert verdict["latency_ms"].keys() == {"flood", "neighbour, alone", "neighbour, beside the flood"}
    assert 3 < verdict["seconds"] < 4 + 60 * PATIENCE


def test_real_tenants_are_compared_after_a_warm_up(others: dict[str, dict[str, Any]]) -> None:
    verdict = others["many-tenants"]
    assert verdict["server_cpu_ms_per_operation"].keys() == {"2 tenants", "3 tenants"}
    assert min(verdict["server_cpu_ms_per_operation"].values()) > 0
    assert verdict["latency_ms"].keys() == {"book", "slots"}
    assert (
        0 < verdict["booked_before"] <= 2 * 2 + 2 * 3
    )  # who wants what another client has just taken gets 409
    assert verdict["measured"].startswith("Before each step its tenants were visited 2 times each,")


def test_a_rush_behind_a_guard_that_stands_in_name_only_is_exit_status_1(
    demo: Running, tmp_path: Path
) -> None:
    demo.command("sandbox", "--tenant", "lame", "--hosts", "4", "--bookings", "8")
    with psycopg.connect(demo.run_file()["superuser_database_url"], autocommit=True) as raw:
        schema = demo.rows("staff", "SELECT schema_name FROM public.tenants_tenant WHERE slug = 'lame'")
        raw.execute(f"SET search_path = {schema[0]['schema_name']}, public")  # type: ignore[arg-type]
        raw.execute(IN_NAME_ONLY)
    status, said, verdict = load(demo, tmp_path, "round-robin-rush", "--tenant", "lame")
    demo.command("sandbox", "--tenant", "lame", "--remove")
    assert (status, verdict["passed"], verdict["expected"]) == (1, False, 4), said
    assert "\nFAILED: round-robin-rush\n" in said
    assert verdict["winners"] > 4
    assert verdict["overlaps"] > 0
    assert f"{verdict['winners']} bookings were made, not 4" in verdict["broken"]
    assert any("two live blocked ranges of one resource overlap" in words for words in verdict["broken"])


def test_a_promise_that_is_broken_in_the_database_is_exit_status_1(demo: Running, tmp_path: Path) -> None:
    with psycopg.connect(demo.run_file()["superuser_database_url"], autocommit=True) as raw:
        schema = demo.rows("staff", "SELECT schema_name FROM public.tenants_tenant WHERE slug = 'acme'")
        raw.execute(f"SET search_path = {schema[0]['schema_name']}, public")  # type: ignore[arg-type]
        facts = {"apart": "10 min", "status": "confirmed", "deadline": None, "seats": 1}
        psycopg.ClientCursor(raw).execute(MEETINGS, facts)  # type: ignore[arg-type]
    status, said, verdict = load(demo, tmp_path, "same-slot")
    assert (status, verdict["passed"]) == (1, False), said
    assert verdict["overlaps"] == 2
    assert "A promise broke" in (tmp_path / "same-slot.html").read_text()
