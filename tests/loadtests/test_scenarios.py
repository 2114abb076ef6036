"""What each scenario makes of a server that misbehaves: run by locust, answered by a fake."""

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.loadtests.fake import BOOKED, REFUSED, Answer, fake_server, honest
from tests.patience import PATIENCE

LOADTESTS = Path(__file__).parents[2] / "loadtests"
NOISY = "noisy.localhost"


def seen(
    scenario: str,
    answer: Callable[[str, str, str], Answer],
    *,
    clients: int,
    seconds: int | None,
    **more: str,
) -> dict[str, Any]:
    """Run the scenario against the fake, until its own end without seconds; what it wrote for the laboratory."""
    with fake_server(answer) as port:
        command = [sys.executable, "-P", "-m", "locust", "-f", str(LOADTESTS / scenario), "--headless"]
        command += ["-u", str(clients), "-r", str(clients), "--stop-timeout", "10"]
        command += [] if seconds is None else ["-t", f"{seconds}s"]
        command += ["--host", f"http://127.0.0.1:{port}", "--only-summary", "--loglevel", "ERROR"]
        result = Path(os.environ["RESULT"])
        surroundings = {
            **os.environ,
            "SITE": "bench.localhost",
            "NOISY": NOISY,
            "LONG": "sixty",
            "SHORT": "thirty",
            "PYTHONPATH": str(LOADTESTS),
            **more,
        }
        ran = subprocess.run(
            command, env=surroundings, capture_output=True, text=True, check=False, timeout=300 * PATIENCE
        )
    assert result.exists(), ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(result.read_text())
    assert ran.returncode == (1 if found["wrong"] else 0), ran.stdout + ran.stderr
    return found


@pytest.fixture(autouse=True)
def _result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESULT", str(tmp_path / "result.json"))


class Flooded:
    """Honest, a little slow to the flood; to the neighbour as `beside` says for a second from half a second into it."""

    def __init__(
        self, beside: Callable[[], Answer | None], flood: Callable[[], Answer | None] = lambda: None
    ) -> None:
        self.beside, self.flood, self.since = beside, flood, float("inf")
        self._lock = threading.Lock()

    def __call__(self, site: str, method: str, path: str) -> Answer:
        if site == NOISY:
            with self._lock:
                self.since = min(self.since, time.monotonic())
            time.sleep(0.03)
            return self.flood() or honest(site, method, path)
        found = self.beside() if 0.5 < time.monotonic() - self.since < 1.5 else None
        return found or honest(site, method, path)


def stalled(seconds: float) -> Answer | None:
    time.sleep(seconds)
    return None


def neighbour(server: Flooded) -> list[str]:
    wrong: list[str] = seen("noisy_neighbour.py", server, clients=5, seconds=6)["wrong"]
    return [" ".join(word for word in words.split() if not word.strip("(").isdigit()) for words in wrong]


def test_a_neighbour_who_is_served_as_ever_passes() -> None:
    assert neighbour(Flooded(lambda: None)) == []


def test_a_neighbour_who_is_told_429_and_a_flood_that_is_told_503_are_no_pass() -> None:
    answers = itertools.cycle([(503, {}), None])
    found = neighbour(Flooded(lambda: (429, {"code": "rate_limited"}), flood=lambda: next(answers)))
    assert sorted(found) == ["flood was answered times)", "neighbour, beside the flood was answered times)"]


def test_a_stall_of_the_neighbour_is_no_pass() -> None:
    found = neighbour(Flooded(lambda: stalled(2.7)))
    assert "the neighbour waited ms for one answer beside the flood" in found


def test_a_stall_of_the_neighbour_is_told_and_not_judged_where_only_the_truth_is() -> None:
    server = Flooded(lambda: stalled(2.7), flood=lambda: next(answers))
    answers = itertools.cycle([(503, {}), None])
    found = seen("noisy_neighbour.py", server, clients=5, seconds=6, TRUTH_ONLY="1")
    assert [words.partition(" (")[0] for words in found["wrong"]] == ["flood was answered 503"]
    assert max(ms for _, what, ms, _ in found["samples"] if what != "flood") > 2500


@pytest.mark.parametrize(
    ("beside", "words"),
    [
        ([10] * 240, []),
        ([10] * 198 + [5000] * 2, ["the neighbour waited 5000 ms for one answer beside the flood"]),
        ([10] * 69, ["the neighbour got 69 answers beside the flood, not 77"]),
    ],
)
def test_a_stall_and_a_silence_are_found_where_no_percentile_shows_them(
    beside: list[int], words: list[str]
) -> None:
    program = (
        "import json, sys, noisy_neighbour as it, recording\n"
        f"for name, times in ((it.ALONE, [10] * 80), (it.BESIDE, {beside})):\n"
        "    recording._samples.extend((0.0, name, float(ms), 200) for ms in times)\n"
        "json.dump(it._felt(10.0), sys.stderr)"
    )
    command = [sys.executable, "-P", "-c", program]
    surroundings = {**os.environ, "PYTHONPATH": str(LOADTESTS)}
    ran = subprocess.run(
        command, env=surroundings, capture_output=True, text=True, check=True, timeout=60 * PATIENCE
    )
    assert json.loads(ran.stderr) == words


def test_a_flood_that_was_told_429_alone_measured_nothing() -> None:
    found = neighbour(Flooded(lambda: None, flood=lambda: (429, {"code": "rate_limited"})))
    assert len(found) == 1
    assert found[0].startswith("nothing was measured: the flood booked nothing, its answers were {429:")


def test_a_day_on_which_everything_succeeds_passes() -> None:
    assert seen("mixed_day.py", honest, clients=6, seconds=6)["wrong"] == []


def test_a_day_on_which_nothing_is_moved_and_nothing_cancelled_is_no_pass() -> None:
    def refusing(site: str, method: str, path: str) -> Answer:
        changes = path.startswith("/api/v1/bookings/")
        return REFUSED if changes else honest(site, method, path)

    found = seen("mixed_day.py", refusing, clients=6, seconds=6)["wrong"]
    assert found == ["no move ever succeeded", "no cancel ever succeeded"]


def test_a_refused_booking_without_alternatives_and_a_202_belong_to_no_ordinary_day() -> None:
    refusals = itertools.cycle([REFUSED, (409, {"code": "slot_taken", "alternatives": []}), BOOKED])
    changes = itertools.cycle([(202, {}), (409, {"code": "hold_expired", "alternatives": []}), (200, {})])

    def answer(site: str, method: str, path: str) -> Answer:
        if path == "/api/v1/bookings":
            return next(refusals)
        return next(changes) if path.startswith("/api/v1/bookings/") else honest(site, method, path)

    found = seen("mixed_day.py", answer, clients=8, seconds=20)["wrong"]
    kinds = {words.partition(" (")[0] for words in found if " ever " not in words}
    assert kinds <= {
        "book was answered 409 slot_taken without alternatives",
        "move was answered 202 without a reason",
        "cancel was answered 202 without a reason",
    }
    assert "book was answered 409 slot_taken without alternatives" in kinds
    assert len(kinds) > 1


UNREAD = "the slots of bench.localhost:PORT could not be read: "
INTERNAL: Answer = (500, {})


@pytest.mark.parametrize(
    ("scenario", "first", "words"),
    [
        ("same_slot.py", INTERNAL, [UNREAD + "HTTP Error 500: Internal Server Error"]),
        ("round_robin_rush.py", (200, {}), [UNREAD + "the answer has none"]),
        (
            "same_slot.py",
            (200, {"slots": {}}),
            ["intro-call on bench.localhost has no open slot in the next weeks"],
        ),
        (
            "overlapping_types.py",
            INTERNAL,
            [UNREAD + "HTTP Error 500: Internal Server Error", "0 rounds were run, not 50"],
        ),
    ],
)
def test_a_scenario_whose_first_look_fails_ends_with_words(
    scenario: str, first: Answer, words: list[str]
) -> None:
    found = seen(scenario, lambda *_: first, clients=3, seconds=None)["wrong"]
    assert [re.sub(r"localhost:\d+", "localhost:PORT", each) for each in found] == words


def rush(refusal: Answer) -> list[str]:
    answers = itertools.chain([BOOKED], itertools.repeat(refusal))

    def answer(site: str, method: str, path: str) -> Answer:
        return next(answers) if path == "/api/v1/bookings" else honest(site, method, path)

    wrong: list[str] = seen("same_slot.py", answer, clients=3, seconds=None)["wrong"]
    return wrong


def test_a_rush_whose_losers_are_told_that_the_time_was_taken_passes() -> None:
    assert rush(REFUSED) == []


def test_a_rush_whose_losers_are_told_something_else_is_no_pass() -> None:
    found = rush((409, {"code": "tenant_paused", "alternatives": REFUSED[1]["alternatives"]}))
    assert found == ["a client was refused for tenant_paused, not because the time was taken"]


def overlapping(refusal: Answer, days: int, **more: str) -> dict[str, Any]:
    """Each second booking is refused; hours and half hours are open on so many days."""
    answers = itertools.cycle([BOOKED, refusal])

    def answer(site: str, method: str, path: str) -> Answer:
        if path == "/api/v1/bookings":
            return next(answers)
        minutes = 60 if "event_type=sixty" in path else 30
        return 200, {"slots": {"a": [slot for day in range(days) for slot in open_hours(day, minutes)]}}

    return seen("overlapping_types.py", answer, clients=1, seconds=None, **more)


def open_hours(day: int, minutes: int) -> list[dict[str, str]]:
    first = datetime(2030, 1, 7, 9, tzinfo=UTC) + timedelta(days=day)
    length = timedelta(minutes=minutes)
    starts = [first + timedelta(minutes=30 * number) for number in range(16)]
    return [{"start": start.isoformat(), "end": (start + length).isoformat()} for start in starts]


def test_fifty_rounds_of_overlapping_types_pass_and_no_fewer() -> None:
    found = overlapping(REFUSED, days=20)
    assert (found["wrong"], found["winners"], found["expected"]) == ([], 50, 50)
    fewer = overlapping(REFUSED, days=1)["wrong"]
    assert len(fewer) == 1
    assert re.fullmatch(r"[1-9]\d? rounds were run, not 50: no more overlapping pairs are open", fewer[0])


def test_as_many_rounds_as_were_asked_for() -> None:
    found = overlapping(REFUSED, days=1, ROUNDS="3")
    assert (found["wrong"], found["winners"], found["expected"]) == ([], 3, 3)


def test_a_round_that_was_refused_for_something_else_is_no_pass() -> None:
    found = overlapping((409, {"code": "busy", "alternatives": []}), days=20)["wrong"]
    assert found == ["a client was refused for busy, not because the time was taken"]


class Visited:
    """Honest, and counts the bookings of each site; `odd` is the answer to a path of the tenant that it names."""

    def __init__(self, odd: Callable[[str, str], Answer | None] = lambda site, path: None) -> None:
        self.odd, self.bookings = odd, Counter[str]()

    def __call__(self, site: str, method: str, path: str) -> Answer:
        if found := self.odd(site, path):
            return found
        self.bookings[site.split(".")[0]] += method == "POST"
        return honest(site, method, path)


def many_tenants(server: Visited, *, seconds: int | None, **more: str) -> dict[str, Any]:
    sites = "many-1.localhost,many-2.localhost,many-3.localhost"
    return seen("many_tenants.py", server, clients=4, seconds=seconds, SITES=sites, **more)


def test_a_warm_up_visits_each_tenant_alike_and_then_it_ends() -> None:
    server = Visited()
    found = many_tenants(server, seconds=None, VISITS="7")
    assert (found["wrong"], found["winners"], len(found["samples"])) == ([], 21, 63)
    assert server.bookings == {"many-1": 7, "many-2": 7, "many-3": 7}


def test_a_warm_up_that_was_refused_or_cut_short_is_none() -> None:
    unwell = Visited(lambda site, path: (503, {}) if site.startswith("many-2") else None)
    found = many_tenants(unwell, seconds=None, VISITS="2")
    assert "slots was answered 503 (4 times)" in found["wrong"]
    cut = many_tenants(Visited(), seconds=3, VISITS="100000")
    assert cut["wrong"] == ["3 tenants were not visited 100000 times"]


def test_a_tenant_that_is_booked_up_is_not_compared_with_one_that_is_not() -> None:
    full = Visited(lambda site, path: (200, {"slots": {}}) if site.startswith("many-2") else None)
    found = many_tenants(full, seconds=3)["wrong"]
    assert [words.partition(" (")[0] for words in found] == [
        "a look found no open time, so nothing was booked"
    ]
    assert many_tenants(Visited(), seconds=3)["wrong"] == []
