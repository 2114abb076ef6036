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


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with running() as started:
        yield started


def load(demo: Running, out: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Run the command; its status, what it said, and its verdict."""
    command = [ROOT / "bin" / "load", *arguments, "--data", demo.data, "--out", out, "--clients", "12"]
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
