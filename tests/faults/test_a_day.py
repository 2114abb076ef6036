"""A scripted day in the demo: all six workflows run, are seen in What ran, verified, undone or refused."""

import math
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.faults.kill_matrix import starts
from tests.running import ROOT, Running, eventually, running

pytestmark = pytest.mark.slow
SIX = {"cancellation", "error_handler", "fixer", "health_check", "new_booking", "reminder"}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    # a calendar that hangs is waited for four seconds: a lease is longer than the longest call in it
    with running(HOLDFAST_LEASE_SECONDS="8") as started:
        yield started


class Office:
    """Acme's owner at the portal, without a browser: reads pages and sends their forms."""

    def __init__(self, demo: Running) -> None:
        self.demo = demo
        headers = {"Host": f"acme.localhost:{demo.port}"}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{demo.port}", headers=headers, timeout=60)
        found = re.search(
            r'"email": "owner@acme.example",\s+"password": "([^"]+)"', (demo.data / "demo.json").read_text()
        )
        assert found is not None
        self.post("/accounts/login/", at="/accounts/login/", login="owner@acme.example", password=found[1])

    def get(self, path: str) -> str:
        """Return a page; it must be there."""
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, *, at: str, **fields: str) -> httpx.Response:
        """Send a form as the page `at` holds it."""
        token = TOKEN.search(self.get(at))
        assert token is not None, at
        answer = self.http.post(path, data={**fields, "csrfmiddlewaretoken": token[1]})
        assert answer.status_code in (200, 302, 303), (path, answer.status_code, answer.text[:500])
        return answer


def runs(demo: Running) -> list[dict[str, Any]]:
    """Return Acme's runs, oldest first."""
    return demo.rows("acme", "SELECT id, workflow, state, subject FROM audit_run ORDER BY id")


def ended(demo: Running, workflow: str, *, at_least: int = 1) -> bool:
    """Say whether so many runs of a workflow have ended, by any end."""
    return (
        sum(run["workflow"] == workflow and run["state"] not in ("running", "failing") for run in runs(demo))
        >= at_least
    )


def booked(demo: Running, start: str, event_type: str = "intro-call") -> tuple[str, str]:
    """Book and wait for the confirmation; return uid and manage token."""
    made = demo.book("acme", event_type, start, wait=5)
    assert made.status_code == 201, made.text
    uid, token = made.json()["uid"], made.json()["manage_url"].rstrip("/").rsplit("/", 1)[1]
    assert eventually(lambda: status(demo, uid, token) == "confirmed"), status(demo, uid, token)
    return uid, token


def status(demo: Running, uid: str, token: str) -> str:
    answer = demo.api("acme", "GET", f"/bookings/{uid}", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json().get("status"))


def change(demo: Running, uid: str, token: str, verb: str, body: dict[str, str]) -> int:
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=10"}
    answer: httpx.Response = demo.api("acme", "POST", f"/bookings/{uid}/{verb}", json=body, headers=headers)
    return answer.status_code


def remind_soon(demo: Running, start: str) -> None:
    """Have intro calls remind so many minutes before, that the one at `start` is reminded of within a minute."""
    ahead = (datetime.fromisoformat(start) - datetime.now(UTC)) / timedelta(minutes=1)
    demo.rows(
        "acme",
        "UPDATE booking_eventtype SET reminder_minutes = %s WHERE slug = 'intro-call' RETURNING slug",
        f"[{math.floor(ahead - 0.3)}]",
    )


def test_a_day_in_which_everything_happens(demo: Running) -> None:
    office, free = Office(demo), starts()
    moved_to, first, second, third = next(free), next(free), next(free), next(free)

    demo.arm("new_booking:create_meeting:between")  # the worker is killed in the middle of the first booking
    uid, token = booked(demo, first)
    assert demo.disarm(), "the worker was killed"
    assert change(demo, uid, token, "reschedule", {"start": moved_to}) in (200, 202)
    gone, gone_token = booked(demo, second)
    assert change(demo, gone, gone_token, "cancel", {"reason": "The train is late."}) == 200

    remind_soon(demo, third)
    booked(demo, third)

    demo.rows("acme", "UPDATE providers_calendar SET read_at = read_at - interval '1 hour' RETURNING id")
    calendar = demo.run_file()["children"]["calendar"]
    os.kill(calendar, signal.SIGSTOP)  # the provider dies …
    try:
        office.post("/portal/health/check/", at="/portal/health/")
        assert eventually(lambda: ended(demo, "error_handler"), seconds=120), runs(demo)
        assert "Ana" in office.get("/portal/health/")
    finally:
        os.kill(calendar, signal.SIGCONT)  # … and comes back
    incident = demo.rows("acme", "SELECT id FROM booking_incident WHERE state = 'open' AND repair <> ''")
    assert incident, demo.rows("acme", "SELECT kind, repair, state FROM booking_incident")
    office.post(f"/portal/health/incidents/{incident[0]['id']}/repair/", at="/portal/health/")
    assert eventually(lambda: ended(demo, "fixer"), seconds=180), runs(demo)
    assert eventually(lambda: ended(demo, "reminder"), seconds=120), runs(demo)
    assert eventually(lambda: ended(demo, "health_check"), seconds=60), runs(demo)
    assert eventually(lambda: not any(run["state"] == "running" for run in runs(demo)), seconds=120), runs(
        demo
    )

    seen = {run["workflow"] for run in runs(demo)}
    assert seen == SIX
    verified(demo)
    outcomes = [undone_or_refused(office, run) for run in reversed(runs(demo))]
    print("\n".join(outcomes))
    assert any(line.startswith("undone") for line in outcomes)
    assert any(line.startswith("refused") for line in outcomes)
    assert eventually(lambda: not any(run["state"] == "running" for run in runs(demo)), seconds=180), runs(
        demo
    )
    verified(demo)
    overlaps = """
        SELECT count(*) AS n FROM booking_occupancy a
        JOIN booking_occupancy b ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked
        WHERE a.retired_at IS NULL AND b.retired_at IS NULL"""
    assert demo.rows("acme", overlaps) == [{"n": 0}]


def undone_or_refused(office: Office, run: dict[str, Any]) -> str:
    """Open the run in What ran, then its Undo: do it, or read why not. Returns what happened, in a line."""
    page = office.get(f"/portal/what-ran/{run['id']}/")
    sentence = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert sentence is not None
    words = " ".join(re.sub(r"<[^>]+>", " ", sentence[1]).split())
    path = f"/portal/what-ran/{run['id']}/undo/"
    undo = office.get(path)
    if "This cannot be undone" in undo:
        because = re.search(r'<p class="readable">(.*?)</p>', undo, re.DOTALL)
        assert because is not None
        assert len(because[1].strip()) > 10, undo
        return f"refused {run['workflow']}: {words} - {because[1].strip()}"
    answer = office.post(path, at=path)
    if answer.status_code == 200:
        refusal = re.search(r'role="alert">.*?<p>(.*?)</p>', answer.text, re.DOTALL)
        assert refusal is not None, answer.text
        return f"refused {run['workflow']}: {words} - {refusal[1]}"
    return f"undone {run['workflow']}: {words}"


def verified(demo: Running) -> None:
    """Every entry of every ledger is signed, chained, and covered."""
    command = [ROOT / "bin" / "holdfast", "verify", "--data", demo.data]
    environment = {
        name: value for name, value in os.environ.items() if not re.match("HOLDFAST_|.*_URL$", name)
    }
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^ok +acme: [1-9]\d+ entries", ran.stdout, re.MULTILINE), ran.stdout
